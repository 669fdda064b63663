"""What a file that no reader takes looks like, so that the error can name it."""

from __future__ import annotations

import re
from typing import Final

_STARTS: Final = (
    (b"\xffBIOSEMI", "BDF"),
    (b"GDF ", "GDF"),
    (b"ISHNE1.0", "an ISHNE Holter recording"),
    (b"MATLAB 5.0", "a MATLAB file"),
    (b"\x89HDF", "HDF5 or MATLAB 7.3"),
    (b"PK\x03\x04", "a ZIP archive or an Office document"),
    (b"\xd0\xcf\x11\xe0", "an old Office document"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"BZh", "a bzip2 archive"),
    (b"\xfd7zXZ", "an xz archive"),
    (b"7z\xbc\xaf", "a 7z archive"),
    (b"%PDF", "a PDF document"),
    (b"{\\rtf", "an RTF document"),
    (b"\x89PNG", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"GIF8", "a GIF picture"),
    (b"\x93NUMPY", "a NumPy array"),
    (b"PAR1", "a Parquet file"),
    (b"SQLite format", "an SQLite database"),
    (b"\x7fELF", "a program"),
    (b"MZ", "a program"),
)
_RESULT: Final = re.compile(
    rb"""[\xef\xbb\xbf\xff\xfe"']*sample["']?[,;\t]\s*["']?time_s["']?[,;\t]\s*["']?label\b"""
)
_XML_ROOTS: Final = (
    (rb"<(?:\w+:)?AnnotatedECG\b", "an HL7 aECG (XML)"),
    (rb"<RestingECG\b", "a GE MUSE recording (XML)"),
    (rb"<restingecgdata\b", "a Philips Sierra recording (XML)"),
    (rb"<HealthData\b", "an Apple Health export (XML)"),
    (rb"<!DOCTYPE html|<html\b", "a web page (HTML)"),
    (rb"<svg\b", "an SVG picture"),
)


def is_own_result(head: bytes) -> bool:
    """Whether a file is a table of beats by ectopy, as written or saved by a spreadsheet."""
    return bool(_RESULT.match(head[:200].replace(b"\0", b"")))


def looks_like(head: bytes) -> str:
    """Name what the first bytes of a file look like.

    Parameters
    ----------
    head
        The beginning of the file, a few kilobytes.

    Returns
    -------
    str
        Such as ``"EDF"``; empty if nothing is recognised.
    """
    for start, name in _STARTS:
        if head.startswith(start):
            return name
    if is_own_result(head):
        return "a table of beats written by ectopy, not a recording"
    if head[:8].strip() == b"0" and head[168:176].count(b".") == 2:
        return "EDF"
    if head[128:132] == b"DICM":
        return "DICOM"
    if head[16:22] == b"SCPECG" or head[14:20] == b"SCPECG":
        return "SCP-ECG"
    if head.startswith((b"\xff\xfe<", b"\xfe\xff\0<", b"<\0")):
        head = head.replace(b"\0", b"").lstrip(b"\xff\xfe")
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    if text[:1] == b"<":
        for root, name in _XML_ROOTS:
            if re.search(root, text, re.IGNORECASE):
                return name
        return "XML"
    if re.match(rb'[\[{]\s*("|[\[{]|-?\d)', text):
        return "JSON"
    if b"\0" in head or len(re.findall(rb"[\x01-\x08\x0e-\x1f]", head)) > len(head) / 100:
        return "binary data"
    return "text without columns of numbers" if text else ""
