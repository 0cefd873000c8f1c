"""The modules of ``word_alignment``, with stand-ins for WhisperX and its libraries."""

import importlib
import sys
from collections.abc import Iterator
from types import ModuleType, SimpleNamespace
from typing import Any
from unittest.mock import MagicMock

import pytest

LIBRARIES = ("nltk", "torch", "torchaudio", "whisperx", "whisperx.diarize")
MODULES = ("word_alignment.aligners", "word_alignment.word_times")


@pytest.fixture
def whisperx_libraries(engines: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """WhisperX's own module ``alignment``, which all modules see."""
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    for library in LIBRARIES:
        monkeypatch.setitem(sys.modules, library, MagicMock(__version__="1.0"))
    alignment = SimpleNamespace(
        DEFAULT_ALIGN_MODELS_TORCH={"en": "WAV2VEC2_ASR_BASE_960H"},
        LANGUAGES_WITHOUT_SPACES=["ja", "zh"],
        align=None,
        load_align_model=lambda language, device, **place: ("model", place or "details"),
    )
    monkeypatch.setattr(sys.modules["whisperx"], "alignment", alignment)
    yield alignment
    for name in [*MODULES, "word_alignment"]:
        sys.modules.pop(name, None)


@pytest.fixture
def aligners(whisperx_libraries: Any) -> ModuleType:
    return importlib.import_module("word_alignment.aligners")


@pytest.fixture
def word_times(whisperx_libraries: Any) -> ModuleType:
    return importlib.import_module("word_alignment.word_times")
