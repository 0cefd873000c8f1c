"""Steps down from a GPU, with the errors that the real libraries raise on a machine that has none."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import REPOSITORY
from tests.e2e.conftest import built
from tests.e2e.test_subtitle import PATIENCE

WHISPER = """
import json, sys
import ctranslate2
from pathlib import Path
from recognition import models
from recognition.compute import Compute
from recognition.compute_steps import ComputeSteps
from recognition.model_holder import ModelHolder

told = []
steps = ComputeSteps((Compute("cuda", "float16", 2), Compute("cpu", "int8", 1, 1)), told.append)
folder = Path(sys.argv[1])
holder = ModelHolder(lambda way: models.load_model(folder, way))
model = steps.once(holder.get)
print(json.dumps({"told": told, "device": model.model.device, "cards": ctranslate2.get_cuda_device_count()}))
"""
ONNX = """
import json, sys
from pathlib import Path
from recognition import onnx_models
from recognition.compute import Compute
from recognition.compute_steps import ComputeSteps
from recognition.model_holder import ModelHolder

told = []
steps = ComputeSteps((Compute("cuda", "float32", 2), Compute("cpu", "float32", 1, 1)), told.append)
found = onnx_models.read(Path(sys.argv[1]))
holder = ModelHolder(lambda way: onnx_models.load(found, way))
model = steps.once(holder.get)
print(json.dumps({"told": told, "device": model.providers()[0], "cards": int(onnx_models.has_cuda())}))
"""

WHISPERX = """
import importlib.util, json, sys, torch
from pathlib import Path

found = importlib.util.spec_from_file_location("whisperx_asr", sys.argv[2])
stage = sys.modules["whisperx_asr"] = importlib.util.module_from_spec(found)
found.loader.exec_module(stage)
told = []
steps = stage.ComputeSteps((stage.Compute("cuda", "float16", 2), *stage.on_cpu(2)), told.append)
holder = stage.ModelHolder(lambda way: stage.load(Path(sys.argv[1]), way))
pipeline = steps.once(holder.get)
print(json.dumps({"told": told, "device": pipeline.model.model.device, "cards": torch.cuda.device_count()}))
"""


def stepped(environment: str, program: str, model: Path, *more: str) -> dict[str, Any]:
    """What a program prints in an environment, with the modules of the stages."""
    python = REPOSITORY / "venv" / environment / "bin" / "python"
    paths = [str(REPOSITORY / "stages" / "modules"), str(REPOSITORY / "pipeline" / "sdk")]
    variables = {"PYTHONPATH": os.pathsep.join(paths), "PATH": os.defpath}
    command = [str(python), "-c", program, str(model), *more]
    done = subprocess.run(command, env=variables, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    if found["cards"]:
        pytest.skip("there is a GPU here: scripts/check_gpu.py tries it")
    return found


def test_ctranslate2_without_a_gpu_goes_on_with_the_cpu(bootstrapped: None) -> None:
    (model,) = (REPOSITORY / "models" / ".store").glob("whisper-base-*")
    found = stepped("whisper", WHISPER, model)
    assert found["device"] == "cpu"
    assert len(found["told"]) == 1
    assert "CUDA" in found["told"][0]


def test_onnx_runtime_without_a_gpu_goes_on_with_the_cpu(bootstrapped: None, tmp_path: Path) -> None:
    built("onnx-asr")
    tiny = REPOSITORY / "tests" / "stages" / "tiny_onnx" / "parakeet"
    for file in tiny.iterdir():
        (tmp_path / file.name.replace(".int8", "")).write_bytes(file.read_bytes())
    found = stepped("onnx-asr", ONNX, tmp_path)
    assert found["device"] == "CPUExecutionProvider"
    assert len(found["told"]) == 1


@pytest.mark.heavy
def test_whisperx_without_a_gpu_goes_on_with_the_cpu(bootstrapped: None) -> None:
    built("whisperx")
    (model,) = (REPOSITORY / "models" / ".store").glob("whisper-base-*")
    found = stepped("whisperx", WHISPERX, model, str(REPOSITORY / "stages" / "whisperx_asr.py"))
    assert found["device"] == "cpu"
    assert len(found["told"]) == 1
    assert "CUDA" in found["told"][0]
