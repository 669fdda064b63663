"""A trained network → a model directory that the package can use without torch."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import warnings
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from ectopy._files import replacing
from ectopy.errors import TrainingError
from ectopy.training.fit import predict

TOLERANCE: Final = 1e-4
"""Largest difference between logits of torch and of ONNX Runtime that an export may show."""
CHECKED_ROWS: Final = 2048
_WATCHED: Final = {"accuracy": "accuracy", "loss": "loss", "macro_f1": "macro F1"}


def export_onnx(network: nn.Module, inputs: NDArray[np.float32], path: Path) -> float:
    """Write a network as ONNX, if ONNX Runtime gives the same logits.

    Parameters
    ----------
    network
        A trained network whose first dimension is that of the beats.
    inputs
        Real inputs to compare both on, shape ``(n, …)``; at most 2,048 are used.
    path
        The file to write.

    Returns
    -------
    float
        The largest difference found.

    Raises
    ------
    TrainingError
        If any logit differs by more than 1e-4; nothing is written then.
    """
    import onnx

    os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # see ectopy._onnx
    from onnxruntime import InferenceSession

    network = network.cpu().eval()
    sample = torch.from_numpy(inputs[:3])
    with replacing(path) as part:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the exporter deprecates parts of itself,
            logging.getLogger("torch.onnx").setLevel(logging.ERROR)  # and misses torchvision
            torch.onnx.export(
                network,
                (sample,),
                part,
                input_names=["rows"],
                output_names=["logits"],
                dynamic_shapes=({0: torch.export.Dim("beats")},),
                external_data=False,
                verbose=False,
            )
        graph = onnx.load(part)
        _strip_origin(graph)
        onnx.checker.check_model(graph)
        onnx.save(graph, part)
        checked = inputs[:CHECKED_ROWS]
        session = InferenceSession(part.read_bytes(), providers=["CPUExecutionProvider"])
        ours = session.run(None, {"rows": checked})[0]
        difference = float(np.abs(ours - predict(network, checked)).max())
        if not difference <= TOLERANCE:
            raise TrainingError(
                f"the exported network differs from the trained one by {difference:.2g}, "
                f"at most {TOLERANCE:g} is allowed; nothing was exported"
            )
    return difference


def export_network(
    network: nn.Module, inputs: NDArray[np.float32], card: dict[str, Any], folder: Path
) -> dict[str, Any]:
    """Write ``model.onnx`` and ``card.json``; give the card with its checksum."""
    difference = export_onnx(network, inputs, folder / "model.onnx")
    weights = (folder / "model.onnx").read_bytes()
    card = card | {
        "sha256": hashlib.sha256(weights).hexdigest(),
        "bytes": len(weights),
        "onnx_torch_difference": difference,
    }
    with replacing(folder / "card.json") as part:
        part.write_text(json.dumps(card, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return card


def write_model(
    network: nn.Module, rows: NDArray[np.float32], card: dict[str, Any], folder: Path
) -> dict[str, Any]:
    """Write the model directory of a classifier of rows; give the card with its checksum."""
    card = export_network(network, rows[:, None], card, folder)
    with replacing(folder / "README.md") as part:
        part.write_text(model_readme(card), encoding="utf-8")
    return card


def model_readme(card: dict[str, Any]) -> str:
    """Write a card out for people, in Markdown."""
    figures, training = card["figures"], card["training"]
    low, high = figures["accuracy_interval"]
    lines = [
        f"# {card['name']}",
        "",
        card["says"],
        "",
        f"**Warning.** {card['warning']}",
        "",
        "## Use",
        "",
        f"- Input: {card['input']['says']}",
        f"- Classes: {' '.join(card['classes'])} (AAMI), escape beats counted as N.",
        f"- Softmax temperature: {card['temperature']:.4f}, fitted on the validation part.",
        *(
            f"- Probabilities are weighed: {name} times {factor:g}. The largest names the beat."
            for name, factor in card.get("decide", {}).items()
        ),
        f"- Licence: {card['licence']}; sha256 `{card['sha256']}`, {card['bytes']:,} bytes.",
        "",
        "## Training",
        "",
        f"- Data: {training['data']}",
        f"- Split: `{training['split']}`, {training['split_says']}.",
        f"- Recipe `{training['recipe']}`, seed {training['seed']}: epoch {training['best_epoch']} "
        f"of {training['epochs']}, the best by validation {_WATCHED[training['watch']]} "
        f"({training['rows']:,} rows to learn from, {training['validation_rows']:,}"
        f"{' **of the test**' if training['validated_on_test'] else ''} to choose the epoch).",
        f"- Made by `{training['command']}`.",
        "",
        f"## Figures on the {figures['rows']:,} test rows of the split",
        "",
        f"Accuracy {100 * figures['accuracy']:.2f} % (95 % interval {100 * low:.2f} to "
        f"{100 * high:.2f}), macro F1 {100 * figures['macro_f1']:.2f} % "
        f"({' to '.join(f'{100 * f:.2f}' for f in figures['macro_f1_interval'])}), "
        f"expected calibration error {100 * figures['ece']:.2f} %. {figures['interval_says']}",
        "",
        "| class | beats | Se % | +P % | F1 % |",
        "|---|---|---|---|---|",
    ]
    for name, row in figures["classes"].items():
        shown = ["–" if row[k] is None else f"{100 * row[k]:.2f}" for k in ("se", "ppv", "f1")]
        lines.append(f"| {name} | {row['support']:,} | {' | '.join(shown)} |")
    return "\n".join([*lines, "", "Not a medical device.", ""])


def _strip_origin(graph: Any) -> None:
    """Take out what the exporter notes about the machine it ran on."""
    graph.doc_string = ""
    del graph.metadata_props[:]
    del graph.graph.metadata_props[:]
    for part in (
        *graph.graph.node,
        *graph.graph.value_info,
        *graph.graph.input,
        *graph.graph.output,
        *graph.graph.initializer,
    ):
        part.doc_string = ""
        del part.metadata_props[:]
