"""Beats corrected by hand: an analysis, a person's edits of it, and the file that keeps them.

>>> from ectopy.review import Review
>>> review = Review.open(analysis)                            # doctest: +SKIP
>>> review.relabel(61_432, "V")                               # doctest: +SKIP
>>> ectopy.write_report(review.apply(), "208-reviewed.html")  # doctest: +SKIP
"""

from ectopy.review.journal import signal_digest
from ectopy.review.review import Edit, Review

__all__ = ["Edit", "Review", "signal_digest"]
