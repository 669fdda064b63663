"""Room for a signal: memory for a short one, a temporary file without a name for a long one.

The pages of a file need not stay in memory once they have been used, so that the memory for a
recording does not grow with its length. The file has no name that could be left over when the
process is killed; its room is free again when nothing uses the signal any more.
"""

from __future__ import annotations

import mmap
import os
from tempfile import TemporaryFile
from typing import IO, Final

import numpy as np
from numpy.typing import NDArray

IN_MEMORY: Final = 64 << 20
"""Bytes of signal up to which it is held in memory."""
_ZEROS: Final = bytes(1 << 20)
_SAMPLES: Final = 1 << 20


class _Held(mmap.mmap):
    """A file in memory that is ectopy's own, so that letting go of its pages loses nothing."""


def empty_signal(n_samples: int, n_leads: int) -> NDArray[np.float32]:
    """Give room for a signal, to be filled.

    Where the folder for temporary files (``TMPDIR``) has no room for a long one, it is memory
    after all.

    Returns
    -------
    numpy.ndarray
        float32, shape ``(n_samples, n_leads)``, its values undefined.
    """
    size = 4 * n_samples * n_leads
    if size > IN_MEMORY:
        try:
            with TemporaryFile(prefix="ectopy-") as file:
                _reserve(file, size)
                held = _Held(file.fileno(), size)
        except OSError:  # no room, or no such folder
            pass
        else:
            return np.frombuffer(held, np.float32).reshape(n_samples, n_leads)
    return np.empty((n_samples, n_leads), np.float32)


def missing_signal(n_samples: int, n_leads: int) -> NDArray[np.float32]:
    """Give room for a signal as :func:`empty_signal` does, every sample missing."""
    signal = empty_signal(n_samples, n_leads)
    for at in range(0, n_samples, _SAMPLES):
        signal[at : at + _SAMPLES] = np.nan
        release(signal)
    return signal


def release(signal: NDArray[np.float32]) -> None:
    """Let go of the memory that a signal in a file takes; what is used again is read again."""
    held: object = signal
    while isinstance(held, np.ndarray):
        held = held.base
    if isinstance(held, memoryview):
        held = held.obj
    if isinstance(held, _Held) and hasattr(mmap, "MADV_DONTNEED"):
        held.madvise(mmap.MADV_DONTNEED)


def _reserve(file: IO[bytes], size: int) -> None:
    """Make a file so long, with room on the disk for all of it: a full disk shows here."""
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(file.fileno(), 0, size)
        return
    for at in range(0, size, len(_ZEROS)):
        file.write(_ZEROS[: size - at])
    file.flush()
