"""SCP-ECG: plain, Huffman, differences, subtracted beats, bimodal, leads beyond 65,535 bytes."""

import binascii
import struct
from datetime import datetime

import numpy as np
import pytest
from clinical_signals import EIGHT, TWELVE, counts
from ecgdatakit.parsing.parsers.scp_ecg import SCPECGParser
from numpy.typing import NDArray

from ectopy.errors import DamagedFileError, EctopyError, RecordingError
from ectopy.recording import read

COUNTS = counts(8, step_uv=2.5)
MV = COUNTS * 0.0025
NUMBERS = {name: i for i, name in enumerate(("I", "II", "V1", "V2", "V3", "V4", "V5", "V6"), 1)}
NUMBERS |= {"III": 61, "aVR": 62, "aVL": 63, "aVF": 64}
DEFAULT_TABLE = struct.pack("<H", 19999)


def section(number: int, body: bytes) -> bytes:
    body += b"\0" * (len(body) % 2)
    head = struct.pack("<HIBB6s", number, len(body) + 16, 20, 20, bytes(6)) + body
    return struct.pack("<H", binascii.crc_hqx(head, 0xFFFF)) + head


def assemble(bodies: dict[int, bytes]) -> bytes:
    """A whole file: preamble, pointers, sections."""
    size = 16 + 10 * 12
    at, pointers, content = 7 + size, struct.pack("<HII", 0, size, 7), b""
    for number in range(1, 12):
        data = section(number, bodies[number]) if number in bodies else b""
        pointers += struct.pack("<HII", number, len(data), at if data else 0)
        at, content = at + len(data), content + data
    head = struct.pack("<HIBB6s", 0, size, 20, 20, b"SCPECG") + pointers
    zero = struct.pack("<H", binascii.crc_hqx(head, 0xFFFF)) + head
    rest = struct.pack("<I", 6 + len(zero) + len(content)) + zero + content
    return struct.pack("<H", binascii.crc_hqx(rest, 0xFFFF)) + rest


def tag(number: int, value: bytes) -> bytes:
    return struct.pack("<BH", number, len(value)) + value


WHO = (
    tag(0, b"Secret\0") + tag(1, b"Ada\0") + tag(2, b"17\0")
    + tag(5, struct.pack("<HBB", 1990, 1, 1)) + tag(25, struct.pack("<HBB", 2021, 3, 28))
    + tag(26, bytes([8, 15, 30])) + tag(255, b"")
)  # fmt: skip


def leads(names=EIGHT, n: int = 5000, flags: int = 0x44, first: int = 1) -> bytes:
    rows = [struct.pack("<IIB", first, first + n - 1, NUMBERS[name]) for name in names]
    return struct.pack("<BB", len(names), flags) + b"".join(rows)


