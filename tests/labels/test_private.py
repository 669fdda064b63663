"""Nothing is told to anyone: the runtime of the models keeps no record of its use."""

import os
import subprocess
import sys
from pathlib import Path


def test_the_runtime_of_the_models_reports_nothing(tmp_path: Path) -> None:
    run = "import ectopy; from ectopy.simulate import simulate; ectopy.analyze(simulate(20, 250))"
    env = {key: value for key, value in os.environ.items() if key != "ORT_DISABLE_TELEMETRY"}
    env |= {"HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    subprocess.run([sys.executable, "-c", run], env=env, check=True)
    kept = [path.name for path in tmp_path.rglob("*") if path.is_file()]
    assert not [name for name in kept if "onnxruntime" in name or name == "deviceid"]
