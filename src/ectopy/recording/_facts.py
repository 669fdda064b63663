"""Facts that the text around a signal states: its rate, its units, its steps."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from ectopy.errors import MissingFactError, RecordingError
from ectopy.recording._units import parse_unit
from ectopy.recording.value import MAX_FS, MIN_FS, Inference, check_fs

RATE_TOLERANCE: Final = 0.01
"""Two readings of a sampling rate that differ by less than this share agree."""

_NUMBER: Final = r"(?P<number>\d+(?:[.,]\d+)*(?:[eE][+-]?\d+)?)"
HERTZ: Final = (
    r"(?P<kilo>k?)(?:hz\b|her[tc]\w*|герц\w*|赫兹|赫茲|ヘルツ|헤르츠|χερτζ|הרץ|هرتز|เฮิร\w*|"
    r"हर्ट्\w*|হার্\w*|sps\b|"
    r"s\^?-1|samples?\s*(?:/|per)\s*s)"
)
_RATE_KEY: Final = (
    r"(?:samp\w*[\s_.-]*(?:rate|freq\w*)|\bs?fs\b|\bs?freq\b|\bsps\b|\bs?rate\b|\bfrequency\b|"
    r"abtast\w*|messrate|fr[ée]quence|taux\s\w*\W?[ée]chant\w*|frecuencia|frequenza|"
    r"frequ[êe]ncia|muestreo|campionamento|amostragem|próbkowania|bemonster\w*|частота|"
    r"采样率|采样频率|取样率|サンプリング\S*|サンプルレート)"
)
_INTERVAL: Final = (
    r"(?:interval|sampling[\s_-]*(?:period|time)|sample[\s_-]*(?:period|time)|\bdt\b|"
    r"\btime[\s_-]*step)[^0-9\n]{0,20}" + _NUMBER + r"\s*(?P<unit>ms\w*|milli\w*|[uµμ]s|s\b|sec\w*)"
)
_PER_SAMPLE: Final = _NUMBER + r"\s*(?P<unit>ms\w*|milli\w*|[uµμ]s|s|sec\w*)\s*(?:/|per)\s*sample"
_NOT_RATE: Final = re.compile(
    r"heart|herz|puls|cardia|filter|notch|cut-?\s?off|pass|mains|line\s*freq|netz|resp|\bacc|gyr|"
    r"baud|\bbit\b|ppg|\d\s*(?:hz)?\s*(?:-|–|to|bis|\.\.)\s*$",
    re.IGNORECASE,
)
_UNIT_LINE: Final = re.compile(
    r"^\W*(?:\w+\s)?(?:unit[sàée]?\b|unidad\w*|unidade\w*|einheit\w*|eenheid|единиц\w*|"
    r"jednostk\w*|yksikkö|enhe[td]\w*|birim|jedinic\w*|jednotk\w*|μονάδ\w*|הוחידה|יחידה|الوحدة|หน่วย|单位|單位|単位|단위)\W+(?P<unit>[^,;|\t]{1,24})",
    re.IGNORECASE,
)
_STEP: Final = re.compile(
    r"(?P<number>\d+(?:[.,]\d+)?)\s*(?P<unit>[nuµμm]?v)\s*(?:/|per)\s*"
    r"(?:lsb|bit|counts?|adu|digit|unit|step)\b",
    re.IGNORECASE,
)


def plain_number(text: str) -> float:
    """Read a number that may be written the German way, ``"512,5"`` or ``"1.000,0"``."""
    separators = re.findall(r"[.,]", text)
    if len(separators) > 1 and separators[-1] in separators[:-1]:
        return float(re.sub(r"[.,]", "", text))
    whole, *fraction = re.split(r"[.,](?=\d*(?:[eE][+-]?\d+)?$)", text)
    return float(".".join([re.sub(r"[.,]", "", whole), *fraction]))


def _as_rate(number: str, factor: float = 1.0) -> float | None:
    rate = plain_number(number) * factor
    if rate < MIN_FS and re.fullmatch(r"\d{1,2}[.,]\d{3}", number):
        rate *= 1000.0
    return rate if MIN_FS <= rate <= MAX_FS else None


def _seconds(unit: str) -> float:
    folded = unit.casefold()
    return 1e-6 if folded in ("us", "µs", "μs") else 1e-3 if folded.startswith("m") else 1.0


def _stated_in(line: str) -> list[tuple[int, float]]:
    """Give the rates in one line, each with the strength of the statement (0 is strongest)."""
    found: list[tuple[int, float | None]] = []
    for pattern in (_INTERVAL, _PER_SAMPLE):
        for match in re.finditer(pattern, line, re.IGNORECASE):
            interval = plain_number(match["number"]) * _seconds(match["unit"])
            rate = round(1 / interval, 6) if interval > 0 else 0.0
            found.append((1, rate if MIN_FS <= rate <= MAX_FS else None))
    if not found:
        keyed = _RATE_KEY + r"[^0-9\n]{0,30}?" + _NUMBER + r"\s*(?P<kilo>k?)"
        for strength, pattern in ((0, keyed), (2, _NUMBER + r"\s*" + HERTZ)):
            for match in re.finditer(pattern, line, re.IGNORECASE):
                around = line[max(0, match.start() - 25) : match.start("number")]
                if not _NOT_RATE.search(around):
                    factor = 1000.0 if match["kilo"] else 1.0
                    found.append((strength, _as_rate(match["number"], factor)))
    return [(strength, rate) for strength, rate in found if rate is not None]


def stated_rate(lines: Iterable[str], fs: float | None = None) -> float | None:
    """Find the sampling rate that lines of text state, in Hz.

    A rate of an ECG is taken where it is named as such (``Sample Rate,512 hertz``,
    ``fs = 250``, ``"sampling_frequency": 500``), as an interval (``Interval= 0.001 s``), or as
    a number of hertz that no filter or heart rate goes with. Of several that are stated equally
    well, `fs` chooses.

    Raises
    ------
    MissingFactError
        If the lines state several rates and nothing chooses.
    """
    stated = [(s, r) for line in lines if len(line) < 5000 for s, r in _stated_in(line)]
    if not stated:
        return None
    best = min(strength for strength, _ in stated)
    rates = sorted({rate for strength, rate in stated if strength == best})
    if fs is not None and not all(_differ(fs, rate) for rate in rates):
        return fs
    if len(rates) > 1:
        listed = ", ".join(f"{rate:g} Hz" for rate in rates)
        raise MissingFactError(
            f"the file states several sampling rates ({listed}); "
            f"say which is that of the ECG, such as --fs {rates[-1]:g}"
        )
    return rates[0]


def stated_unit(lines: Iterable[str]) -> str | None:
    """Find the unit that a line such as ``Unit,µV`` states: nV, µV, mV, V or adu, else None."""
    for line in lines:
        match = _UNIT_LINE.search(line)
        unit = parse_unit(match["unit"]) if match else None
        if unit:
            return unit
    return None


def stated_step(lines: Iterable[str]) -> tuple[float, str] | None:
    """Find what one step of the converter is worth, such as ``(2.4, "µV")`` in "2.4 µV/LSB"."""
    for line in lines:
        match = _STEP.search(line)
        if match and plain_number(match["number"]) > 0:
            return plain_number(match["number"]), str(parse_unit(match["unit"]))
    return None


def settle_rate(
    fs: float | None, stated: float | None, measured: float | None, where: str
) -> tuple[float, list[Inference]]:
    """Settle the sampling rate from what the user, the text and the time column say.

    Parameters
    ----------
    fs
        What the user says, in Hz.
    stated
        What the file states in words.
    measured
        What its time column gives.
    where
        What the time column is called, for the statement.

    Returns
    -------
    rate, inferred
        The rate in Hz and what is to be stated about it.

    Raises
    ------
    MissingFactError
        If nobody says anything.
    RecordingError
        If two of the three contradict each other and the third does not decide. A time column
        whose rate no ECG can have is no evidence.
    """
    if fs is not None:
        if stated is not None and _differ(fs, stated):
            raise RecordingError(
                f"the file states a sampling rate of {stated:g} Hz, --fs says {fs:g} Hz; "
                "leave out --fs, or correct the header of the file"
            )
        if measured is not None and _differ(fs, measured):
            if stated is None and MIN_FS <= measured <= MAX_FS:
                raise RecordingError(
                    f"{where} gives {measured:.6g} Hz, --fs says {fs:g} Hz; leave out --fs, or "
                    "remove that column if --fs is right"
                )
            why = f"as --fs says, though {where} gives {measured:.6g} Hz and is not used"
            return fs, [Inference("sampling rate", f"{fs:g} Hz", why, "--fs")]
        return fs, []
    if stated is not None and measured is not None and _differ(stated, measured):
        raise RecordingError(
            f"the file states a sampling rate of {stated:g} Hz, but {where} gives "
            f"{measured:.6g} Hz; if the stated one is right, say --fs {stated:g}"
        )
    if stated is not None:
        return stated, []
    if measured is None:
        raise MissingFactError(
            "the file does not state its sampling rate; give it in Hz, such as --fs 250"
        )
    why = f"from the steps of {where}"
    return check_fs(measured), [Inference("sampling rate", f"{measured:.6g} Hz", why, "--fs")]


def _differ(a: float, b: float) -> bool:
    return abs(a - b) > RATE_TOLERANCE * b
