"""WFDB records, the format of PhysioNet.

The usual formats of samples are read by ectopy, a piece at a time; for the others `wfdb` is
imported. The header is read by ectopy anyway and written anew into a temporary folder, beside
links to the files with the samples: the library drops µ from units, refuses dates such as
2014-05-08, and follows whatever file names a header gives.
"""

from __future__ import annotations

import math
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ectopy._threads import in_threads
from ectopy.errors import DamagedFileError, RecordingError
from ectopy.recording._backing import empty_signal, release
from ectopy.recording._facts import settle_rate
from ectopy.recording._foreign import foreign_errors_mapped
from ectopy.recording._leads import is_ecg_name, is_other_name, unique_names
from ectopy.recording._mit_annotations import decode as decode_annotations
from ectopy.recording._sniff import HEAD_BYTES, sniff
from ectopy.recording._units import MV_PER, finite_float32, parse_unit, scale_to_mv
from ectopy.recording._wfdb_header import (
    BYTES_PER_SAMPLE,
    COMPRESSED,
    DEFAULT_FS,
    DEFAULT_GAIN,
    EMPTY_FORMAT,
    NO_FILE,
    Header,
    Signal,
    decode,
    format_header,
    is_header,
    parse_header,
)
from ectopy.recording._wfdb_samples import can_decode, read_frames
from ectopy.recording.value import Annotations, Inference, Recording, Source

FORMAT: Final = "WFDB"
_MAX_SAMPLES: Final = 4_000_000_000
"""Samples of all leads together beyond which a header is not believed."""
_BY_STANDARD: Final = "the header leaves it out, so the default of the WFDB standard holds"
_PIECE: Final = 1 << 18
"""Frames that are read at a time…"""
_PIECE_OF_LIBRARY: Final = 1 << 22
"""…and that the library reads at a time."""
_UNITLESS: Final = ""
_ANNOTATIONS: Final = frozenset(
    {".atr", ".ann", ".ari", ".ecg", ".qrs", ".wqrs", ".sqrs", ".gqrs", ".xqrs", ".ref", ".tst"}
)
_TABLE_ROWS: Final = 50
"""More rows of mere numbers than this make a file named .hea a table after all."""


def matches(head: bytes, path: Path) -> bool:
    """Whether a file is a WFDB header, or belongs to one beside it."""
    if is_header(decode(head)):
        return True
    if path.suffix.lower() == ".hea":
        layout = sniff(head, complete=True)
        return layout is None or len(layout.sample) < _TABLE_ROWS
    return _header_beside(head, path) is not None


def read(path: Path, fs: float | None = None, units: str | None = None) -> Recording:
    """Read a record, with its reference annotations if it has any.

    Parameters
    ----------
    path
        The header, or a file of signals or annotations beside it.
    fs
        Sampling rate in Hz; the header states its own.
    units
        Unit to take instead of the one that the header states.

    Returns
    -------
    Recording
        The signals that are ECGs, all at one rate.

    Raises
    ------
    DamagedFileError
        If the header makes no sense, or the samples are missing or fewer than it promises.
    RecordingError
        If no signal is an ECG, or the header contradicts `fs`.
    """
    with path.open("rb") as stream:
        head = stream.read(HEAD_BYTES)
    header_path = path if is_header(decode(head)) else _header_beside(head, path) or path
    header = parse_header(decode(header_path.read_bytes()), header_path.name)
    header, absent = _present(header, header_path.parent)
    with TemporaryDirectory(prefix="ectopy-") as folder:
        record = _Record(header, header_path, Path(folder))
        signal, per_frame = record.samples()
        frame_rate = record.fs or DEFAULT_FS
        beside = path if _is_annotation(path, record) else header_path.with_suffix(".atr")
        annotations, inferred = _annotations(beside, frame_rate, per_frame)
    if record.fs is None and fs is None:
        if record.odd_rate:
            raise DamagedFileError(
                f"{header_path.name} gives {record.odd_rate[:20]!r} as its sampling rate, which is "
                "no number of hertz; correct the header, or give the rate, such as --fs 250"
            )
        rate = frame_rate * per_frame
        about_rate = [Inference("sampling rate", f"{rate:g} Hz", _BY_STANDARD, "--fs")]
    else:
        stated = None if record.fs is None else record.fs * per_frame
        rate, about_rate = settle_rate(fs, stated, None, "")
    resolution, about_units = _to_mv(signal, rate, record, units)
    left_out = [s.name or "unnamed" for i, s in enumerate(record.signals) if i not in record.ecg]
    if left_out:
        why = "their names or units are not those of an ECG"
        inferred.append(Inference("signals left out", ", ".join(left_out), why))
    if absent:
        names = ", ".join(signal.name or "unnamed" for signal in absent)
        files = ", ".join(dict.fromkeys(signal.file for signal in absent))
        inferred.append(Inference("signals left out", names, f"their file {files} is missing"))
    return Recording(
        signal,
        rate,
        unique_names(record.signals[i].name for i in record.ecg),
        start=header.start,
        source=Source(
            str(header_path),
            FORMAT,
            (*about_rate, *about_units, *inferred),
            tuple(("comment", line) for line in header.comments),
        ),
        annotations=annotations,
        resolution=resolution,
    )


