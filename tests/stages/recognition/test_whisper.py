"""What doesn't need the libraries; tests/e2e/test_recognition.py has the rest."""

import importlib
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from recognition.windows import Window


@pytest.fixture
def whisper(engines: None) -> Any:
    return importlib.import_module("recognition.whisper")


STAMP = 100  # token of the time stamp 0.00


def tokenizer() -> Any:
    texts = {1: " It", 2: " was", 3: " late.", 4: " "}
    return SimpleNamespace(timestamp_begin=STAMP, decode=lambda tokens: "".join(texts[token] for token in tokens))


def parts(whisper: ModuleType, *tokens: int) -> list[tuple[float, float, list[int]]]:
    found = whisper.split_at_time_stamps(tokens, tokenizer(), 10.0)
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


def test_the_language_is_that_of_the_whole_audio_and_asked_for_once(
    whisper: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = iter([[[("<|en|>", 0.9), ("<|de|>", 0.1)]], *[[[("<|de|>", 0.8), ("<|en|>", 0.2)]]] * 3])
    model = SimpleNamespace(model=SimpleNamespace(detect_language=lambda encoded: next(answers)))
    languages: list[str | None] = []

    def recognise(recogniser: Any, window: Window, careful: bool) -> list[Any]:
        languages.append(recogniser.language)
        return []

    monkeypatch.setattr(whisper.Recogniser, "_features", lambda self, window: None)
    monkeypatch.setattr(whisper.Recogniser, "_encoded", lambda self, features: "encoded")
    monkeypatch.setattr(whisper.Recogniser, "_segments", recognise)
    recogniser = whisper.Recogniser(model, None, 1)
    recogniser.recognise([Window(((float(start), start + 20.0),)) for start in range(0, 180, 30)], False)
    recogniser.recognise([Window(((7.0, 8.0),))], True)
    assert languages == ["de"] * 7
    assert round(recogniser.language_probability, 3) == 0.625


def test_languages_are_asked_for_all_over_the_audio(whisper: ModuleType) -> None:
    windows = [Window(((float(start), start + 20.0),)) for start in range(0, 600, 30)]
    assert [windows.index(window) for window in whisper._spread_evenly(windows, 4)] == [2, 7, 12, 17]
    assert whisper._spread_evenly(windows[:3], 4) == windows[:3]


def test_more_windows_are_listened_to_and_those_that_were_heard_are_not_heard_again(whisper: Any) -> None:
    recogniser = whisper.Recogniser(None, None, 1, "en")
    windows = [Window(((float(start), start + 1.0),)) for start in range(0, 20, 2)]
    recogniser.heard[windows[0]] = {"en": 1.0}
    asked: list[list[Window]] = []

    def languages_in(sample: list[Window]) -> list[dict[str, float]]:
        asked.append(sample)
        return [{"es": 1.0} for _ in sample]

    recogniser.languages_in = languages_in
    recogniser.listen_on(windows, 20)
    assert asked == [windows[1:]]
    assert recogniser.windows == windows
    assert recogniser.heard[windows[0]] == {"en": 1.0}
