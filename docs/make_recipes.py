"""Bring the table of docs/recipes.md up to date from run folders.

    python docs/make_recipes.py RUN [RUN …]

Runs of one recipe with the same options and different seeds become one line: their mean, with a
95 % interval by Student's t over seeds. A single run has the bootstrap interval over beats.
"""

import argparse
import json
from pathlib import Path

import numpy as np
from scipy.stats import t

PAGE = Path(__file__).parent / "recipes.md"
START, END = "<!-- figures -->\n", "<!-- end of figures -->\n"
HEAD = """\
| recipe | options | seeds | accuracy % | macro F1 % | F1 % of N / S / V / F / Q | epochs | model |
|---|---|---|---|---|---|---|---|
"""


def facts(run: Path) -> dict:
    """What a run folder says of itself."""
    settings = json.loads((run / "settings.json").read_text("utf-8"))
    card = json.loads((run / "model" / "card.json").read_text("utf-8"))
    seed = f"--seed {settings['seed']}"
    options = card["training"]["command"].split(seed)[1].strip()
    return {
        "recipe": settings["recipe"]["name"],
        "seed": settings["seed"],
        "options": options,
        "split": card["training"]["split"],
        "figures": card["figures"],
        "epochs": card["training"]["epochs"],
        "bytes": card["bytes"],
    }


def over_seeds(values: list[float]) -> str:
    """Mean and interval, in percent."""
    percent = 100 * np.array(values)
    reach = t.ppf(0.975, len(percent) - 1) * percent.std(ddof=1) / np.sqrt(len(percent))
    return f"{percent.mean():.2f} ± {reach:.2f}"


def one(figures: dict, name: str) -> str:
    low, high = figures[f"{name}_interval"]
    return f"{100 * figures[name]:.2f} ({100 * low:.2f}–{100 * high:.2f})"


def line(runs: list[dict]) -> str:
    runs = sorted(runs, key=lambda run: run["seed"])
    figures = [run["figures"] for run in runs]
    f1s = np.array([[c["f1"] or 0 for c in f["classes"].values()] for f in figures]).mean(axis=0)
    leak = " **(leak)**" if "--validate-on-test" in runs[0]["options"] else ""
    cells = [
        f"`{runs[0]['recipe']}`{leak}",
        f"`{runs[0]['options']}`" if runs[0]["options"] else "its own",
        ", ".join(str(run["seed"]) for run in runs),
        *(
            over_seeds([f[name] for f in figures]) if len(runs) > 1 else one(figures[0], name)
            for name in ("accuracy", "macro_f1")
        ),
        " / ".join(f"{100 * f1:.1f}" for f1 in f1s),
        ", ".join(str(run["epochs"]) for run in runs),
        f"{runs[0]['bytes'] / 1e6:.2f} MB",
    ]
    return f"| {' | '.join(cells)} |"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("runs", type=Path, nargs="+")
    groups: dict[tuple, list[dict]] = {}
    for run in map(facts, parser.parse_args().runs):
        if run["split"] != "kaggle":
            raise SystemExit(f"the table is of the split kaggle, not {run['split']}")
        groups.setdefault((run["recipe"], run["options"]), []).append(run)
    order = ["notebook", "kachuee", "cvxtz", "best"]
    lines = [line(groups[key]) for key in sorted(groups, key=lambda k: (order.index(k[0]), k[1]))]
    page = PAGE.read_text("utf-8")
    before, rest = page.split(START)
    after = rest.split(END)[1]
    PAGE.write_text(before + START + HEAD + "\n".join(lines) + "\n" + END + after, "utf-8")


main()
