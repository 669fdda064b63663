"""Noise stress: the figures of a model as noise of known strength is added to clean records."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

from ectopy import ec57
from ectopy.evaluation.noise import SNRS_DB, add_noise, load_noise
from ectopy.evaluation.run import evaluate_record, reference_recording

CLEAN_RECORDS: Final = ("118", "119")
"""The clean records that the MIT-BIH Noise Stress Test Database adds its noise to."""


def noise_stress(
    model: str,
    data: Path,
    noise: Path,
    *,
    records: Sequence[str] = CLEAN_RECORDS,
    snrs_db: Sequence[float] = SNRS_DB,
    escape_beats: str = "S",
    noise_rms_mv: Sequence[float] | None = None,
    progress: Callable[[float], None] | None = None,
) -> dict[str, Any]:
    """Measure a model at falling ratios of signal to noise.

    Parameters
    ----------
    model
        Name or directory of a model.
    data
        Folder with the clean records.
    noise
        A record of noise, see :func:`ectopy.evaluation.noise.load_noise`.
    records
        Clean records to add it to.
    snrs_db
        Ratios of signal to noise in dB.
    escape_beats
        ``"S"`` or ``"N"``, as for :func:`ectopy.evaluation.evaluate`.
    noise_rms_mv
        Size of the noise in each lead; measured on its first 300 s where it is not given.
    progress
        Called with the share that is done, 0 to 1.

    Returns
    -------
    dict
        `record`, `noise`, `snr_db`, and for each of `qrs`, `veb` and `sveb` one dictionary of
        EC57 gross rates (fractions, None where undefined) a ratio; `clean` holds the same
        without noise.
    """
    disturbance = load_noise(noise)
    clean = {name: reference_recording(data, name) for name in records}
    levels: list[float | None] = [None, *snrs_db]
    figures = []
    for done, snr_db in enumerate(levels):
        if progress:
            progress(done / len(levels))
        compared = []
        for name, recording in clean.items():
            heard = recording
            if snr_db is not None:
                heard = add_noise(recording, disturbance, snr_db, noise_rms_mv=noise_rms_mv)
            result = evaluate_record(model, name, heard, escape_beats=escape_beats)
            assert result.comparison is not None
            compared.append(result.comparison)
        figures.append(_rates(ec57.summarise(compared)))
    kinds = ("qrs", "veb", "sveb")
    return {
        "record": ", ".join(records),
        "noise": noise.name,
        "snr_db": list(snrs_db),
        "clean": figures[0],
        **{kind: [one[kind] for one in figures[1:]] for kind in kinds},
    }


def _rates(summary: ec57.Summary) -> dict[str, dict[str, float | None]]:
    return {
        kind: {
            name: None if rate is None else rate / 100
            for name, rate in (("se", score.se), ("ppv", score.ppv), ("f1", score.f1))
        }
        for kind, score in summary.gross.items()
    }