def _header_beside(head: bytes, path: Path) -> Path | None:
    """Give the header that names the file at `path`, or that its annotations belong to."""
    header = path.with_suffix(".hea")
    if path.suffix.lower() == ".hea" or not header.is_file():
        return None
    if sniff(head, complete=len(head) < HEAD_BYTES) is not None:
        return None
    words = decode(header.read_bytes()).split()
    return header if path.name in words or path.suffix.lower() in _ANNOTATIONS else None


def _present(header: Header, folder: Path) -> tuple[Header, tuple[Signal, ...]]:
    """Give the header without the signals whose file is missing, and these, if others are ECGs.

    So a record of PTB can be read whose three Frank leads, in a file of their own, were not copied.
    """
    missing = {
        signal.file
        for signal in header.signals
        if signal.file != NO_FILE and not (folder / signal.file).is_file()
    }
    kept = tuple(signal for signal in header.signals if signal.file not in missing)
    if not missing or not any(signal.file != NO_FILE and _is_ecg(signal) for signal in kept):
        return header, ()
    absent = tuple(signal for signal in header.signals if signal.file in missing)
    return replace(header, signals=kept), absent


class _Record:
    """A record laid out in a temporary folder so that the library reads it."""

    def __init__(self, header: Header, path: Path, folder: Path):
        self.path, self.folder = path, folder
        self.parts: list[tuple[Signal, ...]] = []
        self.files: dict[str, dict[str, Path]] = {}
        self.headers: dict[str, tuple[Signal, ...]] = {}
        self.fs, self.odd_rate = header.fs, header.odd_rate
        self.frames: int | None
        self.fixed: list[tuple[str, int]] = []
        if header.segments:
            self.signals, self.frames = self._lay_out_segments(header)
        else:
            self.signals = header.signals
            self.frames = self._lay_out("record", header, path.name)
        self.ecg = [i for i, signal in enumerate(self.signals) if _is_ecg(signal)]
        if not self.ecg:
            names = ", ".join(signal.name or "unnamed" for signal in self.signals)
            raise RecordingError(f"none of the signals ({names}) is an ECG; name a record with one")
        if (self.frames or 0) * sum(self.signals[i].spf for i in self.ecg) > _MAX_SAMPLES:
            raise DamagedFileError(
                f"{path.name} promises {self.frames} samples of {len(self.ecg)} leads, "
                "too many to be true; correct the header"
            )

    @property
    def plain(self) -> bool:
        """Whether any piece of the record can be read without the rest of it."""
        signals = [signal for part in self.parts for signal in part]
        of_variable_layout = len(self.parts) > 1 and not self.fixed
        return not of_variable_layout and all(
            s.fmt not in COMPRESSED and not s.skew for s in signals
        )

    def samples(self) -> tuple[NDArray[np.float32], int]:
        """Read the ECGs: float32, shape ``(n_samples, n_leads)``, and samples per frame."""
        per_lead = [self.signals[i].spf for i in self.ecg]
        per_frame = per_lead[0] if len(set(per_lead)) == 1 else 1
        if not self.fixed:
            return self._read("record", None, per_frame), per_frame
        total = sum(length for _, length in self.fixed) * per_frame
        signal = empty_signal(total, len(self.ecg))
        at = 0
        for name, length in self.fixed:
            part = signal[at : at + length * per_frame]
            if name == NO_FILE:
                part[:] = np.nan
            elif length:
                part[:] = self._read(name, length, per_frame)
            release(signal)
            at += length * per_frame
        return signal, per_frame

    def _read(self, name: str, frames: int | None, per_frame: int) -> NDArray[np.float32]:
        """Read the ECGs of one header in the folder: all of it, or its first frames.

        A long one is read piece by piece, so that only its own samples fill the memory.
        """
        total = self.frames if frames is None else frames
        signals = self.headers.get(name)
        if total is not None and signals and can_decode(signals):
            return self._decode(name, signals, total, per_frame)
        if total is None or total <= _PIECE_OF_LIBRARY or not self.plain:
            return self._read_piece(name, 0, frames, per_frame)
        signal = empty_signal(total * per_frame, len(self.ecg))
        for start in range(0, total, _PIECE_OF_LIBRARY):
            stop = min(start + _PIECE_OF_LIBRARY, total)
            piece = self._read_piece(name, start, stop, per_frame)
            signal[start * per_frame : stop * per_frame] = piece
            release(signal)
        return signal

    def _decode(
        self, name: str, signals: tuple[Signal, ...], total: int, per_frame: int
    ) -> NDArray[np.float32]:
        """Read the ECGs of one header without the library, several pieces at once."""
        signal = empty_signal(total * per_frame, len(self.ecg))

        def read_piece(start: int) -> None:
            out = signal[start * per_frame : (start + _PIECE) * per_frame]
            read_frames(self.files[name], signals, self.ecg, start, out, per_frame)
            release(signal)

        for _ in in_threads(read_piece, range(0, total, _PIECE)):
            pass
        return signal

    def _read_piece(
        self, name: str, start: int, stop: int | None, per_frame: int
    ) -> NDArray[np.float32]:
        import wfdb

        with np.errstate(all="ignore"):  # what overflows becomes NaN below
            record = wfdb.rdrecord(
                str(self.folder / name),
                sampfrom=start,
                sampto=stop,
                channels=self.ecg,
                smooth_frames=False,
                return_res=32,
            )
        leads = record.e_p_signal
        length = len(leads[0]) // self.signals[self.ecg[0]].spf * per_frame
        signal = np.empty((length, len(leads)), np.float32)
        for i, channel in enumerate(self.ecg):
            count = self.signals[channel].spf
            # Leads of different rates are averaged to the one they share, the frame rate.
            lead = leads[i] if count == per_frame else leads[i].reshape(-1, count).mean(axis=1)
            signal[:, i] = finite_float32(lead)
            leads[i] = None
        return signal

    def _lay_out(self, name: str, header: Header, shown: str) -> int | None:
        """Write one header into the folder, beside links to its files; give its frames."""
        frames, files = header.frames, {NO_FILE: NO_FILE}
        sources: dict[str, Path] = {}
        for file in dict.fromkeys(signal.file for signal in header.signals):
            if file == NO_FILE:
                continue
            signals = [signal for signal in header.signals if signal.file == file]
            source = self.path.parent / file
            if not source.is_file():
                raise DamagedFileError(
                    f"{file}, which {shown} names, is missing; put it into the same folder"
                )
            frames = _frames(source, signals, frames, shown)
            files[file] = f"{name}-{len(files)}.dat"
            sources[file] = source
            _link(source, self.folder / files[file])
        self.parts.append(header.signals)
        self.headers[name], self.files[name] = header.signals, sources
        text = format_header(header.fs or DEFAULT_FS, frames, header.signals, files)
        (self.folder / f"{name}.hea").write_text(text, encoding="ascii")
        return frames

    def _lay_out_segments(self, header: Header) -> tuple[tuple[Signal, ...], int]:
        """Write the header of a record of several segments, and those of its segments."""
        lines: list[str] = []
        known: dict[str, str] = {}
        held: dict[str, int | None] = {}
        first: Header | None = None
        is_fixed = header.segments[0][1] > 0
        for name, length in header.segments:
            if name != NO_FILE and name not in known:
                source = self.path.parent / f"{name}.hea"
                if not source.is_file():
                    raise DamagedFileError(
                        f"{source.name}, a segment that {self.path.name} names, is missing; "
                        "put it into the same folder"
                    )
                part = parse_header(decode(source.read_bytes()), source.name)
                if part.segments:
                    raise DamagedFileError(f"{source.name} is a segment and has segments itself")
                known[name] = f"segment{len(known)}"
                held[name] = self._lay_out(known[name], part, source.name)
                first = first or part
                if is_fixed and [s.spf for s in part.signals] != [s.spf for s in first.signals]:
                    raise DamagedFileError(
                        f"{source.name} has other signals than the segments of {self.path.name} "
                        "before it; read each segment by itself"
                    )
            has = held.get(name)
            if has is not None and length > has:
                raise DamagedFileError(
                    f"the segment {name} holds {has} of the {length} samples that "
                    f"{self.path.name} promises; correct that header, or copy the segment again"
                )
            lines.append(f"{known.get(name, NO_FILE)} {length}")
        if first is None:
            raise DamagedFileError(f"{self.path.name} has empty segments only; name another record")
        frames = sum(length for _, length in header.segments)
        if header.fs is None and not header.odd_rate:
            self.fs, self.odd_rate = first.fs, first.odd_rate
        if is_fixed:
            self.fixed = [(known.get(name, NO_FILE), length) for name, length in header.segments]
            return first.signals, frames
        rate = self.fs or DEFAULT_FS
        top = f"record/{len(lines)} {len(first.signals)} {rate:.6f} {frames}"
        (self.folder / "record.hea").write_text("\n".join([top, *lines, ""]), encoding="ascii")
        return first.signals, frames


