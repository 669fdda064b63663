"""Split + model + raw records → the honest figures, and a page that shows them."""

from ectopy.evaluation.run import RecordResult, evaluate
from ectopy.evaluation.summary import mean_summary, summarise

__all__ = ["RecordResult", "evaluate", "mean_summary", "summarise"]
