"""The sections of the report as what a PDF is laid out from."""

from __future__ import annotations

from typing import Any

from reportlab.lib.colors import HexColor
from reportlab.platypus import Flowable, KeepTogether, Paragraph, Spacer, Table

from ectopy.report.facts import HOURS_SHOWN, Group, sentence_case
from ectopy.report.palette import palette
from ectopy.report.pdf_appendix import Appendix
from ectopy.report.pdf_drawing import Badge, Bar
from ectopy.report.pdf_layout import WIDTH, Flow
from ectopy.report.pdf_text import markup, style
from ectopy.report.screening import screening_flow
from ectopy.report.words import SURE, clock, elapsed, number


def story(facts: dict[str, Any]) -> Flow:
    """Give the whole report in the order of its pages."""
    page = _Report(facts)
    sections = (
        *(page.head, page.classes, page.rate, page.hours, page.poincare, page.rhythm),
        *(page.strips, page.averages, page.gallery, page.sureness, page.screening),
        *(page.quality, page.inferred, page.model, page.limits),
    )
    return [part for section in sections for part in section()]


class _Report(Appendix):
    """One method a section, each empty where the recording has nothing to show there."""

    def screening(self) -> Flow:
        """Give the answer to a question about the whole recording."""
        return screening_flow(self)

    def head(self) -> Flow:
        """Name the recording, say what it is, and sum up."""
        t, facts = self.t, self.facts
        return [
            self.text(t("report"), "note"),
            self.text(facts["name"], "title", bold=True),
            self.caution(
                t("not_device"),
                f"{facts['caution']} {t('caution.link')}{t('sentence.stop')}",
            ),
            self._about(),
            Spacer(0, 5),
            self.text(facts["summary"], "lead"),
            self._tiles(),
        ]

    def _about(self) -> Table:
        t, analysis = self.t, self.analysis
        recording = analysis.recording
        others = t("fact.of_leads", leads=", ".join(recording.leads))
        told = [
            *([(t("fact.recorded"), self.words.date(recording.start))] if recording.start else []),
            (t("fact.length"), self.words.duration(recording.duration_s)),
            (
                t("fact.lead"),
                self.words.leads(analysis.beats)
                + (f" {others}" if len(recording.leads) > 1 + len(analysis.beats.others) else ""),
            ),
            (t("fact.rate"), f"{recording.fs:g} Hz"),
            (t("fact.format"), recording.source.format),
            (t("fact.model"), analysis.labels.model),
            (t("fact.software"), analysis.software),
            *((self.words.identity(what), value) for what, value in recording.source.identity),
        ]
        cells = [[self.text(name, "small"), self.text(value, "cell")] for name, value in told]
        cells += [[]] * (-len(cells) % 4)
        rows = [cells[k : k + 4] for k in range(0, len(cells), 4)]
        made = self.beside(rows[0], [WIDTH / 4] * 4)
        for row in rows[1:]:
            made = Table(
                [[made], [self.beside(row, [WIDTH / 4] * 4)]],
                [WIDTH],
                style=[
                    ("LEFTPADDING", (0, 0), (-1, -1), 0),
                    ("RIGHTPADDING", (0, 0), (-1, -1), 0),
                    ("TOPPADDING", (0, 0), (-1, -1), 0),
                    ("BOTTOMPADDING", (0, 0), (-1, -1), 2),
                ],
            )
        return made

    def _tiles(self) -> Table:
        t, rhythm, classes = self.t, self.analysis.rhythm, self.facts["classes"]
        tiles = [
            (f"{len(self.analysis.beats):,}", t("tile.beats")),
            (number(rhythm.mean_bpm), t("tile.rate")),
            (classes[2]["share"], t("tile.V")),
            (classes[1]["share"], t("tile.S")),
        ]
        gap = 8.0
        wide = (WIDTH - 3 * gap) / 4
        row: list[Any] = []
        for value, name in tiles:
            row += [[self.text(value, "figure", bold=True), self.text(name, "small")], ""]
        commands: list[tuple[Any, ...]] = [
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
            ("TOPPADDING", (0, 0), (-1, -1), 6),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 7),
            ("LEFTPADDING", (0, 0), (-1, -1), 8),
            ("RIGHTPADDING", (0, 0), (-1, -1), 4),
        ]
        commands += [
            ("BACKGROUND", (k, 0), (k, 0), HexColor(palette()["soft"])) for k in (0, 2, 4, 6)
        ]
        return Table([row[:-1]], [wide, gap, wide, gap, wide, gap, wide], style=commands)

    def classes(self) -> Flow:
        """Count the beats of each class."""
        t, classes = self.t, self.facts["classes"]
        parts = [(each["label"], each["percent"], 1.0, each["label"]) for each in classes]
        rows = [
            [
                Badge(each["label"], faint=not each["count"]),
                self.cell(each["name"], bold=bool(each["count"]), below=each["plain"]),
                f"{each['count']:,}",
                each["share"],
            ]
            for each in classes
        ]
        head = [t("beats.class"), "", t("beats.count"), t("beats.share")]
        bar = [Bar(parts, WIDTH, 16), Spacer(0, 4)] if len(self.analysis.beats) else []
        made = [
            *bar,
            self.table(rows, [45, WIDTH - 165, 60, 60], head, (2, 3)),
            self.text(t("beats.note"), "note"),
        ]
        return self.section(t("beats.title"), made)

    def rate(self) -> Flow:
        """Show the heart rate and the intervals over the whole recording."""
        t, facts = self.t, self.facts
        if facts["trend"] is None:
            return []
        found = [each["label"] for each in facts["classes"] if each["count"]]
        if facts["each_beat"]:
            note = t("rate.each_beat")
        else:
            note = t("rate.bins", width=facts["trend_bin"])
        if self.analysis.beats.bad:
            note += f" {t('rate.bad')}"
        marks = found if facts["each_beat"] else []
        made = [self.chart(facts["trend"]), self._signs(marks, note)]
        chart = facts["tachogram"]
        if chart is None or facts["each_beat"]:
            return self.section(t("rate.title"), made)
        if chart.shown == chart.n:
            note = t("tachogram.all")
        else:
            width = self.words.duration(chart.column_s, 2)
            note = t("tachogram.thinned", chart.n, shown=chart.shown, width=width)
        if chart.beyond:
            note += f" {t('tachogram.beyond', chart.beyond)}"
        below = [self.chart(chart.svg), self.keys(found, note)]
        return [
            *self.section(t("rate.title"), made),
            *self.section(t("tachogram.title"), below, kind="h3"),
        ]

    def _signs(self, labels: list[str], note: str) -> Flowable:
        """Make a note that ends with the mark of each class."""
        if not labels:
            return self.text(note, "note")
        shapes = {"N": "●", "S": "▲", "V": "■", "F": "◆", "Q": "✕"}
        told = markup(f"{note} ", self.code)
        for label in labels:
            told += markup(shapes[label], self.code, colour=label) + f"&nbsp;{label} &nbsp;"
        return Paragraph(told, style("note", self.code))

    def hours(self) -> Flow:
        """Show the ectopic burden of each hour."""
        t, hours, start = self.t, self.facts["hours"], self.analysis.recording.start
        if not hours:
            return []
        total_s = self.analysis.recording.duration_s
        note = t("hours.note") + (f" {t('hours.clock')}" if start else "")
        if len(hours) > HOURS_SHOWN:
            note += f" {t('hours.cut', len(hours))}"
        chart = [self.chart(self.facts["hours_chart"]), self.keys("VS", note)]
        made = self.section(t("hours.title"), chart)
        if len(hours) > HOURS_SHOWN:
            return made
        rows = []
        for hour in hours:
            from_start = elapsed(hour.start_s, total_s)[:-3]
            row = [
                clock(hour.start_s, start)[:5] if start else from_start,
                f"{hour.n_beats:,}",
                number(hour.mean_bpm),
            ]
            for label in "VS":
                share = self.words.share(hour.counts[label], hour.n_beats)
                row += [f"{hour.counts[label]:,}", share]
            rows.append([*row, self.words.share(hour.bad_s, hour.stop_s - hour.start_s)])
        head = [t("hours.hour"), t("beats.count"), t("hours.rate"), "V", "", "S", ""]
        widths = [60, 66, 66, 60, 60, 60, 60, WIDTH - 432]
        return [*made, self.table(rows, widths, [*head, t("hours.bad")], range(1, 8), pad=1.2)]

    def poincare(self) -> Flow:
        """Show each interval against the one before."""
        t, plot = self.t, self.facts["poincare"]
        if plot is None:
            return []
        found = [each["label"] for each in self.facts["classes"] if each["count"]]
        note = t("poincare.cells", plot.n, width=f"{1000 * plot.cell_s:g}")
        if plot.beyond:
            note += f" {t('poincare.beyond', plot.beyond)}"
        wide = 0.5 * WIDTH
        said: Flow = [self.text(t("poincare.note"), "note"), self.keys(found, note)]
        if plot.sd1_ms is not None:
            rows = [
                [t("poincare.sd1"), f"{number(plot.sd1_ms)} ms"],
                [t("poincare.sd2"), f"{number(plot.sd2_ms)} ms"],
            ]
            if plot.sd2_ms:
                rows.append([t("poincare.ratio"), number(plot.sd1_ms / plot.sd2_ms, 2)])
            said += [
                self.table(rows, [140, 60], numbers=(1,)),
                self.text(t("poincare.normal"), "note"),
            ]
        made = self.beside([self.chart(plot.svg, wide - 16), said], [wide, WIDTH - wide], 16)
        return self.section(t("poincare.title"), [made])

    def rhythm(self) -> Flow:
        """List the facts of the rhythm and the episodes."""
        t, rhythm, words = self.t, self.analysis.rhythm, self.words
        irregular = number(rhythm.irregularity, 3)
        if rhythm.irregular:
            irregular += t("list.comma") + t("rhythm.irregular")
        rows: list[list[Any]] = [
            [t("rhythm.mean"), words.bpm(rhythm.mean_bpm)],
            [
                self.cell(t("rhythm.extremes"), below=t("rhythm.of_eight")),
                words.bpm(rhythm.min_bpm, rhythm.max_bpm),
            ],
            [self.cell(t("rhythm.irregularity"), below=t("rhythm.irregularity_note")), irregular],
        ]
        for seconds, rate in ((6, rhythm.counted_6s_bpm), (3, rhythm.counted_3s_bpm)):
            if rate is not None:
                name = self.cell(t("rhythm.counted"), below=t(f"rhythm.counted_{seconds}s"))
                rows.append([name, words.bpm(rate)])
        made = self.section(t("rhythm.title"), [self.table(rows, [WIDTH - 160, 110], numbers=(1,))])
        groups = self.facts["groups"]
        if groups:
            head = ("episode", "at", "beats", "seconds", "bpm", "strip")
            widths = [22, WIDTH - 272, 60, 70, 60, 60]
            titles = [t(f"rhythm.{each}") for each in head]
            titles[0], titles[1] = "", f"{titles[0]} · {titles[1]}"
            tables = [self._group(group, widths) for group in groups]
            top = self.table([], widths, titles, (2, 3, 4, 5), pad=0)
            made.append(KeepTogether([top, tables[0]]))
            made += [KeepTogether([table]) for table in tables[1:]]
        else:
            made.append(self.text(t("rhythm.none")))
        return [*made, self.text(t("rhythm.note", pause=self.facts["pause"]), "note")]

    def _group(self, group: Group, widths: list[float]) -> Table:
        """Make the rows of the episodes of one kind."""
        t, code = self.t, self.code
        name = markup(group.name, code, bold=True)
        if group.kind not in ("fastest", "slowest"):
            name += markup(f"  {t('times', group.count)}", code, colour="faint")
        badge = Badge(group.label) if group.label else ""
        rows: list[list[Any]] = [[badge, Paragraph(name, style("cell", code)), "", "", "", ""]]
        total_s, start = self.analysis.recording.duration_s, self.analysis.recording.start
        pause = group.kind == "pause"
        for row in group.rows:
            each = row.episode
            at = markup(elapsed(each.start_s, total_s, 1), code)
            if start:
                at += markup(f" ({clock(each.start_s, start)})", code, colour="faint")
            link = (
                f'<a href="#{row.anchor}"><u>{markup(t("rhythm.see"), code)}</u></a>'
                if row.anchor
                else ""
            )
            rows.append(
                [
                    "",
                    Paragraph(at, style("cell", code)),
                    "" if pause else f"{each.n_beats:,}",
                    f"{each.stop_s - each.start_s:,.1f}",
                    "" if pause else number(each.rate_bpm),
                    Paragraph(link, style("cell", code, 2)),
                ]
            )
        if group.rest:
            rows.append(["", self.text(t("more", group.rest), "small"), "", "", "", ""])
        made = self.table(rows, widths, numbers=(2, 3, 4), pad=1.2, ruled=False)
        made.spaceBefore = made.spaceAfter = 1
        return made

    def strips(self) -> Flow:
        """Show a short recording whole, of a longer one examples and what stands out."""
        t, facts = self.t, self.facts
        whole = facts["whole"] and len(self.analysis.beats)
        note = f"{t('strips.scale', lead=self.analysis.beats.lead)} "
        note += t("strips.letters", sure=SURE)
        if facts["abstentions"]:
            note += f" {t('strips.unsure')}"
        drawn = [self.strip(each) for each in facts["whole"] + facts["shown"]]
        first, *others = drawn or [[]]
        made = self.section(
            t("strips.whole") if whole else t("strips.title"),
            [self.text(note, "note"), *first],
            *others,
        )
        if facts["notable"]:
            strips = [self.strip(each) for each in facts["notable"]]
            made += self.section(t("strips.notable"), *strips, kind="h3")
        return made

    def averages(self) -> Flow:
        """Show the average beat of each class."""
        t, facts = self.t, self.facts
        if not facts["averages"]:
            return []
        wide = WIDTH / 5
        cells = [
            [
                self.titled_beat(label, self.words.beats(len(facts["shapes"][label].index))),
                self.chart(svg, wide - 8),
            ]
            for label, svg in facts["averages"].items()
        ]
        note = t("averages.note", facts["max_beats"], height=facts["square_mv"])
        row = self.beside(cells, [wide] * len(cells))
        return self.section(t("averages.title"), [row, self.text(note, "note")])

    def titled_beat(self, label: str, text: str) -> Table:
        """Make a badge with a few words beside it."""
        return self.beside([Badge(label), self.text(text, "small")], [18, WIDTH / 5 - 30], 4)

    def gallery(self) -> Flow:
        """Show the least sure beats of each class."""
        t, gallery = self.t, self.facts["gallery"]
        if gallery is None:
            return []
        wide = WIDTH / 6
        made: list[Flow] = []
        for label, pictures in gallery.pictures.items():
            shown = t("gallery.of", self.facts["counts"][label], shown=len(pictures))
            title = sentence_case(self.words.class_name(label))
            cells = []
            for each in pictures:
                said = markup(each.probability, self.code, bold=True, colour="ink")
                said += markup(f" {each.other}", self.code) + f"<br/>{each.at}"
                below = Paragraph(said, style("small", self.code))
                cells.append([self.chart(each.svg, wide - 8), Spacer(0, 2), below])
            row = self.beside(cells, [wide] * len(cells))
            made.append([self.titled(label, title, shown), row, Spacer(0, 5)])
        note = self.text(t("gallery.note", height=f"{gallery.step:g}"), "note")
        first, *others = made
        return self.section(t("gallery.title"), [note, *first], *others)
