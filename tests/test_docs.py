"""The documentation keeps to what the software does: commands, links, figures."""

import importlib.util
import re
import shlex
import sys
from functools import cache
from pathlib import Path

import click
import numpy as np
import pytest
from click.testing import CliRunner

from ectopy.cli import main
from ectopy.datasets.kaggle import KaggleRows

HOME = Path(__file__).parent.parent
TEXTS = [
    *sorted(HOME.glob("*.md")),
    *sorted(HOME.glob("docs/*.md")),
    *sorted(HOME.glob("bench/*.md")),
]
TUTORIAL = sorted(HOME.glob("docs/tutorial*.md"))
SOURCES = [*HOME.glob("docs/*.md"), *HOME.glob("bench/*.md"), HOME / "MODELS.md"]
COMMAND = re.compile(r"^(?:    |\$ )(ectopy .*?(?:\\\n.*?)*)$", re.MULTILINE)
ABSENT = re.compile(r"(?:Path|File|Directory) '(.+)' does not exist")


@cache
def load_builder():
    found = importlib.util.spec_from_file_location("make_tutorial", HOME / "docs/make_tutorial.py")
    module = importlib.util.module_from_spec(found)
    sys.modules[found.name] = module  # dataclasses look their module up
    found.loader.exec_module(module)
    return module


def commands(text):
    """Every command of ectopy in a text: indented, fenced or after a dollar; no comments."""
    lines, block = [], None
    for line in text.splitlines():
        if line.startswith("```"):
            block = None if block is not None else line[3:]
        # what stands in a console without a dollar is what a command printed
        plain = block is not None and not block.startswith("console")
        lines.append(f"$ {line}" if plain and line.startswith("ectopy ") else line)
    for found in COMMAND.findall("\n".join(lines)):
        yield shlex.split(found.replace("\\\n", ""), comments=True)[1:]


def check(words):
    """Let click read a command as it would before it runs; files that it wants are made."""
    command, rest = main, list(words)
    context = click.Context(main, info_name="ectopy")
    while isinstance(command, click.Group) and rest and not rest[0].startswith("-"):
        name = rest.pop(0)
        found = command.get_command(context, name)
        assert found, f"there is no {name!r} in {context.command_path}"
        context = click.Context(found, info_name=name, parent=context)
        command = found
    if isinstance(command, click.Group):
        return
    for _ in range(len(rest) + 1):
        try:
            command.make_context(command.name, list(rest), parent=context.parent)
            return
        except click.BadParameter as error:
            absent = ABSENT.search(error.format_message())
            if absent is None:
                raise
            Path(absent[1]).mkdir(parents=True)
        except click.exceptions.Exit:
            return