def _is_ecg(signal: Signal) -> bool:
    unit = parse_unit(signal.units)
    return is_ecg_name(signal.name) or (
        (unit is not None or not signal.units.strip("?")) and not is_other_name(signal.name)
    )


def _frames(source: Path, signals: Sequence[Signal], frames: int | None, shown: str) -> int | None:
    """Count the frames that a file of samples holds, and compare with those promised."""
    first, width = signals[0], sum(signal.spf for signal in signals)
    if first.fmt in COMPRESSED:
        return frames
    if first.fmt == EMPTY_FORMAT:
        raise DamagedFileError(f"{shown} gives no format for {source.name}; correct the header")
    size = source.stat().st_size - first.offset
    held = max(0, math.floor(size / BYTES_PER_SAMPLE[first.fmt] / width + 1e-9))
    if frames is not None and held < frames:
        raise DamagedFileError(
            f"{source.name} holds {held} of the {frames} samples that {shown} promises; "
            "it is cut short, copy it again"
        )
    frames = held if frames is None else frames
    if max(signal.skew for signal in signals) > frames:
        raise DamagedFileError(f"{shown} shifts signals by more than their length; correct it")
    return frames


def _link(source: Path, target: Path) -> None:
    """Make a file known under another name, without a copy where the system allows it."""
    try:
        target.symlink_to(source.resolve())
    except (OSError, NotImplementedError):
        shutil.copyfile(source, target)


