"""Beats → Labels: the AAMI class of every beat, by a network that ships with the package."""

from ectopy.labels.aami import AAMI_CLASSES, aami_class
from ectopy.labels.classify import classify, predict
from ectopy.labels.models import DEFAULT_MODEL, list_models, load_card
from ectopy.labels.value import Labels

__all__ = [
    "AAMI_CLASSES",
    "DEFAULT_MODEL",
    "Labels",
    "aami_class",
    "classify",
    "list_models",
    "load_card",
    "predict",
]
