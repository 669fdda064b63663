"""What every worker must know of a run, and what it answers."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from importlib import metadata
from typing import Any, Final

from ectopy import __version__
from ectopy.errors import EctopyError

LAYOUT: Final = 1
"""Raised when what a result holds changes, so that older ones are made anew."""
SAME: Final = ("numpy", "scipy", "onnxruntime", "pyarrow")
"""Packages that every worker must have in the same version, for the results to be the same."""

TIMEOUT_S: Final = 600.0
MEMORY_MB: Final = 4096
"""Limits for one recording, in seconds and in megabytes, where none are given."""

OK: Final = "ok"
FAILED: Final = "failed"
"""Statuses that the content of a recording decides: they are kept."""
TROUBLES: Final = {
    "timeout": "it took longer than the limit",
    "memory": "it needed more memory than the limit",
    "changed": "its files changed while they were read",
    "unreadable": "the system did not give its files",
    "crashed": "the process that worked on it ended",
}
"""Statuses that the circumstances decide: these recordings are tried again by ``--resume``."""


class StoppedError(EctopyError):
    """The run cannot go on; what is done is kept, and ``--resume`` goes on from there."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What the analysis of each recording depends on, beside its files."""

    lead: str | None = None
    model: str | None = None
    fs: float | None = None
    units: str | None = None


@dataclass(frozen=True, slots=True)
class Job:
    """What every worker must know.

    Attributes
    ----------
    root, out
        The folder of the recordings and that of the results, as absolute paths.
    settings
        See `Settings`.
    context
        Digest of all that results depend on beside the files, see `context_of`.
    token
        What the file ``work/token`` of `out` holds during this run.
    probes
        Some of the files of `root`, by which a worker tells that it sees the same folder.
    timeout_s, memory_mb
        Limits for one recording.
    """

    root: str
    out: str
    settings: Settings
    context: str
    token: str = ""
    probes: tuple[str, ...] = ()
    timeout_s: float = TIMEOUT_S
    memory_mb: int = MEMORY_MB

    def to_text(self) -> str:
        """Write it as one line."""
        return json.dumps(asdict(self))

    @classmethod
    def from_text(cls, text: str) -> Job:
        """Read what `to_text` wrote."""
        held: dict[str, Any] = json.loads(text)
        held["settings"] = Settings(**held["settings"])
        held["probes"] = tuple(held["probes"])
        return cls(**held)


def context_of(settings: Settings) -> str:
    """Give a digest of the settings, the model's weights, and the version of ectopy.

    Raises
    ------
    ModelError
        If there is no such model.
    """
    from ectopy.labels import DEFAULT_MODEL, load_card

    card = load_card(settings.model or DEFAULT_MODEL)
    facts: dict[str, Any] = asdict(settings) | {"model": [card["name"], card["sha256"]]}
    facts |= {"layout": LAYOUT, "software": __version__}
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


def versions() -> dict[str, str]:
    """Give the versions that must be the same on all workers."""
    found = {"ectopy": __version__}
    for name in SAME:
        with suppress(metadata.PackageNotFoundError):
            found[name] = metadata.version(name)
    return found


def trouble(status: str, reason: str) -> dict[str, Any]:
    """Answer that a recording has no result, by the circumstances."""
    assert status in TROUBLES
    return {"outcome": "trouble", "status": status, "reason": reason}


def stop(reason: str) -> dict[str, Any]:
    """Answer that no recording can be worked on, so that the run must stop."""
    return {"outcome": "stop", "reason": reason}


def chain(error: BaseException | None) -> Iterator[BaseException]:
    """Yield an error and those that it came from."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__


Request = Mapping[str, Any]
"""What a worker is asked: ``do``, and what that needs."""
Answer = dict[str, Any]