def huffman(values: NDArray[np.int64]) -> bytes:
    """By the default table of the standard."""
    bits = []
    for value in values.tolist():
        size = abs(value)
        if size == 0:
            bits.append("0")
        elif size <= 8:
            bits.append("1" * size + "0" + ("1" if value < 0 else "0"))
        elif size <= 127:
            bits.append("1111111110" + f"{value & 0xFF:08b}")
        else:
            bits.append("1111111111" + f"{value & 0xFFFF:016b}")
    text = "".join(bits)
    text += "0" * (-len(text) % 8)
    return int(text, 2).to_bytes(len(text) // 8, "big")


def differences(values: NDArray[np.int64], order: int) -> NDArray[np.int64]:
    if order == 0:
        return values
    done = np.diff(values, n=order)
    return np.concatenate([values[:1] if order == 1 else values[:2], done])


def samples(table, order=0, packed=False, step=2500, interval=2000, bimodal=0) -> bytes:
    parts = []
    for lead in table if isinstance(table, list) else table.T:
        values = differences(lead, order)
        parts.append(huffman(values) if packed else values.astype("<i2").tobytes())
    sizes = struct.pack(f"<{len(parts)}H", *(len(part) % 65536 for part in parts))
    return struct.pack("<HHBB", step, interval, order, bimodal) + sizes + b"".join(parts)


def save(folder, bodies: dict[int, bytes]):
    path = folder / "r.scp"
    path.write_bytes(assemble({1: WHO, 3: leads(), **bodies}))
    return path


@pytest.mark.parametrize("order", [0, 1, 2])
@pytest.mark.parametrize("packed", [False, True])
def test_ways_to_store(tmp_path, order, packed):
    bodies = {6: samples(COUNTS, order, packed)} | ({2: DEFAULT_TABLE} if packed else {})
    path = save(tmp_path, bodies)
    recording = read(path)
    assert (recording.source.format, recording.fs) == ("SCP-ECG", 500.0)
    assert (recording.leads, recording.source.inferred) == (EIGHT, ())
    assert recording.start == datetime(2021, 3, 28, 8, 15, 30)
    np.testing.assert_allclose(recording.signal, MV, atol=1e-6)
    assert recording.resolution == pytest.approx((0.0025,) * 8)
    for lead in SCPECGParser().parse(path).leads:
        np.testing.assert_allclose(
            recording.lead(lead.label), lead.samples * lead.resolution / 1000, atol=1e-6
        )


def test_tables_of_the_file_and_the_way_between_them(tmp_path):
    """One table for 0 and a way on; the other for 16-bit values and the way back."""

    def code(prefix: int, total: int, mode: int, value: int, bits: str) -> bytes:
        return struct.pack("<BBBhI", prefix, total, mode, value, int(bits[::-1], 2))

    first = [code(1, 1, 1, 0, "0"), code(1, 1, 0, 2, "1")]
    second = [code(2, 18, 1, 0, "10"), code(2, 2, 0, 1, "11")]
    tables = struct.pack("<H", 2) + b"".join(
        struct.pack("<H", len(table)) + b"".join(table) for table in (first, second)
    )
    parts = []
    for lead in COUNTS.T:
        text = "".join(f"110{v & 0xFFFF:016b}11" if v else "0" for v in lead.tolist())
        text += "0" * (-len(text) % 8)
        parts.append(int(text, 2).to_bytes(len(text) // 8, "big"))
    body = struct.pack("<HHBB", 2500, 2000, 0, 0)
    body += struct.pack("<8H", *map(len, parts)) + b"".join(parts)
    recording = read(save(tmp_path, {2: tables, 6: body}))
    np.testing.assert_allclose(recording.signal, MV, atol=1e-6)


@pytest.mark.parametrize("packed", [False, True])
def test_leads_longer_than_their_length_can_say(tmp_path, packed):
    """Ninety seconds at 500 Hz are 90,000 bytes, the 16-bit length says 24,464."""
    table = counts(12, seconds=90, step_uv=2.5)
    if packed:  # noise, so that the packed leads are as long
        table = table + np.random.default_rng(0).integers(-300, 300, table.shape)
    bodies = {3: leads(TWELVE, 45_000), 6: samples(table, 0, packed)}
    recording = read(save(tmp_path, bodies | ({2: DEFAULT_TABLE} if packed else {})))
    assert recording.n_samples == 45_000
    np.testing.assert_allclose(recording.signal, table * 0.0025, atol=1e-5)


BEAT = np.rint(np.exp(-(((np.arange(100) - 40) / 8.0) ** 2)) * 300).astype(np.int64)
PLACES = [1000, 2000, 3000, 4000]


def test_subtracted_beats_are_added_again(tmp_path):
    """Section 5 has half the step of section 6, as files of two devices do."""
    rest = COUNTS - np.zeros_like(COUNTS)
    full = COUNTS * 2500.0
    for at in PLACES:
        full[at - 40 : at + 60] += BEAT[:, None] * 1250
    zones = b"".join(struct.pack("<HIII", 0, at - 39, at + 1, at + 60) for at in PLACES)
    bodies = {
        3: leads(flags=0x45),
        4: struct.pack("<HHH", 200, 41, len(PLACES)) + zones,
        5: samples(np.repeat(BEAT[:, None], 8, 1), step=1250),
        6: samples(rest),
    }
    path = save(tmp_path, bodies)
    recording = read(path)
    np.testing.assert_allclose(recording.signal, full / 1e6, atol=1e-5)
    for lead in SCPECGParser().parse(path).leads:
        np.testing.assert_allclose(
            recording.lead(lead.label), lead.samples * lead.resolution / 1000, atol=1e-5
        )


def test_bimodal_samples_are_drawn_out(tmp_path):
    """Outside the protected zones every fourth sample is stored, as the mean of four."""
    zones = [(at - 40, at + 40) for at in (1001, 2001, 3001, 4001)]
    smooth = np.rint(200 * np.sin(np.arange(5000) / 300)).astype(np.int64)
    stored, at = [], 0
    for begin, end in [*zones, (5001, 5001)]:
        sparse = smooth[at : begin - 1]
        edges = range(0, len(sparse), 4)
        stored += [round(sparse[i : i + 4].mean()) for i in edges]
        stored += smooth[begin - 1 : end].tolist() if begin < 5001 else []
        at = end
    table = [np.array(stored)] * 8
    bodies = {
        4: struct.pack("<HHH", 200, 41, 4)
        + b"".join(struct.pack("<HIII", 0, b, b + 40, e) for b, e in zones)
        + b"".join(struct.pack("<II", *zone) for zone in zones),
        5: samples(np.zeros((100, 8), np.int64)),
        6: samples(table, interval=8000, bimodal=1),
    }
    recording = read(save(tmp_path, bodies))
    assert (recording.fs, recording.n_samples) == (500.0, 5000)
    np.testing.assert_allclose(recording.signal[:, 0], smooth * 0.0025, atol=0.01)
    assert [note.what for note in recording.source.inferred] == ["samples"]


def test_leads_that_begin_later(tmp_path):
    body = leads(EIGHT[:4], 2500)
    later = leads(EIGHT[4:], 2500, first=2501)
    both = struct.pack("<BB", 8, 0x20) + body[2:] + later[2:]
    recording = read(save(tmp_path, {3: both, 6: samples(COUNTS[:2500])}))
    assert recording.n_samples == 5000
    assert np.isnan(recording.signal[2500:, :4]).all()
    assert np.isnan(recording.signal[:2500, 4:]).all()


def test_names_stay_behind(tmp_path):
    path = save(tmp_path, {6: samples(COUNTS)})
    assert "Secret" not in repr(read(path))
    identity = dict(read(path, keep_identity=True).source.identity)
    assert identity == {"name": "Ada Secret", "patient_id": "17", "birth_date": "1990-01-01"}


def test_a_wrong_checksum_is_said(tmp_path):
    path = save(tmp_path, {6: samples(COUNTS)})
    data = bytearray(path.read_bytes())
    data[-1000] ^= 1
    path.write_bytes(data)
    assert [note.what for note in read(path).source.inferred] == ["checksum"]


BROKEN = [
    ({3: leads(n=4_000_000_000)}, DamagedFileError, "4000000000"),
    ({3: struct.pack("<BBIIB", 1, 0, 9, 3, 1)}, DamagedFileError, "impossible"),
    ({6: struct.pack("<HHBB", 2500, 0, 0, 0) + bytes(99)}, DamagedFileError, "interval of 0"),
    ({6: samples(COUNTS[:4000])}, DamagedFileError, "lead 1 holds 4000 of 5000"),
    ({2: DEFAULT_TABLE, 6: samples(COUNTS[:600], 0, True)}, EctopyError, "samples"),
    ({2: struct.pack("<HH", 1, 600)}, DamagedFileError, "tables"),
    ({2: struct.pack("<HH", 1, 3) + struct.pack("<BBBhI", 1, 1, 1, 0, 0) * 3},
     DamagedFileError, "impossible"),
    ({2: DEFAULT_TABLE + bytes(9), 3: b"\0\0", 6: samples(COUNTS)}, DamagedFileError, "no leads"),
]  # fmt: skip


@pytest.mark.parametrize(("bodies", "error", "message"), BROKEN)
def test_damage(tmp_path, bodies, error, message):
    with pytest.raises(error, match=message):
        read(save(tmp_path, {6: samples(COUNTS), **bodies}))


def test_without_rhythm_or_cut_short(tmp_path):
    with pytest.raises(RecordingError, match="no rhythm"):
        read(save(tmp_path, {5: samples(COUNTS[:600])}))
    path = save(tmp_path, {6: samples(COUNTS)})
    path.write_bytes(path.read_bytes()[:-5000])
    with pytest.raises(DamagedFileError, match="section 6 should end"):
        read(path)


@pytest.mark.data
@pytest.mark.parametrize(
    ("name", "fs", "n", "n_leads"),
    [
        ("contec_Example.scp", 500.0, 5000, 12),
        ("scptools_ECG_00000000_000000_ANON000001.SCP", 600.0, 6000, 8),
    ],
)
def test_real_files(data, name, fs, n, n_leads):
    path = data / "formats" / "scp_ecg" / name
    recording, known = read(path), SCPECGParser().parse(path)
    assert (recording.fs, recording.n_samples, len(recording.leads)) == (fs, n, n_leads)
    for lead in known.leads:
        uv = lead.samples * lead.resolution
        np.testing.assert_allclose(recording.lead(lead.label), uv / 1000, atol=1e-5)
    assert 0.2 < recording.signal.max() < 3
    assert recording.source.inferred == ()
