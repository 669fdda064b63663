"""The page shows what the summary holds, and every error where it is."""

import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from ectopy import ec57
from ectopy.analysis import Analysis
from ectopy.beats import Beats
from ectopy.datasets.splits import Split, find_split
from ectopy.evaluation import RecordResult, evaluate, summarise
from ectopy.evaluation.charts import noise_chart
from ectopy.evaluation.curves import precision_recall, reliability, risk_curves
from ectopy.evaluation.mistakes import find_steps, worst_records
from ectopy.evaluation.page import rate, render, write_page
from ectopy.evaluation.run import as_annotations
from ectopy.evaluation.summary import mean_summary
from ectopy.labels import AAMI_CLASSES, Labels, aami_class, load_card
from ectopy.labels.scores import expected_calibration_error
from ectopy.rhythm import find_rhythm
from ectopy.simulate import simulate

MODEL = "cvxtz-ds1-ds2-v1"
MIXED = "cvxtz-kaggle-v1"
VOID = {"meta", "br", "path", "rect", "circle"}
EVIL = "<script>alert('x')</script>&\"<img src=//evil>"
NOISE = {
    "record": "118, 119",
    "noise": "em",
    "snr_db": [24, 6, -6],
    "clean": {kind: {"se": 1.0, "ppv": 0.9994} for kind in ("qrs", "veb", "sveb")},
    "qrs": [{"se": 1.0, "ppv": 0.998}, {"se": 0.913, "ppv": 0.8}, {"se": 0.7, "ppv": 0.5}],
    "veb": [{"se": 0.9, "ppv": 0.8}, {"se": 0.5, "ppv": 0.3}, {"se": 0.4, "ppv": 0.1}],
    "sveb": [{"se": 0.1, "ppv": 0.2}, {"se": 0.0, "ppv": None}, {"se": 0.0, "ppv": 0.0}],
}


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

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self._open.pop()

    def handle_endtag(self, tag):
        assert self._open.pop() == tag

    def handle_data(self, data):
        if self._open and self._open[-1] != "style":
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).replace("\u00a0", " ").split())

    def values(self, name: str) -> set[str]:
        return {value for key, value in self.attributes if key == name}


def section(html: str, name: str) -> str:
    """One section of a page."""
    return html.partition(f'<section id="{name}">')[2].partition("</section>")[0]


def summary_of(results, split, model=MODEL, beats="detected"):
    return summarise(results, split=split, card=load_card(model), beats=beats, escape_beats="S")


def reading(recording, sample, names, record="100", confidence=0.8):
    """The result of a model that found `names` at `sample` in a recording."""
    probability = np.full((len(names), 5), (1 - confidence) / 4, np.float32)
    probability[np.arange(len(names)), [AAMI_CLASSES.index(name) for name in names]] = confidence
    beats = Beats(sample, np.ones(len(sample)), recording.fs, "II")
    labels = Labels(
        np.array(names), probability, np.zeros(len(names), bool), np.full(len(names), ""), "m", "0"
    )
    rhythm = find_rhythm(beats, labels, duration_s=recording.duration_s)
    notes = recording.annotations
    whole = ec57.compare(
        notes, as_annotations(beats, labels), fs=recording.fs, learning_s=0,
        n_samples=recording.n_samples, record=record,
    )  # fmt: skip
    both = (whole.matches.reference >= 0) & (whole.matches.test >= 0)
    real, own = whole.matches.reference[both], whole.matches.test[both]
    classes = [AAMI_CLASSES.index(aami_class(symbol)) for symbol in notes.symbol[real]]
    named = [AAMI_CLASSES.index(name) for name in labels.aami[own]]
    return RecordResult(
        record, whole.matrix, np.array(classes, np.int8), np.array(named, np.int8),
        probability[own], notes.sample[real], labels.abstained[own],
        notes, whole, Analysis(recording, beats, labels, rhythm, {}, "ectopy"),
    )  # fmt: skip


@pytest.fixture(scope="module")
def erring():
    """A model that is right but for five errors, and where these are."""
    recording = simulate(120, 250, pattern="NNNV", seed=5)
    notes = recording.annotations
    names = [aami_class(symbol) for symbol in notes.symbol]
    wrong = {20: "S", 24: "S", 61: "V"}
    named = [wrong.get(k, name) for k, name in enumerate(names)]
    made_up = int(notes.sample[81] + notes.sample[82]) // 2
    sample = np.insert(np.delete(notes.sample, 43), 81, made_up)
    named = np.insert(np.delete(named, 43), 81, "F").tolist()
    truth = [(int(notes.sample[k]), names[k], name) for k, name in wrong.items()]
    errors = [*truth, (int(notes.sample[43]), names[43], ""), (made_up, "", "F")]
    return reading(recording, sample, named), sorted(errors)