@pytest.mark.parametrize("text", TEXTS, ids=lambda path: path.name)
def test_every_command_is_one_that_there_is(text, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for words in commands(text.read_text("utf-8")):
        try:
            check(words)
        except click.UsageError as error:
            pytest.fail(f"ectopy {shlex.join(words)}: {error.format_message()}")


def test_a_command_that_is_wrong_is_found(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    check(["analyze", "one.csv", "--fs", "250"])
    check(["data", "build", "beats", "--source", "mitdb", "-o", "out"])
    for wrong in ("analyse x", "analyze x --rate 250", "analyze x --fs high", "data make x"):
        with pytest.raises((AssertionError, click.UsageError)):
            check(wrong.split())


@pytest.mark.parametrize("text", TEXTS, ids=lambda path: path.name)
def test_every_link_leads_somewhere(text):
    for target in re.findall(r"\]\(([^)\s]+)\)", text.read_text("utf-8")):
        if not re.match(r"[a-z]+:|#", target):
            assert (text.parent / target.partition("#")[0]).exists(), target


@pytest.mark.parametrize("page", TUTORIAL, ids=lambda path: path.name)
def test_every_command_of_the_tutorial_has_run(page):
    """The build puts what a command printed below it, unless the block hides it."""
    builder = load_builder()
    text = page.read_text("utf-8")
    for found in builder.BLOCK.finditer(text):
        block = builder.read_block(found["how"], found["body"])
        assert block.commands
        if "hide" in block.how or "tested" in block.how:
            continue
        printed = re.split(r"^\$ .*(?:\\\n.*)*$", found["body"], flags=re.MULTILINE)[1:]
        assert len(printed) == len(block.commands)
        assert all(part.strip() for part in printed), found["body"]


@pytest.mark.parametrize("page", TUTORIAL, ids=lambda path: path.name)
def test_every_figure_of_the_tutorial_is_one_that_was_measured(page):
    """A percentage in the prose stands in a table of measured figures, or was printed here."""
    builder = load_builder()
    prose = builder.BLOCK.sub("", page.read_text("utf-8"))
    measured = {path: path.read_text("utf-8") for path in SOURCES if path not in TUTORIAL}
    printed = "".join(
        found[0] for path in TUTORIAL for found in builder.BLOCK.finditer(path.read_text("utf-8"))
    )
    known = set(re.findall(r"\d+\.\d+", printed + "".join(measured.values())))
    for figure in re.findall(r"(\d+\.\d+)[\s\u00a0]%", prose):
        assert figure in known, f"{figure} % is nowhere measured"


def test_what_happens_on_new_people_is_the_same_figure_on_every_page():
    measured = (HOME / "docs/benchmarks.md").read_text("utf-8")
    figure = re.search(r"^\| DS1 \| ds1-ds2, detected beats \| apart \| ([\d.]+) ", measured, re.M)[
        1
    ]
    for page in ("recipes", "kaggle-rows", "tutorial", "tutorial-evaluate"):
        assert f"{figure} %" in (HOME / f"docs/{page}.md").read_text("utf-8"), page


def test_blocks_are_cut_shortened_and_wrapped_as_they_say():
    builder = load_builder()
    page = "```console first=1 last=1\n$ ectopy models\nold\n$ ectopy data \\\n    list\n```\n"
    (block,) = builder.blocks(page)
    assert [shlex.split(command) for command in block.commands] == [
        ["ectopy", "models"],
        ["ectopy", "data", "list"],
    ]
    assert builder.shortened("a\nb\nc\nd\n", block.how) == ["a", "…", "d"]
    assert builder.shortened("a\nb\nc\n", block.how) == ["a", "b", "c"]
    assert builder.shortened("a\n", {"hide": ""}) == []
    long = "ectopy train cvxtz --data 'a folder' " + " ".join(f"--option{k} {k}" for k in range(9))
    shown = builder.wrapped(long)
    assert max(map(len, shown.splitlines())) <= 90
    assert shlex.split(shown[2:].replace("\\\n", "")) == shlex.split(long)


def few_rows(folder):
    """A tiny set of rows in the layout of the Kaggle rows."""
    random = np.random.default_rng(0)
    n = 240
    is_test = np.arange(n) % 4 == 0
    rows = KaggleRows(
        X=random.random((n, 187), np.float32),
        y=(np.arange(n) // 4 % 5).astype(np.int8),
        record=np.array([f"{100 + k % 7}" for k in range(n)]),
        sample=np.arange(n) * 300,
        is_test=is_test,
        test_order=np.where(is_test, np.cumsum(is_test) - 1, -1).astype(np.int32),
    )
    folder.mkdir()
    np.savez(folder / "mitbih.npz", **vars(rows))


def test_the_full_trainings_of_the_tutorial_run_on_a_few_rows(tmp_path, monkeypatch):
    """The first of them runs; the others are the same command with the other recipes' names."""
    pytest.importorskip("torch")
    from ectopy.training.recipes import RECIPES

    monkeypatch.chdir(tmp_path)
    few_rows(tmp_path / "kaggle")
    builder = load_builder()
    text = (HOME / "docs/tutorial-train.md").read_text("utf-8")
    tested = [block for block in builder.blocks(text) if "tested" in block.how]
    trainings = [shlex.split(command)[1:] for block in tested for command in block.commands]
    assert {words[1] for words in trainings} == set(RECIPES)
    first = trainings[0]
    for words in trainings:
        name = words[1]
        assert words == [word.replace(first[1], name) for word in first]
    result = CliRunner().invoke(main, [*first, "--epochs", "1", "--batch", "64"])
    assert result.exit_code == 0, result.output
    assert (tmp_path / first[first.index("-o") + 1] / "model/card.json").is_file()


def test_the_page_on_ones_own_ecg_runs_as_it_stands(tmp_path, monkeypatch):
    """On a simulated recording; the model of one's own is another one here."""
    builder = load_builder()
    monkeypatch.chdir(tmp_path)
    builder.write_own_ecg(tmp_path)
    page = (HOME / "docs/tutorial-own-ecg.md").read_text("utf-8")
    ran = 0
    for block in builder.blocks(page):
        for command in block.commands:
            words = shlex.split(command.replace("runs/first/model", "cvxtz-kaggle-v1"))[1:]
            result = CliRunner().invoke(main, words)
            assert result.exit_code == 0, result.output
            assert result.stdout.strip()
            ran += 1
    assert ran >= 4
    assert (tmp_path / "results/my-ecg.html").is_file()
    for code in re.findall(r"```python\n(.*?)```", page, re.DOTALL):
        exec(compile(code, "tutorial", "exec"), {})
    assert (tmp_path / "my-ecg.html").is_file()
