"""Pictures of a data set of heartbeats, each with what it shows and where it deceives."""

from ectopy.explore.load import load_beats
from ectopy.explore.value import BeatSet
from ectopy.explore.write import explore

__all__ = ["BeatSet", "explore", "load_beats"]