@pytest.fixture(scope="module")
def page(tiny_results, tiny_split):
    return render(summary_of(tiny_results, tiny_split), tiny_results, NOISE)


def test_the_leading_figures_and_their_intervals_are_there(page, tiny_results, tiny_split):
    summary, text = summary_of(tiny_results, tiny_split), Page(page).text
    accuracy, f1 = summary["intervals"]["accuracy"], summary["intervals"]["classes.V.f1"]
    assert (
        f"{100 * summary['accuracy']:.1f} % accuracy {rate(accuracy[0])} – {rate(accuracy[1])}"
        in text
    )
    assert f"F1 of V {rate(f1[0])} – {rate(f1[1])}" in text
    assert f"{rate(summary['ece'])} % calibration error" in text
    support = sum(row["support"] for row in summary["classes"].values())
    assert f"In 3 records of 3 patients the software found 100 % of {support:,} beats" in text
    for fact in ("Trained on ds1-ds2", "tiny: 3 records, 3 patients", "counted as S", "Seed 0"):
        assert fact in text
    assert "Not a medical device." in text
    assert set(summary["definitions"].values()) <= set(re.findall(r"<dd>(.*?)</dd>", page))


def test_the_command_that_made_it_is_told(page):
    assert (
        f"ectopy evaluate --split tiny --model {MODEL} --beats detected --escape-beats S "
        "--data DIR -o OUT" in Page(page).text
    )
    assert load_card(MODEL)["sha256"] in page


def test_the_matrix_on_the_page_is_that_of_the_summary(page, tiny_results, tiny_split):
    matrix = np.array(summary_of(tiny_results, tiny_split)["matrix"])
    counts, shares = re.findall(r'<table class="matrix">(.*?)</table>', page, re.S)
    cells = re.findall(r"<td[^>]*>([^<]*)</td>", counts)
    shown = np.array([int(cell.replace(",", "") or 0) for cell in cells]).reshape(7, 7)
    assert (shown == matrix).all()
    cells = np.array(re.findall(r"<td[^>]*>([^<]*)</td>", shares)).reshape(5, 7)
    n = AAMI_CLASSES.index("N")
    assert cells[n, n] == rate(matrix[n, n] / matrix[n].sum())
    assert shares.count("<tr") == 6


def test_the_printed_lines_are_those_of_the_tools(page, tiny_results):
    compared = [result.comparison for result in tiny_results]
    text = re.findall(r"<pre>(.*?)</pre>", page, re.S)
    assert text[0].replace("&#39;", "'") == ec57.beat_summary(compared)
    assert text[1].endswith(ec57.run_summary(compared, "v"))
    assert text[2] == ec57.run_summary(compared, "s")


def test_the_page_loads_and_runs_nothing(page):
    seen = Page(page)
    assert not {"script", "img", "link", "iframe", "object", "use"} & set(seen.tags)
    assert not [name for name, _ in seen.attributes if name.startswith("on")]
    targets = seen.values("href") | seen.values("src")
    assert targets
    assert targets <= {f"#{name}" for name in seen.values("id")}
    assert "url(" not in page
    assert "@import" not in page


def test_a_leak_is_red_a_note_is_amber_and_silence_is_neither(tiny_results, tiny_split):
    mixed = render(summary_of(tiny_results, tiny_split, MIXED), tiny_results)
    assert re.search(r'class="caution mixed"[^>]*>PATIENTS ARE MIXED', mixed)
    assert mixed.count('class="tag">patients mixed') >= 5
    assert "(patients mixed)</title>" in mixed
    noted = replace(tiny_split, note="one is odd")
    note = render(summary_of(tiny_results, noted), tiny_results)
    assert re.search(r'class="caution"[^>]*><b>Note.</b> In the split tiny, one is odd', note)
    plain = render(summary_of(tiny_results, tiny_split), tiny_results)
    for html in (note, plain):
        assert 'class="caution mixed"' not in html
        assert 'class="tag"' not in html
    assert plain.count('class="caution"') == 1


