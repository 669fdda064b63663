"""The signal at every zoom: the least and the greatest value of 1, 2, 4, 8 … samples.

Fine levels are made from the signal when they are asked for; coarse ones, of which a screen would
need too many samples, are made once, in one pass over the signal, an hour of it in milliseconds.
No extreme is lost at any level, so no R peak is.
"""

from __future__ import annotations

import mmap
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

Float32 = NDArray[np.float32]

TILE_BINS: Final = 1024
"""Bins of a tile."""
FIRST_STORED: Final = 6
"""First level that is made ahead: bins of 64 samples, a thirty-second of the signal in all."""
_BLOCK: Final = 1 << 20
"""Samples that are looked at at a time."""
IN_MEMORY: Final = 1 << 25
"""Bytes up to which an array is held in memory rather than in a file."""


@dataclass(frozen=True, slots=True)
class Level:
    """One level: bins of 2^level samples."""

    level: int
    samples_per_bin: int
    n_bins: int
    n_tiles: int


class Pyramid:
    """Least and greatest values of a signal in bins of every power of two.

    Parameters
    ----------
    signal
        float32, shape ``(n_samples, n_leads)``, NaN where missing; may be memory-mapped.
    folder
        Where large levels are kept.
    """

    def __init__(self, signal: Float32, folder: Path) -> None:
        self.signal = signal
        n = len(signal)
        levels = [_level(0, n)]
        while levels[-1].n_tiles > 1:
            levels.append(_level(len(levels), n))
        self.levels = tuple(levels)
        self._looked_at = 0
        self._stored: list[Float32] = []
        for each in self.levels[FIRST_STORED:]:
            kept = room((signal.shape[1], each.n_bins, 2), folder / f"level-{each.level}.f32")
            if self._stored:
                _coarser(self._stored[-1], kept)
            else:
                _first(signal, kept)
            self._stored.append(kept)

    def tile(self, level: int, index: int, leads: slice = slice(None)) -> Float32:
        """Give a tile: float32, shape ``(n_leads, n_bins, 2)``, least and greatest of each bin.

        Raises
        ------
        IndexError
            If there is no such level or tile.
        """
        if not (0 <= level < len(self.levels) and 0 <= index < self.levels[level].n_tiles):
            raise IndexError(f"no tile {index} on level {level}")
        bins = slice(index * TILE_BINS, (index + 1) * TILE_BINS)
        if level >= FIRST_STORED:
            return np.ascontiguousarray(self._stored[level - FIRST_STORED][leads, bins])
        size = 1 << level
        made = _extremes(self.signal[bins.start * size : bins.stop * size, leads], size)
        self._looked_at += (bins.stop - bins.start) * size * self.signal.shape[1] * 4
        if self._looked_at > IN_MEMORY:
            self._looked_at = 0
            let_go(self.signal)
        return made


def room(shape: tuple[int, ...], file: Path) -> Float32:
    """Give room for an array: in memory if it is small, else in a file."""
    if int(np.prod(shape)) * 4 <= IN_MEMORY:
        return np.empty(shape, np.float32)
    return np.memmap(file, np.float32, "w+", shape=shape)


def let_go(signal: Float32) -> None:
    """Tell the system that a signal in a file need not stay in memory."""
    mapped = getattr(signal, "_mmap", None)
    if mapped is not None and hasattr(mmap, "MADV_DONTNEED"):
        mapped.madvise(mmap.MADV_DONTNEED)


def _level(level: int, n_samples: int) -> Level:
    n_bins = -(-n_samples // (1 << level))
    return Level(level, 1 << level, n_bins, -(-n_bins // TILE_BINS))


def _extremes(block: Float32, size: int) -> Float32:
    """Least and greatest value of each `size` samples, ``(leads, bins, 2)``; the last may be short.

    Missing samples are left out; a bin of nothing else is NaN.
    """
    by_lead = np.ascontiguousarray(block.T)
    short = -by_lead.shape[1] % size
    if short:
        by_lead = np.pad(by_lead, ((0, 0), (0, short)), mode="edge")
    bins = by_lead.reshape(len(by_lead), -1, size)
    return np.stack([np.fmin.reduce(bins, axis=2), np.fmax.reduce(bins, axis=2)], axis=2)


def _first(signal: Float32, into: Float32) -> None:
    size = 1 << FIRST_STORED
    for start in range(0, len(signal), _BLOCK):
        made = _extremes(signal[start : start + _BLOCK], size)
        into[:, start // size : start // size + made.shape[1]] = made


def _coarser(finer: Float32, into: Float32) -> None:
    """Join bins two by two."""
    for start in range(0, finer.shape[1], _BLOCK):
        pairs = finer[:, start : start + _BLOCK]
        if pairs.shape[1] % 2:
            pairs = np.pad(pairs, ((0, 0), (0, 1), (0, 0)), mode="edge")
        first = start // 2
        stop = first + pairs.shape[1] // 2
        np.fmin(pairs[:, ::2, 0], pairs[:, 1::2, 0], out=into[:, first:stop, 0])
        np.fmax(pairs[:, ::2, 1], pairs[:, 1::2, 1], out=into[:, first:stop, 1])
