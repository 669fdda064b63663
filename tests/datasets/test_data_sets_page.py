"""Every command and the program on the page of the data sets do what the page says."""

import hashlib
import re
import shlex
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from publisher import Publisher

from ectopy.cli import main
from ectopy.recording import Source
from ectopy.recording.write import write
from ectopy.simulate import simulate

PAGE = Path(__file__).parents[2] / "docs" / "data-sets.md"
RECORDS = {
    "mitdb/1.0.0": ("100 101 201 202".split(), 360.0, ("MLII", "V1")),
    "svdb/1.0.0": ("800 801".split(), 128.0, ("ECG1", "ECG2")),
    "ptb-xl/1.0.3": (
        ["records100/00000/00001_lr", "records500/00000/00001_hr"],
        100.0,
        ("I", "II"),
    ),
}


@pytest.fixture
def physionet(tmp_path_factory, monkeypatch):
    """Serve simulated records under the addresses of the real ones."""
    folder, server = tmp_path_factory.mktemp("published"), Publisher()
    server.root = "/"
    for place, (names, fs, leads) in RECORDS.items():
        for seed, name in enumerate(names):
            heart = replace(simulate(30, fs, seed=seed), leads=leads, source=Source())
            (folder / place / name).parent.mkdir(parents=True, exist_ok=True)
            write(heart, folder / place / name)
        files = [path for path in (folder / place).rglob("*") if path.is_file()]
        listed = {path.relative_to(folder / place).as_posix(): path.read_bytes() for path in files}
        sums = "".join(f"{hashlib.sha256(v).hexdigest()} {k}\n" for k, v in listed.items())
        server.files |= {f"{place}/{path}": content for path, content in listed.items()}
        server.files[f"{place}/SHA256SUMS.txt"] = sums.encode()
    monkeypatch.setenv("ECTOPY_PHYSIONET", server.url)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    yield server
    server.close()


def test_the_page_can_be_followed(physionet, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    page = PAGE.read_text("utf-8")
    commands = re.findall(r"^    (ectopy .*)$", page, re.MULTILINE)
    assert len(commands) >= 6
    for command in commands:
        done = CliRunner().invoke(main, shlex.split(command)[1:])
        assert done.exit_code == 0, f"{command}\n{done.output}"
    assert (tmp_path / "ptb-xl/records100/00000/00001_lr.dat").is_file()
    assert not (tmp_path / "ptb-xl/records500").exists()
    (program,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    exec(program, {})
    assert re.match(r"\d+ beats to train on, [1-9]\d* to test on", capsys.readouterr().out)
