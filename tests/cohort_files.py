"""Small folders laid out as PTB-XL and as the PTB Diagnostic ECG Database are."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import wfdb

from ectopy.simulate import simulate


def write_record(folder, name, *, ill, seed, fs=100, seconds=10, leads=("I", "II"), comments=()):
    """A record whose lead II is wide-beat in the ill, and whose other leads hold half of it."""
    folder.mkdir(parents=True, exist_ok=True)
    made = simulate(seconds, fs, seed=seed, pattern="V" if ill else "N", rate_bpm=70 + seed % 15)
    x = made.signal[:, 0].astype(float)
    signal = np.stack([x if lead.lower() == "ii" else 0.5 * x for lead in leads], axis=1)
    wfdb.wrsamp(
        name, fs=fs, units=["mV"] * len(leads), sig_name=list(leads), p_signal=signal,
        fmt=["16"] * len(leads), write_dir=str(folder), comments=list(comments),
    )  # fmt: skip


PTB_LEADS = ("i", "ii", "iii", "avr", "v1")


def add_frank_lead(folder: Path, name: str, n_samples: int) -> None:
    """Put lead vx into a file of its own, as the Frank leads of the PTB database are."""
    path = folder / f"{name}.hea"
    first, *others = path.read_text().splitlines()
    words = first.split()
    words[1] = str(int(words[1]) + 1)
    (folder / f"{name}.xyz").write_bytes(np.zeros(n_samples, "<i2").tobytes())
    n = int(words[1]) - 1
    frank = f"{name}.xyz 16 2000 16 0 0 0 0 vx"
    path.write_text("\n".join([" ".join(words), *others[:n], frank, *others[n:]]) + "\n")


def write_ptb(folder: Path, people: dict[str, tuple[str | None, ...]], fs=1000, seconds=12) -> None:
    """A folder a patient, a record for each reason of admission; None for a header without one."""
    seed = 0
    for patient, reasons in people.items():
        for number, reason in enumerate(reasons):
            told = ["age: 60", "sex: female", "Diagnose:"]
            told += [f"Reason for admission: {reason}"] if reason is not None else []
            ill = any(each and "infarction" in each for each in reasons)
            write_record(
                folder / patient, f"s{seed:04d}_re", ill=ill, seed=seed, fs=fs, seconds=seconds,
                leads=PTB_LEADS, comments=[*told, f"Additional diagnoses: {number}"],
            )  # fmt: skip
            add_frank_lead(folder / patient, f"s{seed:04d}_re", fs * seconds)
            seed += 1


STATEMENTS = {"NORM": "NORM", "IMI": "MI", "ASMI": "MI", "NDT": "STTC", "SR": ""}


def write_ptbxl(folder: Path, rows: list[tuple[str, str, int]]) -> None:
    """Recordings of (patient, codes, fold)."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "scp_statements.csv").open("w", newline="") as stream:
        table = csv.writer(stream)
        table.writerow(["", "description", "diagnostic", "diagnostic_class"])
        for code, name in STATEMENTS.items():
            table.writerow([code, code, "1.0" if name else "", name])
    with (folder / "ptbxl_database.csv").open("w", newline="") as stream:
        table = csv.writer(stream)
        table.writerow(["ecg_id", "patient_id", "scp_codes", "strat_fold", "filename_lr"])
        for number, (patient, codes, fold) in enumerate(rows):
            name = f"{number:05d}_lr"
            table.writerow([number, f"{patient}.0", codes, fold, f"records100/00000/{name}"])
            write_record(folder / "records100" / "00000", name, ill="MI'" in codes, seed=number)
