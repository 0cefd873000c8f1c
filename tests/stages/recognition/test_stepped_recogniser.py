"""A Whisper recogniser whose GPU fails as CTranslate2's does."""

import importlib
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from recognition.compute import CPU, GPU, Compute
from recognition.compute_steps import ComputeSteps
from recognition.model_holder import ModelHolder
from recognition.windows import Window

WINDOWS = [Window(((float(start), start + 20.0),)) for start in range(0, 120, 30)]
WAYS = (Compute(GPU, "float16", 2), Compute(GPU, "float16", 1), Compute(CPU, "int8", 2))


@pytest.fixture
def make(engines: None, monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[Any, list[Any], list[str]]]:
    """A recogniser, what it recognised (device and window), and what was told."""
    whisper: Any = importlib.import_module("recognition.whisper")
    stepped: Any = importlib.import_module("recognition.stepped_recogniser")
    done: list[Any] = []
    told: list[str] = []

    def recognise(recogniser: Any, window: Window, careful: bool) -> list[Any]:
        recogniser.model.fail(recogniser.workers, window)
        done.append((recogniser.model.device, window))
        return [SimpleNamespace(text="said")]

    monkeypatch.setattr(whisper.Recogniser, "_segments", recognise)

    def made(fail: Callable[[str, int, Window], None]) -> tuple[Any, list[Any], list[str]]:
        def load(way: Compute) -> Any:
            return SimpleNamespace(device=way.device, fail=lambda workers, window: fail(way.device, workers, window))

        recogniser = whisper.Recogniser(None, None, 1, "en", report=lambda share, text: None)
        steps = ComputeSteps(WAYS, told.append)
        return stepped.SteppedRecogniser(ModelHolder(load), steps, recogniser), done, told

    return made


def test_what_is_recognised_stays_and_the_rest_is_recognised_on_the_cpu(make: Any) -> None:
    def fail(device: str, workers: int, window: Window) -> None:
        if device == GPU and window == WINDOWS[2]:
            raise RuntimeError("CUDA failed with error out of memory")

    stepped, done, told = make(fail)
    assert len(stepped.recognise(WINDOWS, False)) == len(WINDOWS)
    assert [device for device, window in done if window in WINDOWS[:2]] == [GPU, GPU]
    assert [device for device, window in done if window == WINDOWS[2]] == [CPU]
    assert len(told) == 2


def test_fewer_windows_at_a_time_may_be_enough(make: Any) -> None:
    def fail(device: str, workers: int, window: Window) -> None:
        if workers > 1:
            raise RuntimeError("CUDA failed with error out of memory")

    stepped, done, told = make(fail)
    stepped.recognise(WINDOWS, False)
    assert {device for device, _ in done} == {GPU}
    assert len(told) == 1


def test_a_gpu_without_its_libraries_is_passed_over(make: Any) -> None:
    def fail(device: str, workers: int, window: Window) -> None:
        if device == GPU:
            raise RuntimeError("Library libcublas.so.12 is not found or cannot be loaded")

    stepped, done, told = make(fail)
    stepped.recognise(WINDOWS, False)
    assert {device for device, _ in done} == {CPU}
    assert len(told) == 1
    assert "libcublas" in told[0]


def test_what_one_model_encoded_is_not_given_to_another(make: Any) -> None:
    stepped, _, _ = make(lambda *_: None)
    recogniser = stepped.recogniser
    stepped.run(lambda each: each._encodings.update({WINDOWS[0]: "on the GPU"}))
    stepped.run(lambda each: None)
    assert recogniser._encodings
    recogniser.use(SimpleNamespace(), 2)
    assert recogniser._encodings == {}
