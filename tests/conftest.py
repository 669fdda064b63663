import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def data() -> Path:
    """The folder with the public data sets, named by ECTOPY_DATA."""
    folder = os.environ.get("ECTOPY_DATA")
    if not folder:
        pytest.skip("set ECTOPY_DATA to the folder with mitdb/, kaggle/, formats/ … to run this")
    path = Path(folder).resolve()
    if not (path / "mitdb").is_dir():
        pytest.skip(f"ECTOPY_DATA={folder} holds no mitdb/")
    return path