def test_figures_without_232_stand_beside_those_with_it(page, tiny_results, tiny_split):
    without = summary_of(tiny_results, tiny_split)["without"]["232"]
    row = re.search(r"<tr><th>Without 232</th>(.*?)</tr>", page).group(1)
    cells = re.findall(r"<td[^>]*>([^<]*)</td>", row)
    s, v = without["classes"]["S"], without["classes"]["V"]
    assert cells[:2] == [f"{s['support']:,}", rate(s["se"])]
    assert cells[4:6] == [f"{v['support']:,}", rate(v["se"])]
    rest = [r for r in tiny_results if r.record != "232"]
    assert 'id="without"' not in render(summary_of(rest, tiny_split), rest)


def test_records_come_worst_first(page, tiny_results):
    section = page.partition('<section id="records">')[2].partition("</section>")[0]
    shown = re.findall(r"<tr><th>(\d+)</th>", section)
    errors = {r.record: r.matrix.sum() - np.trace(r.matrix[:5, :5]) for r in tiny_results}
    assert sorted(shown) == sorted(errors)
    assert [errors[name] for name in shown] == sorted(errors.values(), reverse=True)


def test_every_error_is_found_where_it_is(erring):
    result, errors = erring
    steps = find_steps(result, result.analysis)
    found = [
        (int(steps.sample[k]), str(steps.truth[k]), str(steps.named[k]))
        for k in np.flatnonzero(steps.wrong)
    ]
    assert sorted(found) == errors
    assert len(steps.sample) == len(result.reference) + 1
    labels = result.analysis.labels.aami
    assert [name for name in steps.named if name] == labels.tolist()


def test_strips_show_errors_and_what_the_experts_said(erring):
    result, errors = erring
    (worst,) = worst_records([result])
    assert worst.errors == len(errors) == 5
    assert sorted(worst.kinds) == sorted(
        [("N", "S", 2), ("N", "V", 1), ("V", "", 1), ("", "F", 1)]
    ), "what was called what"
    assert len(worst.mistakes) == 3
    starts = [each.strip.start_s for each in worst.mistakes]
    assert min(abs(a - b) for a in starts for b in starts if a is not b) >= 1
    notes, fs = result.reference, 250
    for each in worst.mistakes:
        first, last = each.strip.start_s * fs, (each.strip.start_s + each.strip.seconds) * fs
        here = [(truth, named) for at, truth, named in errors if first <= at < last]
        assert (each.truth, each.named) in here
        assert sum(n for _, _, n in each.errors) == len(here)
        visible = (notes.sample >= first) & (notes.sample < last)
        letters = re.findall(r'<text class="letter \w+" [^>]*>(\w)</text>', each.experts)
        assert letters == [aami_class(symbol) for symbol in notes.symbol[visible]]
        assert each.experts.count("focused") == sum(bool(truth) for truth, _ in here)
        assert each.experts.count(">missed<") == sum(not named for _, named in here)
        assert each.experts.count(">no beat<") == sum(not truth for truth, _ in here)


def test_the_experts_line_is_to_the_scale_of_the_strip(erring):
    result, _ = erring
    for each in worst_records([result])[0].mistakes:
        sides = [
            re.search(r'width="([\d.]+)mm" height="([\d.]+)mm" viewBox="0 0 (\S+) (\S+)"', svg)
            for svg in (each.experts, each.strip.svg)
        ]
        assert sides[0].group(1) == sides[0].group(3) == sides[1].group(1) == sides[1].group(3)
        # a right beat has its letter in the same place on both
        experts = set(re.findall(r'"letter agreed" x="([\d.]+)"', each.experts))
        model = set(re.findall(r'<text class="letter \w" x="([\d.]+)"', each.strip.svg))
        assert experts <= model
        assert len(experts) >= 3


def test_no_errors_no_strips():
    recording = simulate(60, 250, pattern="NNNV", seed=5)
    notes = recording.annotations
    names = [aami_class(symbol) for symbol in notes.symbol]
    right = reading(recording, notes.sample, names)
    split = Split("x", "x", False, ("101",), ("100",))
    html = render(summary_of([right], split), [right])
    assert worst_records([right]) == []
    assert 'id="worst"' not in html
    assert "#worst" not in html
    assert "100.0 % accuracy" in Page(html).text
    assert "There are no supraventricular ectopic beats among them" in Page(html).text


