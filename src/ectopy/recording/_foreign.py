"""Errors of the libraries and the system, turned into ectopy's in this one place."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from ectopy.errors import DamagedFileError, EctopyError, RecordingError


@contextmanager
def foreign_errors_mapped(path: Path) -> Iterator[None]:
    """Turn every error of the libraries below into one of ectopy's, with a way out.

    Numbers that overflow, as they do in damaged files, become infinite or NaN without a warning;
    a recording has none of the first and takes the second as missing.

    Raises
    ------
    RecordingError
        If the system does not give the file, or has too little memory for it.
    DamagedFileError
        For everything else that is not ectopy's own.
    """
    try:
        with np.errstate(all="ignore"):
            yield
    except EctopyError:
        raise
    except MemoryError as error:
        raise RecordingError(
            f"{path.name} needs more memory than there is; split it into shorter recordings"
        ) from error
    except OSError as error:
        reason = error.strerror or "the system refuses it"
        raise RecordingError(
            f"{path.name} cannot be read: {reason}; check its path and permissions"
        ) from error
    except Exception as error:  # its words are about the library, not about the file
        raise DamagedFileError(
            f"{path.name} cannot be read: its content breaks the rules of its format; "
            "it may be damaged, copy or export it again"
        ) from error
