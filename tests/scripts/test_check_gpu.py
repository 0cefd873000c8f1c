"""What a person with a GPU is told, from what the stage told of itself; tests/e2e/test_check_gpu.py runs the script."""

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

SCRIPT = Path(__file__).parents[2] / "scripts" / "check_gpu.py"
ON_GPU = {"device": "GPU: NVIDIA T4", "numbers": "float16", "windows_at_a_time": 16}
ON_CPU = {"device": "CPU", "numbers": "int8", "windows_at_a_time": 2}
STEP = "GPU: its memory doesn't suffice (CUDA failed with error out of memory); going on with the CPU"


@pytest.fixture
def script() -> Iterator[Any]:
    spec = importlib.util.spec_from_file_location("check_gpu", SCRIPT)
    assert spec
    assert spec.loader
    module: ModuleType = importlib.util.module_from_spec(spec)
    sys.modules["check_gpu"] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules["check_gpu"]


def checked(script: Any, on: dict[str, Any], gpus: tuple[str, ...] = ("NVIDIA T4",), wrong: float = 0.02) -> Any:
    return script.GpuCheck(gpus, "faster-whisper 1.2.1", "whisper-base", on, 2.2, 44.0, wrong)


def test_a_gpu_that_computed_is_well(script: Any) -> None:
    check = checked(script, ON_GPU)
    assert check.is_well
    lines = list(script.report(check))
    for said in ("GPU: NVIDIA T4", "whisper-base", "float16, 16 windows", "none", "0.050", "2.0%"):
        assert any(said in line for line in lines), said


def test_without_a_gpu_there_is_nothing_to_find_out_and_this_is_said(script: Any) -> None:
    check = checked(script, ON_CPU, gpus=())
    assert check.is_well
    assert "no GPU" in script.verdict(check)


@pytest.mark.parametrize("on", [ON_CPU | {"steps_down": [STEP]}, ON_CPU, {}])
def test_a_gpu_that_was_not_used_is_not_well(script: Any, on: dict[str, Any]) -> None:
    check = checked(script, on)
    assert not check.is_well
    assert "NOT used" in script.verdict(check)


def test_a_step_down_is_shown_in_the_library_s_words(script: Any) -> None:
    check = checked(script, ON_GPU | {"steps_down": [STEP]})
    assert not check.is_well
    assert any(STEP in line for line in script.report(check))


def test_a_wrong_text_is_not_well(script: Any) -> None:
    check = checked(script, ON_GPU, wrong=0.5)
    assert not check.is_well
    assert "wrong" in script.verdict(check)


@pytest.mark.parametrize(
    ("heard", "wrong"), [("It was, the best!", 0.0), ("it was best", 0.25), ("", 1.0), ("it was the very worst", 0.5)]
)
def test_wrong_words_are_counted_whatever_their_case_and_marks(script: Any, heard: str, wrong: float) -> None:
    assert script.wrong_words("It was the best", heard) == wrong
