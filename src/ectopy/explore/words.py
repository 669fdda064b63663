"""What each picture shows, and where it deceives, in plain sentences with the set's numbers."""

from __future__ import annotations

from typing import Any, Final

_NBSP: Final = "\u00a0"

PADDED: Final = 0.001
"""Share of padding from which rows count as padded."""

FEW: Final = 50
"""Rows in one record below which its share of a class is nothing to tell of."""

TITLES: Final = {
    "balance": "The classes, before and after rebalancing",
    "examples": "One example of each class",
    "density": "Where the values of each class lie",
    "noise": "A beat with and without noise",
    "lengths": "Lengths, and the zeros that fill the rows",
    "records": "Which records the classes come from",
    "neighbours": "What the test part has in common with the training part",
}


def percent(part: float, digits: int = 1) -> str:
    """Give a fraction of 1 in percent."""
    return f"{100 * part:.{digits}f}{_NBSP}%"


def share(part: float, whole: float) -> str:
    """Give a part of a whole in percent; only nothing reads 0 %."""
    if not whole:
        return "–"
    if 0 < part / whole < 0.001:
        return f"<{_NBSP}0.1{_NBSP}%"
    return percent(part / whole, 0 if part in (0, whole) else 1)


def count(n: int, noun: str) -> str:
    """Give "1 beat" or "2,955 beats"."""
    return f"{n:,} {noun}{'' if n == 1 else 's'}"


def balance(found: dict[str, Any]) -> tuple[str, str]:
    """Tell of the rings."""
    rows = {name: row for name, row in found["classes"].items() if row["rows"]}
    total = sum(row["rows"] for row in rows.values())
    most = max(rows, key=lambda name: rows[name]["rows"])
    least = min(rows, key=lambda name: rows[name]["rows"])
    shows = (
        "Left, the rows to learn from as they are: "
        f"{share(rows[most]['rows'], total)} are {most}. Right, "
        f"{found['per_class']:,} drawn of each class; bright is each row that occurs for the first "
        "time, pale are its copies."
    )
    row, much = rows[least], rows[most]
    copies = row["drawn"] / row["distinct"]
    if copies < 1.5:
        return shows, "Few rows are copied here; those that were not drawn are lost to learning."
    people = "" if row["patients"] is None else f" of {count(row['patients'], 'patient')}"
    often = f", one of them {row['most_copies']:,} times" if row["most_copies"] > copies + 1 else ""
    lost = much["rows"] - much["distinct"]
    thrown = f" {share(lost, much['rows'])} of {most} are thrown away." if lost else ""
    return shows, (
        f"Resampling adds no knowledge: the {row['drawn']:,} rows of {least} are "
        f"{count(row['distinct'], 'beat')}{people}, each {copies:,.0f} times on average{often}."
        f"{thrown} Rows must be divided into training and test before they are resampled, or "
        "copies of one row end up in both."
    )


def examples(found: dict[str, Any], scaled: bool) -> tuple[str, str]:
    """Tell of the examples."""
    known = [
        f"{name} from record {each['record']}"
        for name, each in found.items()
        if each.get("record") is not None
    ]
    where = f" ({', '.join(known)})" if known else ""
    return (
        f"In colour, the row nearest to the median of its class{where}; thin, "
        "rows of the same class drawn by chance.",
        "One example looks like a rule, and the thin rows show that it is none: patients differ "
        "more than classes do."
        + (
            " Every row is stretched to 0..1 by itself, so how tall a beat was, which tells an "
            "ectopic beat from its neighbours, is not to be seen any more."
            if scaled
            else ""
        ),
    )


def density(rate: float | None, padded: bool) -> tuple[str, str]:
    """Tell of the densities."""
    deceives = (
        "A class looks like its largest patients: a dark ridge is often one person. What is not in "
        "the picture decides: whether the beat came early, and how it differs from the beats of "
        "the same heart."
    )
    if rate == 120:
        deceives += (
            " The usual pictures label this axis at 125 Hz, as the data set's page says; the "
            "rows are at 120 Hz."
        )
    return (
        "How often a row of the class has a value (upwards) at a time (to the right): the "
        "stronger the colour, the more often, on a logarithmic scale."
        f"{' The zeros that pad the rows are left out.' if padded else ''}",
        deceives,
    )


def noise(found: dict[str, Any], padded: bool) -> tuple[str, str]:
    """Tell of the noise."""
    sigma = found["sigma"]
    known = [value for value in found["snr_db"].values() if value is not None]
    ratio = (
        f" With σ = {sigma:g} the noise is {10 ** (-max(known) / 10):.0f} to "
        f"{10 ** (-min(known) / 10):.0f} times as strong as the beat itself "
        f"({min(known):.0f} to {max(known):.0f} dB)."
        if known and max(known) < 0
        else ""
    ).replace("-", "−")
    return (
        "The typical row of each class as it is, with a tenth of the noise, and with all of it; "
        f"the thin line is the row without noise.{ratio}",
        "Gaussian noise is not what disturbs an ECG: that drifts, hums and jumps."
        + (
            " It also falls on the zeros of the padding, which stay zeros in the test: there a "
            "network meets rows of another kind than it has learned from."
            if padded
            else ""
        ),
    )


