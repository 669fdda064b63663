"""The last sections of a PDF: how sure the model was, the signal, the model, the limits."""

from __future__ import annotations

from reportlab.platypus import Paragraph, Spacer

from ectopy.report.pdf_drawing import Badge, Bar
from ectopy.report.pdf_layout import WIDTH, Flow, Layout
from ectopy.report.pdf_text import markup, style
from ectopy.report.words import SURE


class Appendix(Layout):
    """One method a section, each empty where the recording has nothing to show there."""

    def sureness(self) -> Flow:
        """Say how probable the named classes were."""
        t, facts = self.t, self.facts
        if not facts["sureness"]:
            return []
        rows = []
        for each in facts["sureness"]:
            alphas = zip(each["percents"], (1.0, 0.55, 0.25), strict=True)
            parts = [(each["label"], percent, alpha, "") for percent, alpha in alphas]
            bar = Bar(parts, WIDTH - 335, 8)
            rows.append([Badge(each["label"]), *each["shares"], each["median"], bar])
        head = [t("beats.class"), f"≥ {SURE}", f"0.5 – {SURE}", "< 0.5", t("sure.median"), ""]
        made: Flow = [self.table(rows, [55, 68, 68, 68, 76, WIDTH - 335], head, (1, 2, 3, 4))]
        if facts["abstentions"]:
            made.append(self.text(t("sure.abstained", int(self.analysis.labels.abstained.sum()))))
            made += [
                self.text(f"•  {self.words.beats(n)}: {reason}")
                for reason, n in facts["abstentions"]
            ]
        elif not facts["by_hand"]:
            made.append(self.text(t("sure.all")))
        if facts["by_hand"]:
            made.append(self.text(t("sure.by_hand", facts["by_hand"])))
        made.append(self.text(t("sure.note"), "note"))
        if facts["card"].warning:
            made.append(self.caution(t("sure.about_model"), facts["card"].warning))
        return self.section(t("sure.title"), made)

    def quality(self) -> Flow:
        """Say how much of the signal was poor."""
        t, quality = self.t, self.facts["quality"]
        made: Flow = []
        if quality.reasons:
            made.append(self.text(t("quality.share", share=self.words.share(quality.share, 1))))
            total_s = self.analysis.recording.duration_s
            rows = [
                [
                    self.words.told(reason),
                    f"{n:,}",
                    self.words.duration(seconds),
                    self.words.share(seconds, total_s),
                ]
                for reason, n, seconds in quality.reasons
            ]
            head = [t(f"quality.{key}") for key in ("why", "stretches", "in_all")]
            made.append(self.table(rows, [120, 80, 110, 80], [*head, t("beats.share")], (1, 2, 3)))
        else:
            made.append(self.text(t("quality.none", lead=self.analysis.beats.lead)))
        if quality.poor_beats:
            made.append(self.text(t("quality.poor_beats", quality.poor_beats)))
        return self.section(t("quality.title"), made)

    def inferred(self) -> Flow:
        """Say what the file left open."""
        t, inferred = self.t, self.analysis.recording.source.inferred
        title = t("inferred.title")
        if not inferred:
            return self.section(title, [self.text(t("inferred.none"))])
        english = self.code == "en"
        rows = [
            [
                self.words.told(fact.what),
                self.words.told(fact.value),
                *([fact.why] if english else []),
                fact.option or "–",
            ]
            for fact in inferred
        ]
        head = [t("inferred.fact"), t("inferred.value")]
        head += [t("inferred.why")] if english else []
        widths = [105.0, 130.0, WIDTH - 305, 70.0] if english else [150, WIDTH - 240, 90]
        table = self.table(rows, widths, [*head, t("inferred.option")])
        below = [] if english else [self.text(t("inferred.elsewhere"), "note")]
        return self.section(title, [table, *below])

    def model(self) -> Flow:
        """Say which model named the beats, and how good it is."""
        t, analysis, card = self.t, self.analysis, self.facts["card"]
        rows = [
            [t("fact.model"), analysis.labels.model],
            [t("model.sha256"), analysis.labels.sha256],
            [t("fact.software"), analysis.software],
            *map(list, self.facts["settings"]),
        ]
        made = self.section(t("model.title"), [self.table(rows, [130, WIDTH - 130])])
        if card.warning and not self.facts["sureness"]:
            made.append(self.caution(t("sure.about_model"), card.warning))
        if card.says:
            made.append(self.text(t("sentence.space").join(card.says)))
        figures: Flow = []
        if card.figures:
            rows = [[name, value] for name, value in card.figures]
            figures.append(self.table(rows, [200, 150], numbers=(1,)))
        if card.classes:
            rows = [[Badge(label), *values] for label, values in card.classes]
            head = [t("beats.class"), "Se", "PPV", "F1", t("beats.count")]
            figures.append(self.table(rows, [60, 60, 60, 60, 80], head, (1, 2, 3, 4)))
            figures.append(self.text(t("model.measures"), "note"))
        if figures:
            made += self.section(t("model.figures"), figures, kind="h3")
        return made

    def limits(self) -> Flow:
        """Say what the report is not."""
        t = self.t
        first = markup(f"{t('limits.lead')} ", self.code, bold=True)
        first += markup(self.facts["limits"], self.code)
        parts = [
            Paragraph(first, style("body", self.code)),
            self.text(t("limits.second")),
            self.text(t("limits.third")),
            Spacer(0, 6),
            self.text(t("made_by", software=self.analysis.software), "small"),
        ]
        return self.section(t("limits.title"), parts)
