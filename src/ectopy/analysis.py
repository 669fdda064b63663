"""Recording → Beats → Labels → rhythm, put together: the only module that composes the stages."""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from ectopy import __version__
from ectopy._files import replacing
from ectopy.beats import Beats, Stretch, find_beats
from ectopy.errors import DamagedFileError, RecordingError
from ectopy.labels import AAMI_CLASSES, DEFAULT_MODEL, Labels, classify, load_card
from ectopy.labels.screen import Screen, check_screen
from ectopy.labels.screen import screen as ask_screen
from ectopy.recording import Annotations, Inference, Recording, Source
from ectopy.rhythm import Episode, Rhythm, find_rhythm


@dataclass(frozen=True, eq=False, slots=True)
class Edited:
    """What a person has changed of the beats that the software named.

    Attributes
    ----------
    renamed, added, deleted
        Beats given another class, put where there was none, and taken away.
    confirmed
        Beats given the class that they had.
    by_hand
        bool, ``(n,)``: which of the beats that are left a person has named.
    """

    renamed: int
    added: int
    deleted: int
    confirmed: int
    by_hand: NDArray[np.bool_]

    def counts(self) -> dict[str, int]:
        """Give how many beats were edited in each way."""
        names = ("renamed", "added", "deleted", "confirmed")
        return {name: getattr(self, name) for name in names}


@dataclass(frozen=True, eq=False, slots=True)
class Analysis:
    """Everything that was found in one recording.

    Attributes
    ----------
    recording, beats, labels
        The values of the three stages.
    rhythm
        Rate, pauses, runs and irregularity.
    settings
        The options the analysis was made with.
    software
        Name and version, such as ``"ectopy 0.1.0"``.
    screen
        The answer to a question about the whole recording, None where none was asked.
    edited
        What a person has changed of the beats, None where nobody has changed any.
    """

    recording: Recording
    beats: Beats
    labels: Labels
    rhythm: Rhythm
    settings: dict[str, str]
    software: str
    screen: Screen | None = None
    edited: Edited | None = None

    def to_dict(self) -> dict[str, Any]:
        """Give everything but the signal as plain lists, numbers and text, ready for JSON.

        Returns
        -------
        dict
            `recording`, `lead`, `other_leads`, `classes`, `beats` (lists of one entry a beat,
            `probability` of the named class and `probabilities` of all of `classes`), `bad`
            stretches, `counts`, `rhythm`, `model`, `settings` and `software`, where asked for
            `screen`, and where a person has edited beats `edited`. What is not known is None,
            never NaN; `sample`, `start` and `stop` count at the recording's own rate. The
            recording has an `identity` only where it was read with ``keep_identity``.
        """
        beats = {name: plain(values) for name, values in self.columns().items()}
        return {**self.facts(), "beats": beats}

    def facts(self) -> dict[str, Any]:
        """Give what :meth:`to_dict` does, but for the beats."""
        recording, labels = self.recording, self.labels
        return {
            "software": self.software,
            "recording": {
                "path": recording.source.path,
                "format": recording.source.format,
                "fs": recording.fs,
                "leads": list(recording.leads),
                "n_samples": recording.n_samples,
                "duration_s": recording.duration_s,
                "start": recording.start.isoformat() if recording.start else None,
                "inferred": [asdict(fact) for fact in recording.source.inferred],
                **_identity(recording.source),
            },
            "model": {"name": labels.model, "sha256": labels.sha256},
            "settings": dict(self.settings),
            "lead": self.beats.lead,
            "other_leads": list(self.beats.others),
            "classes": list(AAMI_CLASSES),
            "counts": labels.counts(),
            "rhythm": self.rhythm.to_dict(),
            "bad": [asdict(stretch) for stretch in self.beats.bad],
            **({"screen": self.screen.to_dict()} if self.screen else {}),
            **({"edited": self.edited.counts()} if self.edited else {}),
        }

    def columns(self) -> dict[str, NDArray[Any]]:
        """Give the beats of :meth:`to_dict` as arrays, of which :func:`plain` makes its lists.

        A week has 700,000 beats, of which lists take much more memory than arrays.
        """
        return {
            "sample": self.beats.sample,
            "time_s": self.beats.time_s,
            "label": self.labels.aami,
            "probability": self.labels.confidence,
            "rr_s": self.beats.rr_s,
            "quality": self.beats.quality,
            "abstained": self.labels.abstained,
            "reason": self.labels.reason,
            "probabilities": self.labels.probability,
        }

    def save(self, path: str | Path) -> None:
        """Save everything, the signal too, to one ``.npz`` file that :meth:`load` reads.

        Raises
        ------
        OutputError
            If the file cannot be written.
        """
        recording, labels = self.recording, self.labels
        facts = {
            "fs": recording.fs,
            "leads": recording.leads,
            "start": recording.start.isoformat() if recording.start else None,
            "source": asdict(recording.source),
            "resolution": recording.resolution,
            "lead": self.beats.lead,
            "others": self.beats.others,
            "bad": [asdict(stretch) for stretch in self.beats.bad],
            "model": labels.model,
            "sha256": labels.sha256,
            "rhythm": asdict(self.rhythm),
            "settings": self.settings,
            "software": self.software,
            "screen": asdict(self.screen) if self.screen else None,
            "edited": self.edited.counts() if self.edited else None,
        }
        arrays = {
            "signal": recording.signal,
            "sample": self.beats.sample,
            "quality": self.beats.quality,
            "aami": labels.aami,
            "probability": labels.probability,
            "abstained": labels.abstained,
            "reason": labels.reason.astype(np.str_),
        }
        if self.edited:
            arrays["by_hand"] = self.edited.by_hand
        if recording.annotations is not None:
            notes = recording.annotations
            arrays |= {"note_sample": notes.sample, "note_symbol": notes.symbol}
            arrays |= {"note_aux": notes.aux}
        with replacing(Path(path)) as part, part.open("wb") as stream:
            np.savez_compressed(stream, facts=json.dumps(facts), **arrays)  # type: ignore[arg-type]

    @classmethod
    def load(cls, path: str | Path) -> Analysis:
        """Load what :meth:`save` saved.

        Raises
        ------
        DamagedFileError
            If the file is not there or is no saved analysis.
        """
        try:
            with Path(path).open("rb") as stream, np.load(stream) as stored:
                held = {name: stored[name] for name in stored.files}
            return cls._from(json.loads(str(held["facts"])), held)
        except (
            OSError,
            ValueError,
            KeyError,
            TypeError,
            EOFError,
            BadZipFile,
            zlib.error,
        ) as error:
            raise DamagedFileError(
                f"{path} is no analysis saved by ectopy ({error}); analyze the recording again"
            ) from error

    @classmethod
    def _from(cls, facts: dict[str, Any], held: dict[str, NDArray[Any]]) -> Analysis:
        source, rhythm = facts["source"], facts["rhythm"]
        inferred = tuple(Inference(**one) for one in source["inferred"])
        identity = tuple((what, value) for what, value in source.get("identity", ()))
        episodes = tuple(Episode(**one) for one in rhythm["episodes"])
        notes = [held.get(f"note_{part}") for part in ("sample", "symbol", "aux")]
        recording = Recording(
            signal=held["signal"],
            fs=facts["fs"],
            leads=tuple(facts["leads"]),
            start=datetime.fromisoformat(facts["start"]) if facts["start"] else None,
            source=Source(**(source | {"inferred": inferred, "identity": identity})),
            annotations=None if notes[0] is None else Annotations(*notes),  # type: ignore[arg-type]
            resolution=tuple(facts["resolution"]) if facts["resolution"] else None,
        )
        bad = tuple(Stretch(**one) for one in facts["bad"])
        edited = facts.get("edited")
        names = ("aami", "probability", "abstained", "reason")
        return cls(
            recording=recording,
            beats=Beats(
                held["sample"],
                held["quality"],
                recording.fs,
                facts["lead"],
                bad,
                tuple(facts.get("others", ())),
            ),
            labels=Labels(
                model=facts["model"], sha256=facts["sha256"], **{k: held[k] for k in names}
            ),
            rhythm=Rhythm(**(rhythm | {"episodes": episodes})),
            settings=facts["settings"],
            software=facts["software"],
            screen=Screen(**facts["screen"]) if facts.get("screen") else None,
            edited=Edited(**edited, by_hand=held["by_hand"]) if edited else None,
        )