def test_single_rows_have_a_page_without_what_does_not_apply(tiny_results):
    rows = [
        replace(
            r, matrix=np.pad(r.matrix[:5, :5], (0, 2)),
            abstained=None, reference=None, comparison=None, analysis=None,
        )
        for r in tiny_results
    ]  # fmt: skip
    split = find_split("kaggle")
    summary = summary_of(rows, split, MIXED, beats="reference")
    html = render(summary, rows)
    text = Page(html).text
    assert summary["risk_coverage"]["abstaining"] is None
    assert summary["risk_coverage"]["coverage"][-1] == 1
    assert "abstain" not in section(html, "risk").lower()
    assert 'class="mark' not in section(html, "risk")
    for part in ("ec57", "worst", "noise"):
        assert f'id="{part}"' not in html
        assert f'href="#{part}"' not in html
    for part in ("classes", "without", "curves", "calibration", "risk", "records", "reproduce"):
        assert f'id="{part}"' in html
    assert "made up" not in html.partition('<section id="records">')[2]
    assert "published rows" in text
    assert "None" not in text.split()
    assert "nan" not in html.partition("</style>")[2].lower()
    counts = re.findall(r'<table class="matrix">(.*?)</table>', html, re.S)[0]
    assert len(re.findall("<td", counts)) == 25


def test_noise_is_drawn_and_told(page):
    text = Page(page).text
    assert "With noise added to records 118, 119" in text
    section = page.partition('<section id="noise">')[2].partition("</section>")[0]
    rows = [
        re.findall(r"<t[hd][^>]*>([^<]*)</t[hd]>", row)
        for row in re.findall(r"<tr><th class=\"n\">.*?</tr>", section)
    ]
    assert rows[0][:3] == ["SNR, dB", "Se", "+P"]
    assert rows[1][:3] == ["no noise", "100.0", "99.9"]
    assert rows[3] == ["6", "91.3", "80.0", "50.0", "30.0", "0.0", "–"]
    assert rows[4][0] == "−6"
    assert section.count('class="panel noise"') == 3


def test_a_rate_that_is_not_known_breaks_the_line():
    chart = noise_chart([12, 6, 0, -6], [1.0, 0.5, None, 0.0], [None] * 4, "beats")
    line, other = re.findall(r'<path class="curve(?: ppv)?" d="([^"]*)"', chart)
    assert (line.count("M"), line.count("L")) == (2, 1)
    assert other == ""
    assert "nan" not in chart


def test_several_seeds_are_told_apart(tiny_results, tiny_split):
    one = summary_of(tiny_results, tiny_split)
    other = one | {"seeds": [7], "accuracy": one["accuracy"] / 2, "sha256": "ab" * 32}
    html = render(mean_summary([one, other]), tiny_results)
    text = Page(html).text
    assert "Seeds 0, 7" in text
    assert f"{rate(one['accuracy'] * 0.75)} % accuracy" in text
    for summary in (one, other):
        assert f'<th>{summary["seeds"][0]}</th><td class="n">{rate(summary["accuracy"])}' in html
        assert summary["sha256"] in text


def test_nothing_from_outside_becomes_markup(erring, tiny_split):
    result, _ = erring
    analysis = replace(result.analysis, beats=replace(result.analysis.beats, lead="II"))
    evil = replace(result, record=EVIL, analysis=analysis)
    summary = summary_of([result], tiny_split)
    plain = Page(render(summary, [result], NOISE))
    summary |= dict.fromkeys(("model", "split", "split_says", "warning", "trained_on"), EVIL)
    summary |= {"records": [EVIL], "definitions": {EVIL: EVIL}, "sha256": EVIL}
    seen = Page(render(summary, [evil], NOISE | {"record": EVIL, "noise": EVIL}))
    assert set(seen.tags) <= set(plain.tags)
    assert {name for name, _ in seen.attributes} <= {name for name, _ in plain.attributes}
    assert seen.text.count("alert('x')") > 10


def test_precision_and_recall_are_those_of_every_threshold():
    random = np.random.default_rng(0)
    truth = random.choice(5, 400, p=[0.6, 0.2, 0.15, 0.05, 0])
    raw = np.round(random.random((400, 5)) + 0.5 * np.eye(5)[truth], 1)
    probability = raw / raw.sum(axis=1, keepdims=True)
    named = (probability * [1, 2, 1, 1, 1]).argmax(axis=1)
    curves = precision_recall(truth, named, probability)
    assert [curve.label for curve in curves] == list("NSVF")
    for k, curve in enumerate(curves):
        score, real = probability[:, k], truth == k
        passed = [score >= t for t in np.unique(score)[::-1]]
        recall = np.array([(p & real).sum() / real.sum() for p in passed])
        precision = np.array([(p & real).sum() / p.sum() for p in passed])
        area = (np.diff(recall, prepend=0) * precision).sum()
        assert curve.average_precision == pytest.approx(area)
        pairs = set(zip(recall.round(9), precision.round(9), strict=True))
        shown = set(zip(curve.recall.round(9), curve.precision.round(9), strict=True))
        assert shown <= pairs
        assert curve.recall[-1] == 1
        so = named == k
        assert curve.decided == pytest.approx(
            ((so & real).sum() / real.sum(), (so & real).sum() / so.sum())
        )


