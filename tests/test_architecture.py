"""The house keeps its shape: one direction of imports, a small public API, a light import."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import ectopy

SOURCE = Path(ectopy.__file__).parent
ORDER = ["errors", "recording", "beats", "labels", "rhythm", "trends", "analysis", "report", "cli"]
ALLOWED = {room: set(ORDER[: place + 1]) for place, room in enumerate(ORDER)} | {
    "ec57": {"errors", "recording", "beats", "labels", "rhythm", "analysis"},
    "datasets": {"errors", "recording", "beats", "labels"},
    "training": {"errors", "recording", "beats", "labels", "datasets"},
    "simulate": {"errors", "recording"},
    "evaluation": {*ORDER[:-1], "ec57", "datasets"},
    "explore": {"errors", "recording", "beats", "labels", "datasets", "report"},
    "review": {*ORDER[:-2]},
    "explain": {*ORDER[:-2]},
    "stream": {*ORDER[:-2]},
    "web": {*ORDER[:-1], "ec57", "explain", "review", "stream"},
    "archive": {*ORDER[:-1]},
    "__main__": {"cli"},
    "cli": {
        *ORDER,
        "archive",
        "ec57",
        "datasets",
        "evaluation",
        "explore",
        "training",
        "simulate",
        "stream",
        "web",
    },
}
EVERYWHERE = {"_files", "_onnx", "_threads", "__version__"}


def rooms_imported(path: Path) -> set[str]:
    rooms = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("ectopy"):
            inner = node.module.split(".")[1:2]
            rooms |= set(inner) if inner else {name.name for name in node.names}
        elif isinstance(node, ast.Import):
            rooms |= {n.name.split(".")[1] for n in node.names if n.name.startswith("ectopy.")}
    return rooms


def modules() -> list[Path]:
    return [path for path in sorted(SOURCE.rglob("*.py")) if path != SOURCE / "__init__.py"]


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(SOURCE)))
def test_imports_point_one_way(path: Path) -> None:
    room = path.relative_to(SOURCE).parts[0].removesuffix(".py")
    imported = rooms_imported(path) - EVERYWHERE - {room}
    assert imported <= ALLOWED.get(room, {"errors"}), f"{room} must not import {imported}"


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(SOURCE)))
def test_only_training_touches_torch(path: Path) -> None:
    if path.is_relative_to(SOURCE / "training"):
        return
    names = {
        name
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in (
            [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else [n.name for n in node.names]
        )
    }
    assert not {name for name in names if name.split(".")[0] in {"torch", "sklearn"}}


def test_public_names_are_sorted_few_and_real() -> None:
    assert sorted(ectopy.__all__) == ectopy.__all__
    assert len(ectopy.__all__) <= 15
    for name in ectopy.__all__:
        assert getattr(ectopy, name).__doc__


def test_import_is_light() -> None:
    heavy = "{'torch', 'matplotlib', 'scipy', 'pandas', 'wfdb', 'onnxruntime'}"
    code = f"import sys, ectopy; print({heavy} & set(sys.modules))"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "set()"


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys\nfrom ectopy.cli import main\n"
        "try: main(['--help'])\nexcept SystemExit: pass\n"
        "print({'numpy', 'torch', 'matplotlib', 'scipy', 'wfdb', 'onnxruntime'} & set(sys.modules))"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip().endswith("set()")


def test_every_error_is_in_the_documented_tree() -> None:
    from ectopy import errors

    for name, value in vars(errors).items():
        if isinstance(value, type):
            assert issubclass(value, errors.EctopyError)
            assert name in errors.__doc__
