"""Beats corrected by hand: an analysis, a person's edits of it, and the file that keeps them.

>>> from ectopy.review import Review
>>> review = Review.open(analysis)                            # doctest: +SKIP
>>> review.relabel(61_432, "V")                               # doctest: +SKIP
>>> ectopy.write_report(review.apply(), "208-reviewed.html")  # doctest: +SKIP
"""

from ectopy.review.journal import signal_digest
from ectopy.review.review import Review
from ectopy.review.value import Edit, Reviewed

__all__ = ["Edit", "Review", "Reviewed", "signal_digest"]
