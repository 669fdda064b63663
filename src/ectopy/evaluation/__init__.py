"""Split + model + raw records → the honest figures, and a page that shows them."""

from ectopy.evaluation.run import RecordResult, evaluate
from ectopy.evaluation.stress import noise_stress
from ectopy.evaluation.summary import summarise
from ectopy.evaluation.write import evaluate_models, write_evaluation

__all__ = [
    "RecordResult",
    "evaluate",
    "evaluate_models",
    "noise_stress",
    "summarise",
    "write_evaluation",
]
