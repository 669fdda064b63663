"""The AAMI heartbeat classes, written once: which annotation symbol belongs to which class."""

from __future__ import annotations

from typing import Final

AAMI_CLASSES: Final = ("N", "S", "V", "F", "Q")
"""Class order of every probability array in ectopy."""

AAMI_NAMES: Final = {
    "N": "normal or bundle branch block",
    "S": "supraventricular ectopic",
    "V": "ventricular ectopic",
    "F": "fusion of ventricular and normal",
    "Q": "paced or unclassifiable",
}

BEAT_SYMBOLS: Final = frozenset("NLRBAaJSVrFejnE/fQ?")
"""Symbols of MIT annotations that mark a heartbeat; all others mark rhythm, noise or waves."""

_EC57: Final = {
    **dict.fromkeys("NLRB", "N"),
    **dict.fromkeys("SAJaejn", "S"),
    **dict.fromkeys("VEr", "V"),
    **dict.fromkeys("F", "F"),
    **dict.fromkeys("/fQ?", "Q"),
}

_ESCAPE_BEATS: Final = "ejn"


def aami_class(symbol: str, escape_beats: str = "S") -> str | None:
    """Give the AAMI class of one MIT annotation symbol.

    Parameters
    ----------
    symbol
        One annotation symbol such as ``"N"``, ``"L"``, ``"V"`` or ``"+"``.
    escape_beats
        ``"S"`` counts escape beats (``e j n``) as supraventricular ectopic, as the EC57
        comparison tools do; ``"N"`` counts them as normal, as de Chazal and the Kaggle
        data set do.

    Returns
    -------
    str or None
        One of ``N S V F Q``, or None when the symbol does not mark a beat.
    """
    if escape_beats == "N" and symbol in _ESCAPE_BEATS:
        return "N"
    return _EC57.get(symbol)
