"""MFER: definitions of all kinds and orders, frames, channels of their own, other signals."""

import struct
from datetime import datetime

import numpy as np
import pytest
from clinical_signals import TWELVE, counts
from ecgdatakit.parsing.parsers.mfer import MFERParser

from ectopy.errors import EctopyError, RecordingError
from ectopy.recording import mfer, read
from ectopy.recording._scp_leads import LEAD_NAMES

COUNTS = counts(12, step_uv=2.5)
MV = COUNTS * 0.0025
NUMBER = {name: number for number, name in LEAD_NAMES.items()}


def define(tag: int, value: bytes, wide: bool = False) -> bytes:
    if len(value) < 128 and not wide:
        return bytes([tag, len(value)]) + value
    return bytes([tag, 0x84]) + struct.pack(">I", len(value)) + value


def own(channel: int, content: bytes, open_end: bool = False) -> bytes:
    if open_end:
        return bytes([0x3F, channel, 0x80]) + content + b"\0\0"
    return bytes([0x3F, channel, len(content)]) + content


def build(table=COUNTS, order=">", block=50, names=TWELVE, rate=None, frames=1, **more) -> bytes:
    """A resting ECG as a cart would write it."""
    rate = rate or b"\1\xfd" + struct.pack(order + "H", 2)  # 2 ms
    n, channels = table.shape
    parts = [
        define(0x40, b"MFR Standard 12 leads ECG       "),
        define(0x01, b"\1" if order == "<" else b"\0"),
        define(0x08, struct.pack(order + "H", more.get("form", 1))),
        define(0x81, b"Secret^Ada"),
        define(0x82, b"17"),
        define(0x85, struct.pack(order + "H", 2021) + bytes([3, 28, 8, 15, 30])),
        define(0x0B, rate) if rate != b"none" else b"",
        define(0x0C, b"\0\xf9" + struct.pack(order + "h", 25)),  # 25 * 10^-7 V
        define(0x04, struct.pack(order + "I", block)),
        define(0x05, bytes([channels])),
        more.get("extra", b""),
    ]
    for i, name in enumerate(names):
        content = define(0x09, struct.pack(order + "H", NUMBER.get(name, 160)))
        parts.append(own(i, content, more.get("open_end", False)))
    per_frame = n // frames
    for k in range(frames):
        piece = table[k * per_frame : (k + 1) * per_frame]
        blocks = piece.reshape(-1, block, channels).transpose(0, 2, 1)
        sequences = more.get("sequences", len(blocks))
        parts.append(define(0x06, struct.pack(order + "I", sequences)))
        parts.append(define(0x1E, blocks.astype(order + "i2").tobytes(), wide=True))
    return b"".join(parts) + b"\x80"


def save(folder, data: bytes):
    path = folder / "ecg.mwf"
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("more", [{}, {"open_end": True}, {"frames": 4}, {"block": 1}])
def test_layouts(tmp_path, order, more):
    path = save(tmp_path, build(order=order, **more))
    recording = read(path)
    assert (recording.source.format, recording.fs) == ("MFER", 500.0)
    assert (recording.leads, recording.source.inferred) == (TWELVE, ())
    assert recording.start == datetime(2021, 3, 28, 8, 15, 30)
    np.testing.assert_allclose(recording.signal, MV, atol=1e-6)
    for lead in MFERParser().parse(path).leads:
        uv = lead.samples * lead.resolution + lead.offset
        np.testing.assert_allclose(recording.lead(lead.label), uv / 1000, atol=1e-6)


def test_without_preamble(tmp_path):
    data = build()
    assert read(save(tmp_path, data[2 + data[1] :])).leads == TWELVE


RATES = [(b"\0\0\x01\xf4", 500.0), (b"\1\xfa\x0f\x42", 1e6 / 3906), (b"none", 1000.0)]


@pytest.mark.parametrize(("rate", "fs"), RATES)
def test_rates(tmp_path, rate, fs):
    recording = read(save(tmp_path, build(rate=rate)))
    assert recording.fs == pytest.approx(fs)
    stated = [note.what for note in recording.source.inferred]
    assert stated == (["sampling rate"] if rate == b"none" else [])


def test_missing_samples_and_offset(tmp_path):
    table = COUNTS.copy()
    table[100:150, 3] = -30000
    extra = define(0x12, struct.pack(">h", -30000)) + define(0x0D, struct.pack(">h", 100))
    recording = read(save(tmp_path, build(table, extra=extra)))
    assert np.flatnonzero(np.isnan(recording.signal[:, 3])).tolist() == list(range(100, 150))
    np.testing.assert_allclose(recording.signal[:, 0], MV[:, 0] + 0.25, atol=1e-6)


def test_signals_that_are_no_ecg(tmp_path):
    recording = read(save(tmp_path, build(names=(*TWELVE[:11], "breath"))))
    assert recording.leads == TWELVE[:11]
    assert recording.source.inferred[0].what == "signals left out"
    for form in (9, 40):
        with pytest.raises(RecordingError, match="no rhythm of an ECG"):
            read(save(tmp_path, build(form=form)))


BROKEN = [
    (build()[:-2000], "promises"),
    (build(sequences=10**9), "promises"),
    (build().replace(b"\x05\x01\x0c", b"\x05\x01\x00"), "promises 0 channels"),
    (build().replace(b"\x05\x01\x0c", b"\x05\x04\x0f\xff\xff\xff"), "channels"),
    (build(extra=define(0x0E, b"\0\1")), "compressed"),
    (build(extra=define(0x0A, b"\x09")), "linear samples"),
    (build(extra=(b"\x67\x80" * 30)), "definition|contents"),
    (build(rate=b"\1\xfd\0\0"), "impossible"),
]


@pytest.mark.parametrize(("data", "message"), BROKEN)
def test_damage(tmp_path, data, message):
    with pytest.raises(EctopyError, match=message):
        read(save(tmp_path, data))


TEXTS = [b"ECG,time\n1,2\n3,4\n" * 99, b"\n\n1\n2\n" * 99, b"A\x0bB" * 99, b"", b"\0" * 999]


@pytest.mark.parametrize("head", TEXTS)
def test_what_is_no_mfer(tmp_path, head):
    assert not mfer.matches(head, tmp_path)


def test_names_stay_behind(tmp_path):
    path = save(tmp_path, build())
    assert "Secret" not in repr(read(path))
    identity = dict(read(path, keep_identity=True).source.identity)
    assert identity == {"name": "Secret Ada", "patient_id": "17"}
