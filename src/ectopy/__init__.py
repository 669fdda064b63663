"""Find every heartbeat in any ECG, say what kind it is, how sure that is, and show it.

>>> import ectopy
>>> recording = ectopy.read("mitdb/208")                      # doctest: +SKIP
>>> analysis = ectopy.analyze(recording)                      # doctest: +SKIP
>>> ectopy.write_report(analysis, "208.html")                 # doctest: +SKIP

Not a medical device.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from ectopy.errors import EctopyError

if TYPE_CHECKING:
    from ectopy.analysis import Analysis, analyze
    from ectopy.beats import Beats, find_beats
    from ectopy.labels import Labels, classify, list_models
    from ectopy.recording import Recording, read
    from ectopy.report import write_report

__version__ = "0.1.0"

_HOMES = {
    "Analysis": "ectopy.analysis",
    "Beats": "ectopy.beats",
    "Labels": "ectopy.labels",
    "Recording": "ectopy.recording",
    "analyze": "ectopy.analysis",
    "classify": "ectopy.labels",
    "find_beats": "ectopy.beats",
    "list_models": "ectopy.labels",
    "read": "ectopy.recording",
    "write_report": "ectopy.report",
}

__all__ = [
    "Analysis",
    "Beats",
    "EctopyError",
    "Labels",
    "Recording",
    "analyze",
    "classify",
    "find_beats",
    "list_models",
    "read",
    "write_report",
]


def __getattr__(name: str) -> object:
    """Import a public name when it is first used, so that ``import ectopy`` stays light."""
    if name not in _HOMES:
        raise AttributeError(f"module 'ectopy' has no attribute {name!r}")
    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