def _to_mv(
    signal: NDArray[np.float32], rate: float, record: _Record, units: str | None
) -> tuple[tuple[float | None, ...] | None, list[Inference]]:
    """Bring what is not in mV yet to mV, and state what the header leaves out."""
    ecg = [record.signals[i] for i in record.ecg]
    stated = [_UNITLESS if not s.units else parse_unit(s.units) for s in ecg]
    inferred = []
    if units is None and _UNITLESS in stated:
        inferred.append(Inference("units", "mV", _BY_STANDARD, "--units"))
    if any(s.gain is None for s in ecg):
        value = f"{DEFAULT_GAIN:g} adu per unit"
        inferred.append(Inference("gain", value, _BY_STANDARD, "--units" if units is None else ""))
    per_adu = [1 / s.adu_per_mv for s in ecg]
    if units is not None:
        for i, s in enumerate(ecg):
            per_adu[i] /= s.mv_per_unit or 1.0
            signal[:, i] /= np.float32(s.mv_per_unit or 1.0)
        stated = [None if unit == _UNITLESS else unit for unit in stated]
    else:
        stated = ["mV" if unit == _UNITLESS or unit in MV_PER else unit for unit in stated]
    factors, about = scale_to_mv(signal, rate, stated, units, [True] * len(ecg))
    gains = {(s.name, s.adu_per_mv) for part in record.parts for s in part if s.fmt != EMPTY_FORMAT}
    sure = len(gains) == len({name for name, _ in gains}) or len(record.parts) == 1
    resolution = tuple(abs((f or 1.0) * mv) for f, mv in zip(factors, per_adu, strict=True))
    return (resolution if sure else None), inferred + about


def _is_annotation(path: Path, record: _Record) -> bool:
    files = {signal.file for part in record.parts for signal in part}
    return path.suffix.lower() in _ANNOTATIONS and path.name not in files


def _annotations(
    path: Path, frame_rate: float, per_frame: int
) -> tuple[Annotations | None, list[Inference]]:
    """Read annotations; those that cannot be read are stated, and the signal is read anyway."""
    if not path.is_file():
        return None, []
    try:
        with foreign_errors_mapped(path):
            found, _, fs = decode_annotations(path.read_bytes(), path.name)
    except RecordingError as error:
        return None, [Inference("annotations", "none", str(error))]
    ratio = frame_rate * per_frame / (fs or frame_rate)
    order = np.argsort(found.sample, kind="stable")
    sample = found.sample[order]
    if ratio != 1:
        sample = np.rint(sample * ratio).astype(np.int64)
    return Annotations(sample, found.symbol[order], found.aux[order]), []
