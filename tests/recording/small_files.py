"""A small valid file for every way that a reader takes, to be broken in tests."""

import gzip
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import edfio
import numpy as np
import test_apple_watch as apple_watch
import test_dicom as dicom
import test_edf as edf
import test_fhir as fhir
import test_ge_muse as ge_muse
import test_hl7_aecg as hl7_aecg
import test_ishne as ishne
import test_kardia as kardia
import test_mfer as mfer
import test_mortara as mortara
import test_movesense as movesense
import test_opensignals as opensignals
import test_packed as packed
import test_pc80b as pc80b
import test_philips_sierra as philips_sierra
import test_polar as polar
import test_scp_ecg as scp_ecg
import test_wav as wav
import wfdb
from recording_signals import beats_in_mv
from scipy.io import savemat
from test_contec import II, III, half, table
from test_write import recording

from ectopy.recording.write import write

FS = 250
MV = beats_in_mv(FS, 3)
UV = np.rint(1000 * MV).astype(np.int16)
ROWS = 1500
"""Samples of each lead of the clinical files."""


@dataclass(frozen=True)
class Small:
    """The files of one recording: content by name, and the name to read it by."""

    reader: str
    name: str
    files: dict[str, bytes]

    def put(self, folder: Path) -> Path:
        for name, content in self.files.items():
            (folder / name).write_bytes(content)
        return folder / self.name


Maker = Callable[[Path], Path]


def _text(name: str, content: str) -> Maker:
    def make(folder: Path) -> Path:
        (folder / name).write_text(content, encoding="utf-8")
        return folder / name

    return make


def _bytes(name: str, content: bytes) -> Maker:
    def make(folder: Path) -> Path:
        (folder / name).write_bytes(content)
        return folder / name

    return make


def _wfdb(fmt: str) -> Maker:
    def make(folder: Path) -> Path:
        signal = np.stack([MV, -MV], axis=1)
        names, units = ["II", "V1"], ["mV", "mV"]
        wfdb.wrsamp("r", FS, units, names, signal, fmt=[fmt] * 2, write_dir=str(folder))
        return folder / "r.hea"

    return make


def _segments(folder: Path) -> Path:
    for i in (1, 2):
        wfdb.wrsamp(f"s{i}", FS, ["mV"], ["II"], MV[:, None], fmt=["16"], write_dir=str(folder))
    n = len(MV)
    (folder / "r.hea").write_text(f"r/3 1 {FS} {3 * n}\ns1 {n}\n~ {n}\ns2 {n}\n")
    return folder / "r.hea"


def _bdf(folder: Path) -> Path:
    signal = edf.signal("ECG", 250, kind=edfio.BdfSignal)
    return edf.write(folder / "r.bdf", signal)


def _numpy(folder: Path) -> Path:
    np.savez_compressed(folder / "r.npz", signal=UV, fs=FS, leads=np.array(["II"]), units="uV")
    return folder / "r.npz"


def _fields(folder: Path) -> Path:
    rows = np.zeros(len(MV), [("time", "f8"), ("II", "f4")])
    rows["time"], rows["II"] = np.arange(len(MV)) / FS, MV
    np.save(folder / "r.npy", rows)
    return folder / "r.npy"


def _matlab(**options: object) -> Maker:
    def make(folder: Path) -> Path:
        savemat(folder / "r.mat", {"ecg": UV, "fs": float(FS), "units": "uV"}, **options)
        return folder / "r.mat"

    return make


def _parquet(folder: Path) -> Path:
    import pyarrow as pa
    import pyarrow.parquet as pq

    time = np.arange(len(MV)) / FS
    pq.write_table(pa.table({"time_s": time, "II [mV]": MV}), folder / "r.parquet")
    return folder / "r.parquet"


def _opensignals(folder: Path) -> Path:
    head = json.dumps(opensignals.header())
    lines = [f"{n % 16}\t0\t1\t{v}\t" for n, v in enumerate(opensignals.steps(10, 3.3, 1100))]
    top = ["# OpenSignals Text File Format", f"# {head}", "# EndOfHeader"]
    return _text("r.txt", "\n".join([*top, *lines, ""]))(folder)


def _delimited(separator: str, decimal: str) -> Maker:
    rows = [f"{n / FS:.3f}{separator}{v:.3f}{separator}{-v:.3f}" for n, v in enumerate(MV)]
    text = f"time [s]{separator}II [mV]{separator}V1 [mV]\n" + "\n".join(rows) + "\n"
    return _text("r.csv", text.replace(".", decimal))


def _scp(order: int, huffman: bool) -> Maker:
    samples = scp_ecg.samples(scp_ecg.COUNTS[:ROWS], order, huffman)
    more = {2: scp_ecg.DEFAULT_TABLE} if huffman else {}
    return lambda folder: scp_ecg.save(folder, {3: scp_ecg.leads(n=ROWS), 6: samples, **more})


