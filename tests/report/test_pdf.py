import io
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
from pypdf import PdfReader
from pypdf.generic import ContentStream

from ectopy.analysis import Analysis
from ectopy.beats.value import Beats
from ectopy.errors import OutputError
from ectopy.labels.value import Labels
from ectopy.recording.value import Annotations, Recording, Source
from ectopy.report import write_report
from ectopy.report.language import catalogue
from ectopy.report.write import PAPERS
from ectopy.rhythm import find_rhythm

MM = 72 / 25.4


@dataclass
class Line:
    """A drawn line on the page: its points in mm from the lower left corner, width and colour."""

    points: np.ndarray
    width: float
    colour: tuple[float, ...]


def lines(reader: PdfReader, number: int) -> Iterator[Line]:
    """Follow the drawing operators of a page as a printer does."""
    page = reader.pages[number]
    matrix, width, colour = np.eye(3), 1.0, (0.0,)
    kept, points = [], []
    for operands, operator in ContentStream(page.get_contents(), reader).operations:
        values = [float(o) for o in operands if isinstance(o, int | float)]
        match operator:
            case b"q":
                kept.append((matrix, width, colour))
            case b"Q":
                matrix, width, colour = kept.pop()
            case b"cm":
                a, b, c, d, e, f = values
                matrix = np.array([[a, b, 0], [c, d, 0], [e, f, 1]]) @ matrix
            case b"w":
                width = values[0]
            case b"RG":
                colour = tuple(values)
            case b"m" | b"l":
                points.append([*values, 1])
            case b"S" | b"s":
                scale = np.sqrt(abs(np.linalg.det(matrix[:2, :2])))
                yield Line((np.array(points) @ matrix)[:, :2] / MM, width * scale / MM, colour)
                points = []
            case b"n" | b"f" | b"F" | b"f*" | b"B" | b"B*":
                points = []


def read(path: Path) -> PdfReader:
    return PdfReader(io.BytesIO(path.read_bytes()))


def flat(text: str) -> str:
    return "".join(text.split())


@pytest.fixture(scope="module")
def minute(analysis_of: Callable[..., Analysis]) -> Analysis:
    """21 s with a square pulse of 1 mV and 0.2 s each second: three strips in two pages."""
    signal = np.zeros(21 * 500, np.float32)
    for second in range(21):
        signal[second * 500 + 200 : second * 500 + 300] = 1.0
    at = np.arange(21) * 500 + 250
    annotations = Annotations(at, np.full(21, "N"), np.full(21, ""))
    recording = Recording(signal[:, None], 500, ("II",), annotations=annotations)
    return analysis_of(recording)


@pytest.mark.parametrize("paper", PAPERS)
def test_strips_are_true_to_scale(minute: Analysis, tmp_path: Path, paper: str) -> None:
    reader = read(write_report(minute, tmp_path / "a.pdf", paper=paper))
    pulses, squares, grids = [], [], []
    for number in range(len(reader.pages)):
        for line in lines(reader, number):
            size = np.ptp(line.points, axis=0)
            if len(line.points) == 6 and np.allclose(size, [7, 10], atol=0.05):
                pulses.append(line)
            elif len(line.points) > 3000 and size[0] > 150:
                squares.append(line)
            elif len(line.points) > 300 and abs(size[0] - 185) < 0.01:
                grids.append(line)
    assert len(pulses) == len(squares) == len(grids) == 3
    for pulse in pulses:
        x, y = np.diff(pulse.points, axis=0).T
        np.testing.assert_allclose(np.abs(y[[1, 3]]), 10, atol=0.005)
        np.testing.assert_allclose(x[2], 5, atol=0.005)
    for square in squares:
        x, y = square.points.T
        up = np.flatnonzero(np.diff(y) > 5)
        np.testing.assert_allclose(np.diff(x[up]), 25, atol=0.02)
        np.testing.assert_allclose(np.ptp(y), 10, atol=0.02)
        assert square.width == pytest.approx(0.28, abs=0.01)
    edge = (PAPERS[paper][0] - 185) / 2
    for grid in grids:
        first, second = grid.points[::2], grid.points[1::2]
        across = np.unique((first[first[:, 0] == second[:, 0], 0] - edge).round(2))
        assert across.tolist() == [x for x in range(186) if x % 5]
        down = np.unique(first[first[:, 1] == second[:, 1], 1].round(3))
        assert set(np.diff(down).round(2)) == {1.0, 2.0}


