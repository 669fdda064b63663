import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from ectopy.archive.crew import LocalCrew
from ectopy.recording.write import write
from ectopy.simulate import simulate


@pytest.fixture(scope="session")
def originals(tmp_path_factory) -> Path:
    """A small archive: WFDB, EDF, CSV, a ZIP, a damaged file, and files that are no recordings."""
    root = tmp_path_factory.mktemp("originals")
    for name, seed in (("a/one", 1), ("a/two.edf", 2), ("b/three.csv", 3), ("b/four", 4)):
        (root / name).parent.mkdir(exist_ok=True)
        write(simulate(12 + seed, 250, seed=seed), root / name)
    with zipfile.ZipFile(root / "b/packed.zip", "w") as archive:
        for seed in (5, 6):
            path = root / f"{seed}.csv"
            write(simulate(12, 250, seed=seed), path)
            archive.write(path, f"inside/{seed}.csv")
            path.unlink()
    (root / "b/cut.edf").write_bytes((root / "a/two.edf").read_bytes()[:300])
    (root / "README.txt").write_text("Recordings of a week in May.\n")
    (root / "RECORDS").write_text("".join(f"{n}\n" for n in range(100, 120)))
    return root


@pytest.fixture
def root(originals, tmp_path) -> Path:
    """The small archive, to change things in."""
    return Path(shutil.copytree(originals, tmp_path / "in"))


@pytest.fixture(scope="session")
def crew() -> Iterator[LocalCrew]:
    """One worker of this machine, whose process is started once."""
    crew = LocalCrew(1)
    yield crew
    crew.close()