def analyze(
    recording: Recording,
    *,
    lead: str | int | None = None,
    model: str | None = None,
    screen: str | None = None,
    progress: Callable[[float], None] | None = None,
) -> Analysis:
    """Find and name every heartbeat of a recording.

    Parameters
    ----------
    recording
        Any ECG, see :func:`ectopy.read`.
    lead
        Name or number of the lead to look at; chosen as :func:`ectopy.beats.choose_lead` says
        when it is not given.
    model
        Name of a model, see :func:`ectopy.list_models`, or path of a model directory.
    screen
        A question to ask about the whole recording, such as ``"mi"``; see
        :func:`ectopy.labels.screen.screen`. None by default.
    progress
        Called with the share of the work that is done, 0 to 1.

    Returns
    -------
    Analysis
        Beats, labels and the facts of the rhythm.

    Raises
    ------
    UnknownLeadError
        If the recording has no such lead.
    ModelError
        If there is no such model, or it is damaged.
    RecordingError
        If the lead is missing, flat or saturated from end to end.
    """
    name = load_card(model or DEFAULT_MODEL)["name"]
    if screen is not None:
        check_screen(screen)
    beats = find_beats(recording, lead, progress=progress)
    check_signal(recording, beats)
    labels = classify(recording, beats, model)
    usable = labels.aami == "N"
    answer = None if screen is None else ask_screen(recording, beats, screen, usable=usable)
    return Analysis(
        recording=recording,
        beats=beats,
        labels=labels,
        rhythm=find_rhythm(beats, labels, duration_s=recording.duration_s),
        settings={"lead": "chosen by ectopy" if lead is None else str(lead), "model": name},
        software=f"ectopy {__version__}",
        screen=answer,
    )


def check_signal(recording: Recording, beats: Beats) -> None:
    """Refuse a lead without beats in which next to nothing but dead signal is.

    Raises
    ------
    RecordingError
        If it is so; the message says what the lead is, and which others there are.
    """
    dead = sum(s.stop - s.start for s in beats.bad if s.reason != "noisy")
    if len(beats) or recording.n_samples - dead >= recording.fs:
        return
    others = [lead for lead in recording.leads if lead != beats.lead]
    raise RecordingError(
        f"lead {beats.lead} holds no signal: it is {beats.bad[0].reason} throughout; check the "
        "electrodes and the export" + (f", or choose lead {' or '.join(others)}" if others else "")
    )


def _identity(source: Source) -> dict[str, Any]:
    """Give whom the file is about, where that was kept, as an entry for JSON."""
    pairs = [{"what": what, "value": value} for what, value in source.identity]
    return {"identity": pairs} if pairs else {}


def plain(values: NDArray[Any]) -> list[Any]:
    """Give an array as lists, numbers with six digits behind the point, NaN as None."""
    objects: NDArray[Any] = values
    if values.dtype.kind == "f":
        objects = np.round(values.astype(np.float64), 6).astype(object)
        objects[np.isnan(values)] = None
    listed: list[Any] = objects.tolist()
    return listed
