"""Split + model + raw records → the honest figures, and a page that shows them."""

from ectopy.evaluation.run import RecordResult, evaluate
from ectopy.evaluation.summary import summarise
from ectopy.evaluation.write import evaluate_models, write_evaluation

__all__ = ["RecordResult", "evaluate", "evaluate_models", "summarise", "write_evaluation"]
