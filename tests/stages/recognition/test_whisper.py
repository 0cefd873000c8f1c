"""What doesn't need the libraries; tests/e2e/test_recognition.py has the rest."""

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any
from unittest.mock import MagicMock

import pytest
import recognition
from recognition.windows import Window

from tests.conftest import REPOSITORY

LIBRARIES = ("ctranslate2", "numpy", "faster_whisper", "faster_whisper.audio", "faster_whisper.tokenizer")


@pytest.fixture
def whisper(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.syspath_prepend(str(REPOSITORY / "pipeline" / "sdk"))
    for library in (*LIBRARIES, "faster_whisper.vad"):
        monkeypatch.setitem(sys.modules, library, MagicMock(__version__="1.2.1"))
    monkeypatch.setattr(recognition, "whisper", None, raising=False)  # so that the package forgets it afterwards
    yield importlib.import_module("recognition.whisper")
    del sys.modules["recognition.whisper"]


STAMP = 100  # token of the time stamp 0.00


def tokenizer() -> Any:
    texts = {1: " It", 2: " was", 3: " late.", 4: " "}
    return SimpleNamespace(timestamp_begin=STAMP, decode=lambda tokens: "".join(texts[token] for token in tokens))


def parts(whisper: ModuleType, *tokens: int) -> list[tuple[float, float, list[int]]]:
    found = whisper.split(tokens, tokenizer(), 10.0)
    return [(part["start"], part["end"], part["tokens"]) for part in found]


def test_text_stands_between_its_time_stamps(whisper: ModuleType) -> None:
    assert parts(whisper, STAMP, 1, 2, STAMP + 50, STAMP + 100, 3, STAMP + 150) == [
        (0.0, 1.0, [1, 2]),
        (2.0, 3.0, [3]),
    ]


def test_text_without_a_last_time_stamp_lasts_to_the_end(whisper: ModuleType) -> None:
    assert parts(whisper, STAMP + 50, 1, 2) == [(1.0, 10.0, [1, 2])]


def test_text_without_any_time_stamp_lasts_all_the_time(whisper: ModuleType) -> None:
    assert parts(whisper, 1, 2, 3) == [(0.0, 10.0, [1, 2, 3])]


def test_blanks_and_time_stamps_alone_are_no_text(whisper: ModuleType) -> None:
    assert parts(whisper) == parts(whisper, STAMP, STAMP + 50, STAMP + 50) == parts(whisper, STAMP, 4, STAMP + 9) == []


@pytest.mark.parametrize(
    ("windows", "cpus", "layout"),
    [
        (20, 2, (2, 1)),
        (2, 2, (2, 1)),
        (1, 2, (1, 2)),
        (3, 16, (1, 16)),
        (9, 16, (16, 1)),
        (0, 4, (4, 1)),
        (5, 1, (1, 1)),
    ],
)
def test_windows_are_recognised_side_by_side_unless_that_leaves_cpus_idle(
    whisper: ModuleType, windows: int, cpus: int, layout: tuple[int, int]
) -> None:
    assert whisper.layout(windows, cpus) == layout


def a_model(multilingual: bool) -> Any:
    tokens = {"<|en|>": 1, "<|de|>": 2}
    return SimpleNamespace(
        model=SimpleNamespace(is_multilingual=multilingual), hf_tokenizer=SimpleNamespace(token_to_id=tokens.get)
    )


@pytest.mark.parametrize(
    ("multilingual", "wanted", "language"),
    [(True, "de", "de"), (True, "auto", None), (False, "en", "en"), (False, "auto", "en")],
)
def test_a_language_is_looked_for_where_none_is_given_and_there_are_several(
    whisper: Any, multilingual: bool, wanted: str, language: str | None
) -> None:
    assert whisper.language_for(a_model(multilingual), wanted, "tiny") == language


@pytest.mark.parametrize(("multilingual", "wanted"), [(True, "yue"), (False, "de")])
def test_a_language_that_the_model_does_not_know_is_refused(whisper: Any, multilingual: bool, wanted: str) -> None:
    with pytest.raises(whisper.stagekit.StageFailed, match=f"tiny doesn't recognise language '{wanted}'"):
        whisper.language_for(a_model(multilingual), wanted, "tiny")


def test_a_model_for_english_alone_translates_nothing(whisper: Any) -> None:
    whisper.require_multilingual(a_model(True), "tiny")
    with pytest.raises(whisper.stagekit.StageFailed, match="English only"):
        whisper.require_multilingual(a_model(False), "tiny")


def test_the_language_is_that_of_the_whole_audio_and_asked_for_once(
    whisper: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = iter([[[("<|en|>", 0.9), ("<|de|>", 0.1)]], *[[[("<|de|>", 0.8), ("<|en|>", 0.2)]]] * 3])
    model = SimpleNamespace(model=SimpleNamespace(detect_language=lambda encoded: next(answers)))
    heard: list[str | None] = []

    def hear(recogniser: Any, window: Window, careful: bool) -> list[Any]:
        heard.append(recogniser.language)
        return []

    monkeypatch.setattr(whisper.Recogniser, "_features", lambda self, window: None)
    monkeypatch.setattr(whisper.Recogniser, "_encoded", lambda self, features: "encoded")
    monkeypatch.setattr(whisper.Recogniser, "_heard", hear)
    recogniser = whisper.Recogniser(model, None, 1)
    recogniser.hear([Window(((float(start), start + 20.0),)) for start in range(0, 180, 30)], False)
    recogniser.hear([Window(((7.0, 8.0),))], True)
    assert heard == ["de"] * 7
    assert round(recogniser.language_probability, 3) == 0.625


def test_languages_are_asked_for_all_over_the_audio(whisper: ModuleType) -> None:
    windows = [Window(((float(start), start + 20.0),)) for start in range(0, 600, 30)]
    assert [windows.index(window) for window in whisper._spread(windows, 4)] == [2, 7, 12, 17]
    assert whisper._spread(windows[:3], 4) == windows[:3]


def test_a_model_with_a_file_missing_is_refused_before_a_hub_is_asked_for_it(whisper: Any, tmp_path: Path) -> None:
    (tmp_path / "model.bin").touch()
    with pytest.raises(whisper.stagekit.StageFailed, match=r"has no config.json and no tokenizer.json. Fetch it anew"):
        whisper.load_model(tmp_path, 2, 1)


def test_a_model_that_cannot_be_loaded_is_told_with_the_reason(whisper: Any, tmp_path: Path) -> None:
    for name in whisper.MODEL_FILES:
        (tmp_path / name).touch()
    whisper.ctranslate2.get_cuda_device_count.return_value = 0
    whisper.WhisperModel.side_effect = RuntimeError("File model.bin is incomplete")
    with pytest.raises(whisper.stagekit.StageFailed, match=r"can't be loaded: File model.bin is incomplete. Fetch"):
        whisper.load_model(tmp_path, 2, 1)
