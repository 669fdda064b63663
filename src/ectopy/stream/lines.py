"""What a stream says, as lines of JSON: the same on the command line and in the web app."""

from __future__ import annotations

import json
from typing import Any

from ectopy import __version__
from ectopy.beats.value import Stretch
from ectopy.labels.aami import AAMI_CLASSES
from ectopy.stream.live import LATENCY_S, Stream
from ectopy.stream.value import Beat


class Teller:
    """Tells of one stream: what it is, its beats and bad stretches, how it ended.

    Parameters
    ----------
    stream
        The stream, at its beginning.
    """

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._counts = dict.fromkeys(AAMI_CLASSES, 0)
        self._abstained = 0

    def begin(self) -> str:
        """Say what the stream is."""
        stream = self._stream
        return _line(
            "stream",
            {
                "software": f"ectopy {__version__}",
                "model": stream.model,
                "fs": stream.fs,
                "leads": list(stream.leads),
                "lead": stream.lead,
                "classes": list(AAMI_CLASSES),
                "latency_s": LATENCY_S,
                "warning": "not a medical device",
            },
        )

    def found(self, beats: list[Beat]) -> list[str]:
        """Tell of new beats, and of bad stretches that have ended, in this order."""
        for beat in beats:
            self._counts[beat.label] += 1
            self._abstained += beat.abstained
        lines = [_line("beat", beat.to_dict()) for beat in beats]
        return lines + [_line("bad", _told(bad)) for bad in self._stream.take_bad()]

    def end(self, reason: str) -> str:
        """Say how the stream ended, once it is finished."""
        return _line(
            "end",
            {
                "reason": reason,
                "n_samples": self._stream.n_samples,
                "duration_s": round(self._stream.duration_s, 6),
                "beats": sum(self._counts.values()),
                "counts": self._counts,
                "abstained": self._abstained,
            },
        )


def _told(bad: Stretch) -> dict[str, Any]:
    return {"start": bad.start, "stop": bad.stop, "reason": bad.reason}


def _line(kind: str, values: dict[str, Any]) -> str:
    return json.dumps({"type": kind, **values}, allow_nan=False, separators=(",", ":"))
