"""`ectopy view` as a command: it prints where it is, serves, and ends cleanly."""

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner

from ectopy.cli import main
from ectopy.recording.write import write
from ectopy.simulate import simulate
from ectopy.web.files import Workroom


@pytest.mark.parametrize("end", ["SIGINT", "SIGHUP"])
def test_it_prints_its_address_and_ends_cleanly(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, end: str
) -> None:
    if not hasattr(signal, end):
        pytest.skip(f"no {end} on this system")
    (tmp_path / "temporary").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "temporary"))
    write(simulate(10, 250, seed=2), tmp_path / "one")
    command = [sys.executable, "-m", "ectopy", "view", str(tmp_path / "one"), "--no-browser"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        base, token = process.stdout.readline().strip().split("/?token=")
        assert base.startswith("http://127.0.0.1:")
        headers = {"Authorization": f"Bearer {token}"}
        about = httpx.get(f"{base}/api/about", headers=headers, timeout=60).json()
        assert about["open"] == "one.hea"
        started = httpx.post(
            f"{base}/api/analyses", headers=headers, files={"files": ("x.csv", b"1")}, timeout=60
        )
        assert started.status_code == 202
        assert [*(tmp_path / "temporary").iterdir()]
        process.send_signal(getattr(signal, end))
        out, err = process.communicate(timeout=120)
    assert process.returncode == 0
    assert not [*(tmp_path / "temporary").iterdir()]
    assert out == ""
    assert "Traceback" not in err
    assert "medical device" in err


def test_wrong_wishes_are_one_line(tmp_path: Path) -> None:
    for arguments in ([str(tmp_path / "none.csv")], [str(tmp_path), "--model", "none-such"]):
        result = CliRunner().invoke(main, ["view", "--no-browser", *arguments])
        assert result.exit_code == 2
        assert len(result.stderr.strip().splitlines()) == 1


def test_uploads_of_a_killed_server_go_when_the_next_one_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    running = Workroom()
    (running.new() / "mine.csv").write_text("1")
    code = (
        "import os; from ectopy.web.files import Workroom\n"
        "(Workroom().new() / 'left.csv').write_text('2'); os._exit(9)"
    )
    environment = os.environ | {"TMPDIR": str(tmp_path)}
    assert subprocess.run([sys.executable, "-c", code], env=environment).returncode == 9
    assert [*tmp_path.rglob("left.csv")]
    for folder in tmp_path.iterdir():
        os.utime(folder, (0, 0))
    Workroom().close()
    assert not [*tmp_path.rglob("left.csv")]
    assert [*tmp_path.rglob("mine.csv")]
    running.close()
    assert not [*tmp_path.iterdir()]
