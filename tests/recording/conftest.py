from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

Record = Callable[..., Path]


@pytest.fixture
def write_record(tmp_path: Path) -> Record:
    """Write a WFDB record: header text with `{}` for its name, 16-bit samples frame by frame."""

    def write(
        header: str, samples: NDArray[np.int64], name: str = "r1", encoding: str = "utf-8"
    ) -> Path:
        tmp_path.joinpath(f"{name}.dat").write_bytes(np.asarray(samples, "<i2").tobytes())
        path = tmp_path / f"{name}.hea"
        path.write_bytes(header.replace("{}", name).encode(encoding))
        return path

    return write
