"""Tables of twelve leads that the tools around the Contec ECG90A write as CSV.

The device stores II, III and V1 to V6; the exporter adds I = II - III and the augmented leads,
halves cut towards zero. Twelve columns of whole numbers without a header in which every row
obeys these four equations to the last digit are such an export; its rate and its steps are then
those of the device, and lead off leaves columns empty.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ectopy.errors import DamagedFileError
from ectopy.recording import delimited
from ectopy.recording._calibration import steps_to_mv
from ectopy.recording._leads import STANDARD_LEADS
from ectopy.recording._sniff import Layout, sniff_head
from ectopy.recording._table import read_table
from ectopy.recording.value import Inference, Recording, Source

FORMAT: Final = "Contec ECG90A (CSV)"
_FS_HZ: Final = 800.0
MV_PER_STEP: Final = 0.005
_MIN_ROWS: Final = 50


def matches(head: bytes, path: Path) -> bool:
    """Whether the head of a file is twelve columns that obey the equations of the exporter."""
    layout = sniff_head(head)
    return layout is not None and _is_export(layout)


def read(path: Path, fs: float | None = None, units: str | None = None) -> Recording:
    """Read the leads that were connected.

    Parameters
    ----------
    path
        The file.
    fs
        Sampling rate in Hz, where it is not the 800 Hz of the device.
    units
        Unit to take instead of the 5 µV steps of the device.

    Returns
    -------
    Recording

    Raises
    ------
    DamagedFileError
        If the file is no such table, or lines of it are broken.
    """
    layout = delimited.find_layout(path)
    if layout is None or not _is_export(layout):
        raise DamagedFileError(f"{path.name} is no table of a Contec ECG90A; export it again")
    table = read_table(path, layout, range(len(STANDARD_LEADS)), None)
    held = [i for i in range(len(STANDARD_LEADS)) if np.isfinite(table.values[:, i]).any()]
    signal = np.ascontiguousarray(table.values[:, held])
    rate, inferred = fs or _FS_HZ, []
    why = "the leads are computed as for the ECG90A, which"
    if fs is None:
        inferred.append(Inference("sampling rate", "800 Hz", f"{why} records at it", "--fs"))
    inferred.append(
        Inference("leads", ", ".join(STANDARD_LEADS), f"{why} writes them in this order")
    )
    if units is None:
        inferred.append(Inference("units", "5 µV steps", f"{why} has such steps", "--units"))
    resolution, about_units = steps_to_mv(signal, rate, [MV_PER_STEP] * len(held), units)
    off = [STANDARD_LEADS[i] for i in range(len(STANDARD_LEADS)) if i not in held]
    if off:
        inferred.append(Inference("leads left out", ", ".join(off), "they are empty"))
    return Recording(
        signal,
        rate,
        tuple(STANDARD_LEADS[i] for i in held),
        source=Source(str(path), FORMAT, (*inferred, *about_units)),
        resolution=resolution,
    )


def _is_export(layout: Layout) -> bool:
    if len(layout.kinds) != len(STANDARD_LEADS) or any(layout.names) or layout.preamble:
        return False
    rows = [[layout.style.number(cell) for cell in row] for row in layout.sample if len(row) == 12]
    table = np.array(rows)[:, :6]
    table = table[np.isfinite(table).all(axis=1)]
    return obeys_exporter(table)


def obeys_exporter(limb: NDArray[np.float64]) -> bool:
    """Whether I, II, III, aVR, aVL and aVF, ``(n, 6)``, are as the exporter computes them."""
    if len(limb) < _MIN_ROWS or not (limb == np.rint(limb)).all():
        return False
    i, ii, iii, avr, avl, avf = limb.T
    moves = np.ptp(ii) > 0 and np.ptp(iii) > 0 and bool((iii % 2).any())
    return bool(
        moves
        and (i == ii - iii).all()
        and (avr == _half(iii) - ii).all()
        and (avl == _half(ii) - iii).all()
        and (avf == _half(ii + iii)).all()
    )


def _half(steps: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(np.trunc(steps / 2), np.float64)