def test_a_guess_and_a_perfect_model_are_drawn_as_such():
    truth = np.array([0] * 30 + [2] * 10)
    perfect = np.eye(5)[truth]
    assert [c.average_precision for c in precision_recall(truth, truth, perfect)] == [1, 1]
    guess = precision_recall(truth, np.zeros(40, int), np.full((40, 5), 0.2))
    assert [c.average_precision for c in guess] == [c.prevalence for c in guess] == [0.75, 0.25]
    assert [c.decided for c in guess] == [(1.0, 0.75), None]


def test_the_diagram_holds_the_error_that_is_printed(tiny_results):
    truth = np.concatenate([result.truth for result in tiny_results])
    named = np.concatenate([result.named for result in tiny_results])
    probability = np.concatenate([result.probability for result in tiny_results])
    bins = reliability(truth, probability, named)
    assert bins.error == pytest.approx(expected_calibration_error(truth, probability, named))
    assert bins.beats.sum() == len(truth)
    known = bins.beats > 0
    right = (named == truth).sum()
    assert (bins.accuracy * bins.beats)[known].sum() == pytest.approx(right)


def read_by(truth, named, confidence, abstained):
    """A record whose beats were named with the confidence given."""
    probability = np.repeat((1 - np.asarray(confidence, np.float32))[:, None] / 4, 5, axis=1)
    probability[np.arange(len(named)), named] = confidence
    matrix = np.zeros((7, 7), np.int64)
    np.add.at(matrix, (truth, named), 1)
    sample = 300 * np.arange(len(truth))
    return RecordResult("100", matrix, np.array(truth, np.int8), np.array(named, np.int8),
                        probability, sample, np.array(abstained, bool))  # fmt: skip


@pytest.fixture(scope="module")
def unsure():
    """A model that errs more where it is less sure, and abstains for reasons of its own too."""
    random = np.random.default_rng(4)
    confidence = np.round(random.uniform(0.1, 1, 1500), 2)
    truth = random.choice(5, 1500, p=[0.6, 0.2, 0.15, 0.05, 0])
    wrong = random.random(1500) > confidence
    named = np.where(wrong, (truth + random.integers(1, 4, 1500)) % 5, truth)
    abstained = (confidence < 0.3) | (random.random(1500) < 0.05)
    return read_by(truth, named, confidence, abstained)


def test_risk_is_the_share_of_wrong_names_among_those_at_least_as_sure(unsure):
    wrong = unsure.truth != unsure.named
    confidence = unsure.probability[np.arange(1500), unsure.named]
    for curve in risk_curves([unsure]):
        among = np.ones(1500, bool)
        if curve.label:
            k = AAMI_CLASSES.index(curve.label)
            among = (unsure.truth == k) | (unsure.named == k)
        passed = [among & (confidence >= t) for t in np.unique(confidence[among])]
        pairs = {(p.sum() / among.sum(), wrong[p].mean()) for p in passed}
        shown = set(zip(curve.coverage.tolist(), curve.risk.tolist(), strict=True))
        assert shown <= pairs
        assert len(shown) > 50
        assert curve.coverage[-1] == 1
        assert curve.risk[-1] == wrong[among].mean() == curve.wrong / curve.beats
        # no step of the curve is longer than the jump that equally sure beats force
        steps = np.sort([coverage for coverage, _ in pairs])
        assert np.diff(curve.coverage).max() <= np.diff(steps).max() + 0.01
        kept = among & ~unsure.abstained
        assert curve.abstaining.coverage == kept.sum() / among.sum()
        assert curve.abstaining.risk == wrong[kept].mean()
        assert curve.abstaining.risk_of_abstained == wrong[among & unsure.abstained].mean()


def test_risk_goes_by_the_class_that_was_named_not_the_most_probable():
    truth = [0, 0, 1, 1]
    result = read_by(truth, truth, [0.9, 0.8, 0.7, 0.6], [False] * 4)
    weighed = replace(result, named=np.array([0, 0, 1, 0], np.int8))
    (curve, s) = risk_curves([weighed])
    assert curve.coverage.tolist() == [0.25, 0.5, 0.75, 1]
    assert curve.risk.tolist() == [0, 0, 0, 0.25]
    assert (s.label, s.beats, s.wrong) == ("S", 2, 1)


