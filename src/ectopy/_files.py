"""Files that appear whole or not at all."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ectopy.errors import OutputError


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a temporary path beside `path` that takes its name when the block ends well.

    On an error the temporary file is removed and whatever stood at `path` stays as it was.

    Raises
    ------
    OutputError
        If the folder cannot be made or written.
    """
    ending = path.suffix[:8]  # so that several files of one name can be written at once
    part = path.with_name(f".{os.getpid()}-{threading.get_ident()}{ending}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield part
        part.replace(path)
    except OSError as error:
        reason = error.strerror or str(error)
        raise OutputError(
            f"cannot write {path}: {reason}; choose another folder with -o"
        ) from error
    finally:
        with suppress(OSError):
            part.unlink()
