"""WFDB headers, read more patiently than the library does and written the way it likes them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from math import inf
from typing import Final

from ectopy.errors import DamagedFileError
from ectopy.recording._leads import unique_names
from ectopy.recording._units import MV_PER, parse_unit

DEFAULT_FS: Final = 250.0
DEFAULT_GAIN: Final = 200.0
"""Rate in Hz and gain in adu per mV of a header that leaves them out, by the WFDB standard."""
BYTES_PER_SAMPLE: Final = {
    "8": 1.0, "16": 2.0, "24": 3.0, "32": 4.0, "61": 2.0, "80": 1.0, "160": 2.0,
    "212": 1.5, "310": 4 / 3, "311": 4 / 3,
}  # fmt: skip
COMPRESSED: Final = frozenset({"508", "516", "524"})
EMPTY_FORMAT: Final = "0"
NO_FILE: Final = "~"

_SIGNAL: Final = re.compile(
    r"(?P<file>\S+)\s+(?P<fmt>\d{1,3})(?:x(?P<spf>\d{1,6}))?(?::(?P<skew>\d{1,9}))?"
    r"(?:\+(?P<offset>\d{1,12}))?(?:\s+(?P<rest>\S.*))?"
)
_GAIN: Final = re.compile(
    r"(?P<gain>[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d{1,2})?)?"
    r"(?:\((?P<baseline>[-+]?\d{1,12})(?:\.\d*)?\))?(?:/(?P<units>\S*))?"
)
_DATES: Final = ("%d/%m/%Y", "%Y-%m-%d", "%d-%b-%Y", "%d.%m.%Y", "%Y/%m/%d", "%d-%m-%Y")


@dataclass(frozen=True, slots=True)
class Signal:
    """One signal of a header: where its samples are, and how they become physical.

    `gain` is in adu per physical unit and None where the header gives none; `units` are the
    header's own words.
    """

    file: str
    fmt: str
    spf: int
    skew: int
    offset: int
    gain: float | None
    baseline: int
    units: str
    init: int
    name: str

    @property
    def mv_per_unit(self) -> float | None:
        """Millivolts per physical unit; None if that is no voltage."""
        return MV_PER.get(parse_unit(self.units) or "") if self.units else 1.0

    @property
    def adu_per_mv(self) -> float:
        """Gain in adu per mV, by the standard where the header gives none."""
        return (self.gain or DEFAULT_GAIN) / (self.mv_per_unit or 1.0)


@dataclass(frozen=True, slots=True)
class Header:
    """What a header says.

    `fs` and `frames` are None where it leaves them out; `fs` is also None where it gives a rate
    that is none, which `odd_rate` then quotes. `comments` are its free text, in which names and
    diagnoses are found.
    """

    fs: float | None
    frames: int | None
    start: datetime | None
    signals: tuple[Signal, ...]
    segments: tuple[tuple[str, int], ...]
    odd_rate: str = ""
    comments: tuple[str, ...] = ()


def decode(content: bytes) -> str:
    """Turn the bytes of a header into text; µ may be written in UTF-8 or Latin-1."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("latin-1")


def is_header(text: str) -> bool:
    """Whether a text begins with the record line and the first signal line of a header."""
    lines = _lines(text[:4096])
    if len(lines) < 2 or not re.match(r"[^\s,;\0]+\s+\d+(\s|$)", lines[0]):
        return False
    match = _SIGNAL.fullmatch(lines[1])
    known = match is not None and match["fmt"] in {*BYTES_PER_SAMPLE, *COMPRESSED}
    return known and match is not None and bool(re.search(r"[A-Za-z_]", match["file"]))


def parse_header(text: str, name: str) -> Header:
    """Read a header.

    Parameters
    ----------
    text
        Its content.
    name
        The name of its file, for errors.

    Raises
    ------
    DamagedFileError
        If it is empty, breaks off, or has lines that make no sense.
    """
    lines = _lines(text)
    if not lines:
        raise DamagedFileError(f"{name} is empty or holds comments only; copy it again")
    first = lines[0].split()
    record = re.fullmatch(r"[^/]+(?:/(\d{1,6}))?", first[0])
    if record is None or len(first) < 2 or not re.fullmatch(r"\d{1,5}", first[1]):
        raise DamagedFileError(f"{name} does not begin like a WFDB header: {lines[0][:60]!r}")
    n_signals = int(first[1])
    fs, odd_rate, frames, rest = _rate_and_length(first[2:])
    body = lines[1:]
    wanted = int(record[1]) if record[1] else n_signals
    if n_signals == 0:
        raise DamagedFileError(f"{name} describes no signal; name a record that has one")
    if len(body) < wanted:
        what = "segments" if record[1] else "signals"
        raise DamagedFileError(f"{name} promises {wanted} {what} and describes {len(body)}")
    signals: tuple[Signal, ...] = ()
    segments: tuple[tuple[str, int], ...] = ()
    if record[1]:
        segments = tuple(_segment(line, name) for line in body[:wanted])
    else:
        signals = tuple(_signal(line, name) for line in body[:wanted])
    comments = tuple(re.findall(r"^\s*#[ \t]*(\S.*?)\s*$", text, re.MULTILINE))
    start = _start(" ".join(rest))
    return Header(fs, frames, start, signals, segments, odd_rate, comments)