def lengths(found: dict[str, Any]) -> tuple[str, str]:
    """Tell of the lengths."""
    unit = "s" if found["fs"] else "columns"
    scale = found["fs"] or 1
    each = ", ".join(
        f"{name} {row['median'] / scale:.{2 if found['fs'] else 0}f}"
        for name, row in found["classes"].items()
    )
    if found["padding_share"] < PADDED:
        return (
            "No row ends in zeros: all are full windows of the same length.",
            "Windows of a fixed length show how far away the neighbouring beats are only as far "
            "as they reach.",
        )
    alone = found["by_length_alone"]
    told = (
        "The number of zeros is the heart rate in disguise. Told only where the zeros begin, and "
        f"nothing of the beat, a rule reaches a balanced accuracy of "
        f"{percent(alone['balanced_accuracy'])} here, where guessing gets "
        f"{percent(alone['guessing'])}: part of what a network learns is how fast each patient's "
        "heart beat that day."
        if alone
        else "The number of zeros is the heart rate in disguise: a network can learn it instead of "
        "the beat."
    )
    full = found["full_share"]
    lost = f" Of {percent(full)} of the rows the end was cut off." if full else ""
    return (
        f"How long a row is before its zeros; medians in {unit}: {each}. "
        f"{percent(found['padding_share'])} of all values are padding.{lost}",
        told,
    )


def records(found: dict[str, Any] | None, name: str) -> tuple[str, str]:
    """Tell of the records, or of their absence."""
    if found is None:
        return (
            "These files do not say which record a row is from, so neither can this page.",
            "Nobody can divide them by patient, or see how much of a class is of one patient."
            + (
                " 'ectopy data build kaggle-mitbih' makes the same rows from the raw database, "
                "with the record of each."
                if name == "kaggle-mitbih"
                else ""
            ),
        )
    most = found["most"]
    telling = [name for name in most if name != "N" and most[name]["rows"] >= FEW] or list(most)
    top = max(telling, key=lambda name: most[name]["share"])
    n = len(found["records"])
    return (
        f"The rows of each class in each of the {count(n, 'record')}; the highest bar is named.",
        f"Record {most[top]['record']} alone holds {percent(most[top]['share'], 0)} of {top}, "
        f"which occurs in {most[top]['records']} of {n} records: a network that knows this one "
        f"patient looks good at {top}. Figures should be given with and without such a record, "
        "and averaged over records.",
    )


def neighbours(found: dict[str, Any], scaled: bool) -> tuple[str, str]:
    """Tell of what both parts share."""
    near = found["nearest"]
    if near is None:
        return "There are no training rows to compare with.", ""
    n_copies = found["identical"]
    copies = (
        "No test row is in the training part value for value"
        if not n_copies
        else f"{count(n_copies, 'test row')} {'is' if n_copies == 1 else 'are'} in the training "
        "part value for value"
    )
    opening = (
        ""
        if found["divided"]
        else "This set is not divided. A fifth of its rows was drawn by chance as the test here, "
        "as tutorials do. "
    )
    if found["in_time"] is not None:
        opening += (
            f"{percent(found['in_time'])} of the test beats follow or precede a training beat of "
            "the same recording. "
        )
    scale = ", where rows reach from 0 to 1" if scaled else ""
    shows = (
        f"{opening}{copies}; of {near['drawn']:,} drawn ones "
        f"{percent(near['alike_share'])} differ from a training row by less than "
        f"{near['alike_below']:g} (root mean square{scale}). "
        "The histogram has this difference for each of them"
    )
    shows += "." if near["other_patients"] is None else ", pale for rows of other patients only."
    copied = near["copying"]
    learnt = (
        "A program that learns nothing, and names each test row as the training row most like it "
        f"is named, gets {share(copied['accuracy'], 1)} right (macro F1 "
        f"{share(copied['macro_f1'], 1)})"
    )
    other = near["other_patients"]
    if other is None:
        return shows, (
            f"{learnt}. Without knowing the patients nobody can say how much of that is memory of "
            "people."
        )
    barred = other["copying"]
    same = near["of_same_patient"]
    return shows, (
        f"{learnt}, because in {percent(same)} of the cases that row is the same patient's. Barred "
        f"from the patient's own rows it gets {percent(barred['accuracy'])} (macro F1 "
        f"{percent(barred['macro_f1'])}). A figure on such a split measures memory of people; for "
        "a new patient only a split by patient tells something."
    )
