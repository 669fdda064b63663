"""Start ONNX Runtime on weights that match their checksum."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import TYPE_CHECKING

from ectopy.errors import ModelError

if TYPE_CHECKING:
    from onnxruntime import InferenceSession


def start_network(folder: Path, name: str, sha256: str) -> InferenceSession:
    """Start ONNX Runtime on ``folder/model.onnx``.

    Parameters
    ----------
    folder
        The model directory.
    name
        Name of the model, for messages.
    sha256
        Checksum that its card gives for the weights.

    Raises
    ------
    ModelError
        If the weights are missing or altered.
    """
    # ONNX Runtime reports its use to its maker from the moment it is imported, unless told not to
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    from onnxruntime import InferenceSession, SessionOptions

    try:
        weights = (folder / "model.onnx").read_bytes()
    except OSError as error:
        raise ModelError(
            f"model {name!r} is damaged: it has no model.onnx; reinstall it"
        ) from error
    found = hashlib.sha256(weights).hexdigest()
    if found != sha256:
        raise ModelError(
            f"model {name!r} is damaged: its weights have the checksum {found[:12]}…, its card "
            f"says {str(sha256)[:12]}…; reinstall ectopy or train it again"
        )
    options = SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = 1  # others wait in a loop for work that small networks lack
    return InferenceSession(weights, options, providers=["CPUExecutionProvider"])
