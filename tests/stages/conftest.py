"""Loads a stage file by its path, as the runner does, without the libraries of its environment."""

import importlib
import importlib.util
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest.mock import MagicMock

import pytest
import recognition

LIBRARIES = (
    "ctranslate2", "numpy", "faster_whisper", "faster_whisper.audio", "faster_whisper.tokenizer", "faster_whisper.vad",
)  # fmt: skip
USING_THEM = (  # each after those that it imports
    "waveform", "speech_detection", "models", "whisper", "language_check", "stepped_recogniser",
    "several_languages", "speech_to_text",
)  # fmt: skip
ROOT = Path(__file__).parents[2]


@pytest.fixture
def load_stage(monkeypatch: pytest.MonkeyPatch) -> Callable[..., ModuleType]:
    """``load_stage("asr", "numpy")``: the stage's module, with stand-ins for the libraries named."""

    def load(name: str, *libraries: str) -> ModuleType:
        monkeypatch.syspath_prepend(str(ROOT / "pipeline" / "sdk"))
        for library in libraries:
            monkeypatch.setitem(sys.modules, library, MagicMock())
        path = ROOT / "stages" / f"{name}.py"
        spec = importlib.util.spec_from_file_location(f"stage_{name}", path)
        assert spec
        assert spec.loader
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module

    return load


@pytest.fixture
def load_module(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], ModuleType]:
    """``load_module("streams")``: what stages share, which may use ``stagekit``."""

    def load(name: str) -> ModuleType:
        monkeypatch.syspath_prepend(str(ROOT / "pipeline" / "sdk"))
        return importlib.import_module(name)

    return load


@pytest.fixture
def stand_in(
    load_module: Callable[[str], ModuleType], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[Sequence[str], str, Sequence[str]], None]]:
    """``stand_in(["numpy"], "1.0", ["waveform"])``: stand-ins for libraries of a version, and the modules of
    ``recognition`` that use them, which are forgotten afterwards.
    """
    loaded: list[str] = []

    def load(libraries: Sequence[str], version: str, modules: Sequence[str]) -> None:
        for library in libraries:
            monkeypatch.setitem(sys.modules, library, MagicMock(__version__=version))
        for name in modules:
            monkeypatch.setattr(recognition, name, None, raising=False)
            loaded.append(load_module(f"recognition.{name}").__name__)

    yield load
    for name in loaded:
        del sys.modules[name]


@pytest.fixture
def engines(stand_in: Callable[[Sequence[str], str, Sequence[str]], None]) -> None:
    """Stand-ins for the libraries of recognition, and the modules that use them."""
    stand_in(LIBRARIES, "1.2.1", USING_THEM)


class RecordingStage:
    """What a stage tells its orchestrator, kept for looking at."""

    def __init__(self, outputs: Path = Path()) -> None:
        self.warnings: list[str] = []
        self.facts: dict[str, Any] = {}
        self.work = outputs
        self._outputs = outputs

    def warn(self, message: str) -> None:
        self.warnings.append(message)

    def about(self, **facts: Any) -> None:
        self.facts.update(facts)

    def progress(self, fraction: float, note: str = "") -> None: ...

    def output(self, name: str, filename: str = "") -> Path:
        return self._outputs / (filename or name)


@pytest.fixture
def stage(tmp_path: Path) -> RecordingStage:
    return RecordingStage(tmp_path)