@pytest.mark.parametrize(
    ("paper", "language"), [("a4", "en"), ("letter", "en"), ("letter", "ko"), ("a4", "ja")]
)
def test_every_page_says_what_it_is(
    five_minutes: Analysis, tmp_path: Path, paper: str, language: str
) -> None:
    recording = replace(
        five_minutes.recording,
        start=datetime(2024, 5, 1, 9, 30),
        source=Source("/home/holly/holter.edf", "EDF"),
    )
    analysis = replace(five_minutes, recording=recording)
    path = write_report(analysis, tmp_path / "a.pdf", language=language, paper=paper)
    reader, t = read(path), catalogue(language)
    n = len(reader.pages)
    assert n > 3
    whole = ""
    for number, page in enumerate(reader.pages, 1):
        sides = [float(side) / MM for side in page.mediabox[2:]]
        assert sides == pytest.approx(PAPERS[paper], abs=0.01)
        text = flat(page.extract_text())
        whole += text
        assert f"{number}/{n}" in text
        assert flat(t("foot.not_device")) in text
        assert "holter.edf" in text
        assert "2024" in text
        assert "holly" not in text
    assert reader.metadata.title == t("title", name="holter.edf")
    assert reader.trailer["/Root"]["/Lang"] == language
    assert reader.trailer["/Root"]["/ViewerPreferences"]["/PrintScaling"] == "/None"
    for key in ("beats.title", "rate.title", "poincare.title", "gallery.title", "limits.lead"):
        assert flat(t(key)) in whole
    assert [entry.title for entry in reader.outline][-1] == t("limits.title")


def test_nothing_leaves_the_page_and_nothing_is_an_image(
    five_minutes: Analysis, tmp_path: Path
) -> None:
    path = write_report(five_minutes, tmp_path / "a.pdf", paper="letter")
    reader = read(path)
    assert path.stat().st_size < 1_000_000
    for number, page in enumerate(reader.pages):
        assert not page.images
        for line in lines(reader, number):
            assert line.points.min() >= -0.01
            assert line.points[:, 0].max() <= 216
            assert line.points[:, 1].max() <= 280


def test_episodes_link_to_the_page_of_their_strip(five_minutes: Analysis, tmp_path: Path) -> None:
    reader = read(write_report(five_minutes, tmp_path / "a.pdf"))
    numbers = {page.indirect_reference.idnum: k for k, page in enumerate(reader.pages)}
    targets = {
        numbers[list.__getitem__(note.get_object()["/Dest"], 0).idnum]
        for page in reader.pages
        for note in page.get("/Annots", [])
    }
    assert targets
    for number in targets:
        text = reader.pages[number].extract_text()
        assert re.search("The longest|number 2|stretch", text)


@pytest.mark.parametrize(("n", "language"), [(0, "en"), (1, "ko"), (1, "ja"), (2, "en")])
def test_few_beats_are_no_trouble(n: int, language: str, tmp_path: Path) -> None:
    signal = np.zeros((20_000, 2), np.float32)
    signal[300:400] = np.nan
    recording = Recording(signal, 250, ("I", "<b>&</b>"), source=Source("a & <b>ü심박電Ж.csv"))
    beats = Beats(np.arange(n) * 250 + 50, np.ones(n), 250, "<b>&</b>")
    labels = Labels(
        np.full(n, "V"),
        np.tile(np.float32([0, 0, 1, 0, 0]), (n, 1)),
        np.zeros(n, bool),
        np.full(n, ""),
        "some-model",
        "",
    )
    rhythm = find_rhythm(beats, labels, duration_s=recording.duration_s)
    analysis = Analysis(recording, beats, labels, rhythm, {}, "ectopy 0.1.0")
    reader = read(write_report(analysis, tmp_path / "a.pdf", language=language))
    text = "".join(page.extract_text() for page in reader.pages)
    assert "a & <b>ü심박電Ж.csv" in text
    assert not re.search(r"\b(nan|None)\b", text)


def test_an_unknown_paper_lists_the_known_ones(five_minutes: Analysis, tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"'a5'.*a4, letter"):
        write_report(five_minutes, tmp_path / "a.pdf", paper="a5")
    assert not list(tmp_path.iterdir())
