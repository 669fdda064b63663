"""Ways to break a file: bits, bytes, lengths, numbers, words, pieces, the end."""

from __future__ import annotations

import re
from collections.abc import Sequence
from random import Random

NUMBERS = (
    b"", b"-1", b"0", b"1", b"2147483647", b"-2147483648", b"4294967296", b"99999999999999999999",
    b"1e308", b"-1e-320", b"nan", b"inf", b"1,5", b"1.5", b"0x10", "١٢".encode(),
)  # fmt: skip
WORDS = (
    b"<!DOCTYPE a [<!ENTITY b 'c'>]>", b"&b;", b"&#0;", b"<![CDATA[", b"-->", b"</",
    b"../../etc/passwd", b"\0", b"\xff\xfe", b"\xef\xbb\xbf", b"\r", b"\n\n\n", b'"', b"'", b";",
    b",", b"\t", b"[" * 500, b"{" * 500, b"#", b"%", b"null", b"true",
    b"\xed\xa0\x80", "µV".encode("latin-1"), b"hertz",
)  # fmt: skip
EDGE = 600
"""Bytes at the start of a file that every second change hits: that is where headers are."""


def mutate(random: Random, content: bytes, others: Sequence[bytes] = ()) -> bytes:
    """Give a broken copy of a file, one to four changes away from it."""
    for _ in range(random.choice((1, 1, 2, 4))):
        change = random.choice(CHANGES)
        content = change(random, content) if content else random.randbytes(20)
    if others and random.random() < 0.1:
        other = random.choice(others)
        content = content[: _place(random, content)] + other[_place(random, other) :]
    return content


def _place(random: Random, content: bytes) -> int:
    if random.random() < 0.5:
        return random.randrange(min(len(content), EDGE) + 1)
    return random.randrange(len(content) + 1)


def _bits(random: Random, content: bytes) -> bytes:
    made = bytearray(content)
    for _ in range(random.choice((1, 2, 8))):
        made[min(_place(random, content), len(made) - 1)] ^= 1 << random.randrange(8)
    return bytes(made)


def _bytes(random: Random, content: bytes) -> bytes:
    at, size = _place(random, content), random.choice((1, 2, 4, 8, 64))
    piece = random.choice((b"\0" * size, b"\xff" * size, b"\x7f" * size, random.randbytes(size)))
    return content[:at] + piece + content[at + size :]


def _integer(random: Random, content: bytes) -> bytes:
    at, size = _place(random, content), random.choice((2, 4, 8))
    bits = 8 * size
    value = random.choice((0, 1, 2 ** (bits - 1) - 1, 2 ** (bits - 1), 2**bits - 1, 65536, 256))
    piece = (value % 2**bits).to_bytes(size, random.choice(("little", "big")))
    return content[:at] + piece + content[at + size :]


def _number(random: Random, content: bytes) -> bytes:
    """Replace a number in text, near the place that is hit."""
    at = _place(random, content)
    found = re.compile(rb"[-+]?\d+(?:[.,]\d+)?").search(content, at)
    if found is None:
        return _integer(random, content)
    value = random.choice((*NUMBERS, found[0] + b"0", b"-" + found[0], found[0] * 3))
    return content[: found.start()] + value + content[found.end() :]


def _word(random: Random, content: bytes) -> bytes:
    at = _place(random, content)
    return content[:at] + random.choice(WORDS) + content[at:]


def _cut(random: Random, content: bytes) -> bytes:
    return content[: _place(random, content)]


def _drop(random: Random, content: bytes) -> bytes:
    at = _place(random, content)
    return content[:at] + content[at + random.choice((1, 2, 7, 100, 3000)) :]


def _double(random: Random, content: bytes) -> bytes:
    at, size = _place(random, content), random.choice((1, 8, 100, 5000))
    piece = content[at : at + size]
    return content[:at] + piece * random.choice((1, 2, 20)) + content[at:]


def _swap(random: Random, content: bytes) -> bytes:
    a, b = sorted((_place(random, content), _place(random, content)))
    size = random.choice((2, 16, 400))
    return content[:a] + content[b : b + size] + content[a:b] + content[b + size :]


def _tail(random: Random, content: bytes) -> bytes:
    return content + random.choice((b"\0" * 3000, b"\n", random.randbytes(500), content[:5000]))


CHANGES = (_bits, _bytes, _integer, _number, _number, _word, _cut, _drop, _double, _swap, _tail)