def test_equally_sure_beats_are_kept_together():
    (curve,) = risk_curves([read_by([0] * 300, [0] * 270 + [3] * 30, [0.6] * 300, [False] * 300)])
    assert (curve.coverage.tolist(), curve.risk.tolist()) == ([1.0], [0.1])


def test_what_abstaining_buys_is_told_drawn_and_in_the_summary(unsure, tiny_split):
    summary = summary_of([unsure], tiny_split)
    curve = json.loads(json.dumps(summary["risk_coverage"]))
    wrong, kept = unsure.truth != unsure.named, ~unsure.abstained
    assert set(curve) == {"coverage", "risk", "abstaining"}
    assert len(curve["coverage"]) == len(curve["risk"]) <= 101
    assert curve["abstaining"] == pytest.approx(
        {"coverage": kept.mean(), "risk": wrong[kept].mean(),
         "risk_of_abstained": wrong[~kept].mean()}
    )  # fmt: skip
    html = render(summary, [unsure])
    text = Page(section(html, "risk")).text
    left, all_wrong = (~kept).sum(), wrong.sum()
    for said in (
        f"abstained from {left} beats, {rate(left / 1500)} % of those",
        f"its guess is wrong for {rate(wrong[~kept].mean())} % of them",
        f"{rate(wrong[kept].mean())} % are wrong; "
        f"had it named every beat, {rate(all_wrong / 1500)} % would be",
        f"takes away {rate((wrong & ~kept).sum() / all_wrong)} % of the errors",
    ):
        assert said in text
    marks = re.findall(r'<path class="mark (\w+)" d="M([\d.]+) ([\d.]+)', section(html, "risk"))
    assert [label for label, _, _ in marks] == ["all", "S", "V"]
    assert float(marks[0][1]) == pytest.approx(34 + 160 * kept.mean(), abs=0.1)
    labels = re.findall(r'role="img" aria-label="([^"]*)"', section(html, "risk"))
    assert len(labels) == 3
    assert f"abstaining keeps {rate(kept.mean())} %, of which" in labels[0]


def test_a_model_that_abstains_from_all_or_none_has_a_page(unsure, tiny_split):
    for abstained, said in ((False, "abstained from none"), (True, "1,500 beats, 100 % of those")):
        result = replace(unsure, abstained=np.full(1500, abstained))
        summary = summary_of([result], tiny_split)
        part = section(render(summary, [result]), "risk")
        assert said in Page(part).text
        assert ('class="mark' in part) is not abstained
        assert "nan" not in part.lower()
        assert summary["risk_coverage"]["abstaining"]["coverage"] == 1 - abstained


def test_only_nothing_reads_0_and_only_all_reads_100():
    assert [rate(value) for value in (None, 0.0, 1.0, 0.5)] == ["–", "0.0", "100.0", "50.0"]
    assert rate(0.00001) == "<\u00a00.1"
    assert rate(0.99999) == ">\u00a099.9"
    assert rate(0.99999, 2) == ">\u00a099.99"
    for value in np.linspace(0.0001, 0.9999, 997).tolist():
        assert rate(value) not in ("0.0", "100.0")


@pytest.mark.data
def test_real_records(data: Path, tmp_path: Path):
    split = Split("two", "two real records", False, ("101",), ("105", "233"))
    results = evaluate(MODEL, split, data / "mitdb")
    summary = summary_of(results, split)
    path = write_page(summary, results, tmp_path / "deep" / "page.html")
    assert path == tmp_path / "deep" / "page.html"
    assert path.stat().st_size < 400_000
    html = path.read_text("utf-8")
    text = Page(html).text
    found = 1 - sum(r.matrix[:5, 5:].sum() for r in results) / 5651
    assert f"In 2 records of 2 patients the software found {rate(found)} % of 5,651 beats" in text
    worst = worst_records(results)
    assert [each.record for each in worst] == ["233", "105"]
    assert html.count('class="ecg experts"') == sum(len(each.mistakes) for each in worst) == 6
    for each, result in zip(worst, reversed(results), strict=True):
        assert each.errors == result.matrix.sum() - np.trace(result.matrix[:5, :5])
        shown = f"Record {each.record} {each.errors:,} errors in {each.beats:,} beats"
        assert shown in text