def format_header(
    fs: float, frames: int | None, signals: tuple[Signal, ...], files: dict[str, str]
) -> str:
    """Write a header of one segment that the library reads, with all gains in adu per mV.

    Parameters
    ----------
    fs, frames
        Frames per second, and their number (None lets the library count them).
    signals
        The signals.
    files
        The name to write for each file that the signals are in.
    """
    lines = [f"record {len(signals)} {fs:.6f} {'' if frames is None else frames}"]
    names = unique_names(s.name.encode("ascii", "replace").decode() for s in signals)
    for s, name in zip(signals, names, strict=True):
        where = f"{files[s.file]} {s.fmt}x{s.spf}:{s.skew}+{s.offset}"
        lines.append(f"{where} {s.adu_per_mv!r}({s.baseline})/mV 0 0 {s.init} 0 0 {name}")
    return "\n".join(lines) + "\n"


def _lines(text: str) -> list[str]:
    lines = [
        line.split("#", 1)[0].strip() if line.lstrip().startswith("#") else line.strip()
        for line in re.split(r"\r\n|\r|\n", text)
    ]
    return [line for line in lines if line]


def _rate_and_length(words: list[str]) -> tuple[float | None, str, int | None, list[str]]:
    """Read ``360/360(0) 650000 …``; what follows is time and date.

    A rate that cannot be read is given back as it stands: only one that is absent has a default.
    """
    if not words or re.match(r"\d{1,2}:\d\d", words[0]):
        return None, "", None, words
    rate = re.fullmatch(r"(\d+\.?\d*(?:[eE][-+]?\d+)?)(?:/\S*)?", words[0])
    fs = float(rate[1]) if rate else 0.0
    odd, words = ("" if 0 < fs < inf else words[0]), words[1:]
    frames = None
    if words and re.fullmatch(r"\d{1,12}", words[0]):
        frames, words = int(words[0]) or None, words[1:]
    return (None if odd else fs), odd, frames, words


def _start(text: str) -> datetime | None:
    """Read time and date in any order and form; None unless both are there."""
    time = re.search(r"(?<!\d)(\d{1,2}):(\d{2})(?::(\d{2})(?:\.(\d{1,6}))?)?\b", text)
    if time is None:
        return None
    hour, minute, second, part = time.groups()
    for word in text.replace(time[0], " ").replace("T", " ").split():
        for date_format in _DATES:
            try:
                day = datetime.strptime(word, date_format)
                micro = int((part or "0").ljust(6, "0"))
                return day.replace(
                    hour=int(hour), minute=int(minute), second=int(second or 0), microsecond=micro
                )
            except ValueError:
                continue
    return None


def _segment(line: str, name: str) -> tuple[str, int]:
    match = re.fullmatch(r"([-\w]+|~)\s+(\d{1,12})(?:\s.*)?", line)
    if match is None:
        raise DamagedFileError(f"{name} has a segment line that makes no sense: {line[:60]!r}")
    return match[1], int(match[2])


def _signal(line: str, name: str) -> Signal:
    match = _SIGNAL.fullmatch(line)
    fmt = match["fmt"] if match else ""
    if match is None or fmt not in {*BYTES_PER_SAMPLE, *COMPRESSED, EMPTY_FORMAT}:
        raise DamagedFileError(f"{name} has a signal line that makes no sense: {line[:60]!r}")
    if re.search(r"[/\\:]", match["file"]) or match["file"] in (".", ".."):
        raise DamagedFileError(
            f"{name} names the file {match['file'][:60]!r}, which is outside its own folder; "
            "put all files of a record into one folder"
        )
    words = (match["rest"] or "").split()
    gain = _GAIN.fullmatch(words[0]) if words else None
    numbers: list[int] = []
    words = words[1:] if gain else words
    while words and len(numbers) < 5 and re.fullmatch(r"[-+]?\d{1,12}(\.0*)?", words[0]):
        numbers.append(int(float(words.pop(0))))
    numbers += [0] * (5 - len(numbers))
    _, adc_zero, init, _, _ = numbers
    value = float(gain["gain"]) if gain and gain["gain"] else 0.0
    return Signal(
        file=match["file"],
        fmt=fmt,
        spf=int(match["spf"] or 1) or 1,
        skew=int(match["skew"] or 0),
        offset=int(match["offset"] or 0),
        gain=value or None,
        baseline=int(gain["baseline"]) if gain and gain["baseline"] else adc_zero,
        units=(gain["units"] or "") if gain else "",
        init=init,
        name=" ".join(words),
    )
