import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from ectopy.analysis import Analysis
from ectopy.beats.value import Beats, Stretch
from ectopy.labels import DEFAULT_MODEL, Labels, load_card
from ectopy.recording.value import Annotations, Inference, Recording, Source
from ectopy.report import write_report
from ectopy.report.facts import file_name
from ectopy.report.html import render
from ectopy.rhythm import find_rhythm
from ectopy.simulate import simulate

VOID = {"meta", "br", "path", "rect"}
EVIL = "<script>alert('x')</script>&\"<img src=//evil>"


class Page(HTMLParser):
    """What a browser would make of a page; refuses tags that are not closed in order."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.words: list[str] = []
        self._open: list[str] = []
        self.feed(html)
        self.close()
        assert not self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self._open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self._open and self._open[-1] != "style":
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).replace("\u00a0", " ").split())


def test_the_page_says_what_was_found(five_minutes: Analysis) -> None:
    text = Page(render(five_minutes)).text
    counts = five_minutes.labels.counts()
    assert "Not a medical device." in text
    assert "What this report is not" in text
    assert f"found {len(five_minutes.beats)} heartbeats and named {counts['N']} of them" in text
    assert (
        f"{counts['V']} ventricular ectopic ({100 * counts['V'] / len(five_minutes.beats):.1f} %)"
        in text
    )
    assert f"{five_minutes.rhythm.mean_bpm:.0f} beats per minute on average" in text
    runs = [e for e in five_minutes.rhythm.episodes if (e.kind, e.label) == ("run", "V")]
    assert f"longest ventricular run had {max(run.n_beats for run in runs)} beats" in text
    for fact in ("5 min", "250 Hz", "some-model", "ab" * 32, "ectopy 0.1.0"):
        assert fact in text


def test_the_page_loads_and_runs_nothing(five_minutes: Analysis) -> None:
    page = Page(render(five_minutes))
    assert not {"script", "img", "link", "iframe", "object", "use"} & set(page.tags)
    assert not [name for name, _ in page.attributes if name.startswith("on")]
    links = {value for name, value in page.attributes if name in ("src", "href")}
    targets = {f"#{value}" for name, value in page.attributes if name == "id"}
    assert "#limits" in links
    assert links <= targets
    assert "url(" not in render(five_minutes)
    assert "@import" not in render(five_minutes)


def test_nothing_from_the_recording_becomes_markup(five_minutes: Analysis) -> None:
    recording = replace(
        five_minutes.recording,
        leads=(EVIL, "V1"),
        source=Source(f"/tmp/{EVIL}", EVIL, (Inference(EVIL, EVIL, EVIL, EVIL),)),
    )
    labels = replace(
        five_minutes.labels,
        model=EVIL,
        reason=np.where(five_minutes.labels.abstained, EVIL, ""),
    )
    beats = replace(five_minutes.beats, lead=EVIL, bad=(Stretch(0, 9000, EVIL),))
    analysis = replace(
        five_minutes,
        **{"recording": recording, "labels": labels, "beats": beats},
        settings={EVIL: EVIL},
        software=EVIL,
    )
    card = {"warning": EVIL, "says": EVIL, "figures": {EVIL: 1, "classes": {EVIL: {}}}}
    page, plain = Page(render(analysis, card)), Page(render(five_minutes))
    assert set(page.tags) <= set(plain.tags) | {"ul"}
    assert {name for name, _ in page.attributes} <= {name for name, _ in plain.attributes}
    assert page.text.count("alert('x')") > 10


def test_only_the_name_of_the_file_is_told() -> None:
    assert file_name("/home/someone/ECG of 5 May.csv") == "ECG of 5 May.csv"
    assert file_name(r"C:\Users\someone\ecg.csv") == "ecg.csv"
    assert file_name("") == ""


def test_strips_of_every_class_and_of_what_stands_out(five_minutes: Analysis) -> None:
    page = render(five_minutes)
    focused = re.findall(r'<text class="letter (\w) focused"', page)
    assert set(focused) == set("NSVF")
    assert all(focused.count(label) <= 3 for label in "NSVF")
    assert "The longest ventricular run" in page
    assert "The longest supraventricular run" in page


@pytest.mark.parametrize("seconds", [2, 7.5, 30, 63])
def test_a_short_recording_is_shown_whole(
    analysis_of: Callable[..., Analysis], seconds: float
) -> None:
    analysis = analysis_of(simulate(seconds, 250, seed=4))
    page = render(analysis)
    letters = re.findall(r'<text class="letter (\w)', page)
    assert letters == analysis.labels.aami.tolist()
    widths = [float(w) for w in re.findall(r'class="ecg"[^>]*? width="([\d.]+)mm"', page)]
    assert sum(width - 10 for width in widths) == pytest.approx(25 * seconds, abs=0.1)


@pytest.mark.parametrize("n_leads", [1, 12])
@pytest.mark.parametrize("n", [0, 1, 2])
def test_few_beats_and_many_leads_are_no_trouble(n: int, n_leads: int) -> None:
    signal = np.zeros((20_000, n_leads), np.float32)
    signal[300:400] = np.nan
    leads = tuple(f"L{k}" for k in range(n_leads))
    recording = Recording(signal, 250, leads, start=datetime(2024, 12, 31, 23, 59, 30))
    beats = Beats(np.arange(n) * 250 + 50, np.ones(n), 250, leads[-1])
    labels = Labels(
        np.full(n, "V"),
        np.tile(np.float32([0, 0, 1, 0, 0]), (n, 1)),
        np.zeros(n, bool),
        np.full(n, ""),
        "some-model",
        "",
    )
    rhythm = find_rhythm(beats, labels, duration_s=recording.duration_s)
    page = Page(render(Analysis(recording, beats, labels, rhythm, {}, "ectopy 0.1.0")))
    assert "svg" in page.tags
    if n == 0:
        assert "found no heartbeat" in page.text
        assert "says nothing about the heart" in page.text
    assert "nan" not in page.text.lower().split()
    assert "None" not in page.text.split()


def test_a_day_fits_a_small_file(analysis_of: Callable[..., Analysis], tmp_path: Path) -> None:
    piece = simulate(300, 100, seed=7)
    marks, times = piece.annotations, 288
    day = Recording(
        np.tile(piece.signal[:, :1], (times, 1)),
        100,
        ("II",),
        annotations=Annotations(
            (np.arange(times)[:, None] * piece.n_samples + marks.sample).ravel(),
            np.tile(marks.symbol, times),
            np.tile(marks.aux, times),
        ),
    )
    bad = tuple(Stretch(k, k + 40, "noisy") for k in range(0, day.n_samples, 400))
    path = write_report(analysis_of(day, bad=bad), tmp_path / "day.html")
    assert path.stat().st_size < 1_000_000
    text = Page(path.read_text("utf-8")).text
    assert f"In 24 h of lead II the software found {len(marks) * times:,} heartbeats" in text
    assert "10.0 % of the recording was too poor to trust" in text
    assert re.search(r"and [\d,]+ more, none longer", text)


def test_the_trend_counts_every_ectopic_beat(analysis_of: Callable[..., Analysis]) -> None:
    analysis = analysis_of(simulate(600, 100, seed=8, pattern="NNNNV"))
    page = render(analysis)
    lane = re.search(r'<path class="bars V" d="([^"]*)"', page)
    most = int(re.search(r">max (\d+)<", page).group(1))
    heights = [float(h) for h in re.findall(r"v-([\d.]+)h", lane.group(1))]
    counted = sum(round(height / max(heights) * most) for height in heights)
    assert counted == (analysis.labels.aami == "V").sum()
    short = render(analysis_of(simulate(30, 100, seed=8, pattern="NNNNV")))
    assert 'class="bars' not in short
    assert 'class="mark V"' in short


def test_the_card_of_the_model_is_shown(five_minutes: Analysis) -> None:
    card = {
        "warning": "It knew all patients.",
        "figures": {
            "macro_f1": 0.91588,
            "macro_f1_interval": [0.9094, 0.93222],
            "classes": {"V": {"se": 0.95, "ppv": 0.97, "f1": 0.96, "support": 1448}},
            "confusion": [[1, 0], [0, 1]],
        },
    }
    text = Page(render(five_minutes, card)).text
    assert "It knew all patients." in text
    assert "Macro F1 0.916 (0.909 – 0.932)" in text
    assert "V 0.950 0.970 0.960 1,448" in text
    assert "Figures of this model" not in Page(render(five_minutes)).text


def test_a_shipped_model_speaks_for_itself_and_only_for_its_own_weights(
    five_minutes: Analysis, tmp_path: Path
) -> None:
    card = load_card(DEFAULT_MODEL)
    labels = replace(five_minutes.labels, model=DEFAULT_MODEL, sha256=card["sha256"])
    write_report(replace(five_minutes, labels=labels), tmp_path / "a.html")
    assert card["warning"] in Page((tmp_path / "a.html").read_text("utf-8")).text
    write_report(
        replace(five_minutes, labels=replace(labels, sha256="0" * 64)), tmp_path / "b.html"
    )
    assert card["warning"] not in Page((tmp_path / "b.html").read_text("utf-8")).text


@pytest.mark.data
@pytest.mark.filterwarnings("ignore:The inplace keyword")  # wfdb 4.3 with pandas 3.1
def test_a_real_record(data: Path, analysis_of: Callable[..., Analysis], tmp_path: Path) -> None:
    import wfdb

    read = wfdb.rdrecord(str(data / "mitdb" / "208"))
    marks = wfdb.rdann(str(data / "mitdb" / "208"), "atr")
    recording = Recording(
        read.p_signal.astype(np.float32),
        read.fs,
        tuple(read.sig_name),
        annotations=Annotations(marks.sample, np.array(marks.symbol), np.array(marks.aux_note)),
    )
    analysis = analysis_of(recording)
    assert len(analysis.beats) == 2955
    text = Page(write_report(analysis, tmp_path / "208.html").read_text("utf-8")).text
    assert "1,586 of them normal" in text
    assert "992 ventricular ectopic (33.6 %)" in text
    write_report(analysis, tmp_path / "208.atr")
    back = wfdb.rdann(str(tmp_path / "208"), "atr")
    assert back.sample.tolist() == analysis.beats.sample.tolist()
