"""Bytes → Recording: one file per format family, chosen by content."""

from ectopy.recording.read import read
from ectopy.recording.value import Annotations, Inference, Recording, Source

__all__ = ["Annotations", "Inference", "Recording", "Source", "read"]
