"""XML from strangers: bombs, entities and odd encodings; decimal commas."""

import pytest

from ectopy.errors import DamagedFileError, RecordingError
from ectopy.recording import _xml, read

BILLION_LAUGHS = (
    '<!DOCTYPE lolz [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
    "<AnnotatedECG>&b;</AnnotatedECG>"
)
OUTSIDE = (
    '<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]><RestingECG><Waveform>&x;'
    "</Waveform></RestingECG>"
)
UNSAFE = [
    (BILLION_LAUGHS, "entities"),
    (OUTSIDE, "entities"),
    ("<!DOCTYPE r [<!ATTLIST r a CDATA 'x'>]><RestingECG/>", "document type"),
    ("<RestingECG>" + "<a>" * 500 + "</a>" * 500 + "</RestingECG>", "nests them deeper"),
    ("<RestingECG>" + "<a/>" * 300_000 + "</RestingECG>", "more than 200000 XML elements"),
    ("<ECG><CHANNEL></ECG>", "well-formed"),
    ("<ECG><CHANNEL NAME='\0'/></ECG>", "well-formed"),
    ("<restingecgdata>&nbsp;</restingecgdata>", "well-formed"),
]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
@pytest.mark.parametrize(("text", "message"), UNSAFE)
def test_unsafe_or_broken_xml_is_refused(tmp_path, text, message, encoding):
    path = tmp_path / "file.xml"
    path.write_bytes(text.encode(encoding))
    with pytest.raises(DamagedFileError, match=message):
        read(path)


def test_size_is_limited(tmp_path, monkeypatch):
    monkeypatch.setattr(_xml, "MAX_BYTES", 1 << 20)
    path = tmp_path / "file.xml"
    path.write_text("<AnnotatedECG>" + " " * (1 << 20) + "</AnnotatedECG>")
    with pytest.raises(RecordingError, match="larger than 1 MB"):
        read(path)


PREFIXES = [
    b"",
    b"\xef\xbb\xbf",
    b'\xef\xbb\xbf<?xml version="1.0" encoding="UTF-8"?>\r\n',
    b"<?xml version='1.0' encoding='ISO-8859-1' standalone='no'?><!DOCTYPE ECG SYSTEM 'x.dtd'>",
    b"<?xml version='1.0'?><!-- a <RestingECG> -- > --><?go on?>\n",
    b"<?xml version='1.0' encoding='no-such-thing'?>",
    b"<?xml version='1.0' encoding='UTF-16'?>",
]


@pytest.mark.parametrize("prefix", PREFIXES)
def test_prologs(tmp_path, prefix):
    content = prefix + "<n:ECG xmlns:n='u'><n:a n:b='ä'>ö</n:a></n:ECG>".encode(
        "latin-1" if b"8859" in prefix else "utf-8"
    )
    assert _xml.root_name(content) == "ECG"
    path = tmp_path / "file.xml"
    path.write_bytes(content)
    if b" -- >" in prefix:  # two hyphens may not stand in a comment
        return
    child = _xml.parse(path)[0]
    assert (child.tag, child.get("b"), child.text) == ("a", "ä", "ö")


@pytest.mark.parametrize("order", ["utf-16-le", "utf-16-be", "utf-16"])
def test_two_byte_encodings(tmp_path, order):
    text = "<?xml version='1.0' encoding='utf-16'?><ECG a='é'/>"
    path = tmp_path / "file.xml"
    path.write_bytes(text.encode(order))
    assert _xml.root_name(path.read_bytes()) == "ECG"
    assert _xml.parse(path).get("a") == "é"


@pytest.mark.parametrize("head", [b"", b"<", b"<!--", b"<?xml", b"ECG", b"\xff\xfe", b"<\0", b"{}"])
def test_heads_that_are_no_xml(head):
    assert _xml.root_name(head) == ""


NUMBERS = [("2.5", 2.5), ("2,5", 2.5), (" -1e3 ", -1000.0), ("1.000,5", None), ("", None)]


@pytest.mark.parametrize(("text", "value"), [*NUMBERS, ("inf", None), ("nan", None), (None, None)])
def test_numbers(text, value):
    assert _xml.number(text) == value


LISTS = ["1 -2 3", "1,-2,3", "1, -2, 3", " 1\n-2\t3 ", "1;-2;3", "1.0 -2.0 3.0", "1,0 -2,0 3,0"]


@pytest.mark.parametrize("text", LISTS)
def test_lists_of_numbers(text):
    assert _xml.numbers_from_text(text, "lead I").tolist() == [1, -2, 3]