def _philips(folder: Path) -> Path:
    text = philips_sierra.pack(philips_sierra.COUNTS[:ROWS])
    return philips_sierra.save(
        folder, philips_sierra.waveforms(text, ROWS, compression="XLI"), encoding="utf-8"
    )


def _mortara(folder: Path) -> Path:
    channel = mortara.channel("II", mortara.encoded(mortara.COUNTS[:ROWS, 1]), ROWS)
    return mortara.save(folder, channel)


_FHIR = fhir.observation(fhir.component("131330", fhir.BEATS), effectiveDateTime="2015-02-19")
MAKERS: dict[str, Maker] = {
    "wfdb_record 16": lambda folder: write(recording("integers"), folder / "r").paths[0],
    "wfdb_record 212": _wfdb("212"),
    "wfdb_record segments": _segments,
    "edf plus": lambda folder: write(recording("integers"), folder / "r.edf").paths[0],
    "edf interrupted": lambda folder: edf.plus_with_gap(
        folder / "r.edf", "EDF+D", [*range(10), *range(15, 25)]
    ),
    "edf bdf": _bdf,
    "dicom": lambda folder: dicom.save(folder, dicom.group(dicom.COUNTS[:ROWS])),
    "ishne": lambda folder: ishne.save(folder, ishne.COUNTS[:ROWS]),
    "scp_ecg": _scp(0, huffman=False),
    "scp_ecg huffman": _scp(2, huffman=True),
    "hl7_aecg": lambda folder: hl7_aecg.save(
        folder,
        hl7_aecg.document(
            hl7_aecg.series(hl7_aecg.time_axis() + hl7_aecg.leads(hl7_aecg.COUNTS[:ROWS]))
        ),
    ),
    "ge_muse": lambda folder: ge_muse.save(
        folder, ge_muse.waveform("Rhythm", ge_muse.COUNTS[:ROWS])
    ),
    "philips_sierra": _philips,
    "mortara": _mortara,
    "mfer": lambda folder: mfer.save(folder, mfer.build(mfer.COUNTS[:ROWS])),
    "kardia": _bytes(
        "r.atc",
        kardia.atc(
            kardia.info(),
            kardia.block(b"fmt ", kardia.FMT),
            kardia.block(b"ecg ", kardia.BEATS.tobytes()),
        ),
    ),
    "fhir": _text("r.json", json.dumps(_FHIR)),
    "json_signals": _text(
        "r.json", json.dumps({"signal": UV.tolist(), "sampling_frequency": FS, "unit": "uV"})
    ),
    "json_signals cells": _text(
        "r.csv", 'id,fs,ecg [uV]\n1,250,"' + json.dumps(UV.tolist()) + '"\n'
    ),
    "movesense": _text("r.json", json.dumps({"Samples": movesense.packets("MeasECGmV")})),
    "opensignals": _opensignals,
    "polar": _text("r.txt", polar.rows()),
    "pc80b": lambda folder: pc80b.write(folder / "r.txt"),
    "contec": _text("r.csv", table(half(III) - II)),
    "wav": _bytes("r.wav", wav.wav(np.rint(1000 * wav.BEATS).astype("<i2").tobytes())),
    "matlab": _matlab(),
    "matlab packed": _matlab(do_compression=True),
    "matlab 4": _matlab(format="4"),
    "matlab 7.3": lambda folder: matlab_73(folder),
    "numpy_array npz": _numpy,
    "numpy_array npy": _fields,
    "parquet": _parquet,
    "packed gzip": _bytes("r.csv.gz", gzip.compress(packed.CSV.encode())),
    "packed zip": lambda folder: packed.save_zip(folder / "r.zip", {"a/ecg.csv": packed.CSV}),
    "apple_watch": lambda folder: apple_watch.export(folder, apple_watch.ENGLISH),
    "delimited": _delimited(",", "."),
    "delimited comma": _delimited(";", ","),
}  # fmt: skip


def matlab_73(folder: Path) -> Path:
    """A MATLAB file of version 7.3, which is HDF5 behind a head of 512 bytes."""
    import h5py

    path = folder / "r.mat"
    with h5py.File(path, "w", userblock_size=512) as file:
        file["ecg"], file["fs"] = UV[None], np.array([[float(FS)]])
    head = b"MATLAB 7.3 MAT-file".ljust(124) + b"\0\2IM"
    path.write_bytes(head.ljust(512, b"\0") + path.read_bytes()[512:])
    return path


def small_file(name: str) -> Small:
    """Make one of `MAKERS`."""
    with TemporaryDirectory() as folder:
        path = MAKERS[name](Path(folder))
        files = {each.name: each.read_bytes() for each in Path(folder).iterdir()}
    return Small(name.split()[0], path.name, files)
