import json
import math
from collections.abc import Callable
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest


@pytest.fixture
def asr(load_stage: Callable[..., ModuleType]) -> ModuleType:
    return load_stage("asr", "ctranslate2", "numpy", "faster_whisper", "faster_whisper.transcribe")


def segment(*words: tuple[float, float, str], text: str = "", **more: Any) -> SimpleNamespace:
    """A segment as the library gives it."""
    aligned = [SimpleNamespace(start=start, end=end, word=word, probability=0.9) for start, end, word in words]
    text = text or "".join(word for _, _, word in words)
    return SimpleNamespace(words=aligned, text=text, start=0.0, end=2.0, avg_logprob=math.log(0.5), **more)


def times(segments: list[dict[str, Any]]) -> list[float]:
    return [word[edge] for part in segments for word in part["words"] for edge in ("start", "end")]


def test_times_never_go_back(asr: ModuleType) -> None:
    tidied = asr.tidy([segment((0.5, 1.2, " one"), (1.0, 0.9, " two")), segment((1.1, 1.5, " three"))], 9.0)
    assert times(tidied) == [0.5, 1.2, 1.2, 1.2, 1.2, 1.5]


def test_times_stay_within_the_audio(asr: ModuleType) -> None:
    tidied = asr.tidy([segment((-0.1, 1.0, " one"), (1.0, 9.0, " two"))], 4.0)
    assert times(tidied) == [0.0, 1.0, 1.0, 4.0]


def test_times_are_rounded_to_milliseconds(asr: ModuleType) -> None:
    assert times(asr.tidy([segment((0.12345, 1.98765, " one"))], 9.0)) == [0.123, 1.988]


def test_a_segment_of_blanks_is_left_out(asr: ModuleType) -> None:
    assert asr.tidy([segment((0.0, 1.0, " "), (1.0, 2.0, "\n"))], 9.0) == []


def test_a_segment_takes_its_times_and_text_from_its_words(asr: ModuleType) -> None:
    (tidied,) = asr.tidy([segment((0.5, 1.0, " It"), (1.0, 1.5, " was"))], 9.0)
    assert (tidied["start"], tidied["end"], tidied["text"]) == (0.5, 1.5, "It was")


def test_a_segment_without_aligned_words_counts_as_one_word(asr: ModuleType) -> None:
    (tidied,) = asr.tidy([segment(text=" Good evening")], 9.0)
    assert tidied["words"] == [{"start": 0.0, "end": 2.0, "word": " Good evening", "probability": 0.5}]


def test_a_probability_that_is_no_number_becomes_valid_json(asr: ModuleType) -> None:
    odd = SimpleNamespace(words=[SimpleNamespace(start=0.0, end=1.0, word=" one", probability=math.nan)])
    assert json.dumps(asr.tidy([odd], 9.0), allow_nan=False)


def test_a_pause_starts_a_paragraph(asr: ModuleType) -> None:
    segments = asr.tidy(
        [segment((0.0, 1.0, " One.")), segment((1.2, 2.0, " Two.")), segment((4.0, 5.0, " Three."))], 9.0
    )
    assert list(asr.paragraphs(segments)) == ["One. Two.", "Three."]


def test_a_long_paragraph_ends_with_a_sentence(asr: ModuleType) -> None:
    words = [(index / 10, index / 10, f" Sentence{'.' if index % 10 == 9 else ''}") for index in range(200)]
    parts = list(asr.paragraphs(asr.tidy([segment(*words)], 99.0)))
    assert len(parts) > 1
    assert all(part.endswith(".") for part in parts)


def test_no_segments_give_no_paragraph(asr: ModuleType) -> None:
    assert list(asr.paragraphs([])) == []


@pytest.mark.parametrize(
    ("multilingual", "language", "known"),
    [(True, "de", True), (True, "yue", False), (False, "en", True), (False, "de", False)],
)
def test_a_language_that_the_model_does_not_know_is_refused(
    asr: ModuleType, multilingual: bool, language: str, known: bool
) -> None:
    tokens = {"<|en|>": 1, "<|de|>": 2}
    model = SimpleNamespace(
        model=SimpleNamespace(is_multilingual=multilingual), hf_tokenizer=SimpleNamespace(token_to_id=tokens.get)
    )
    if known:
        asr._check_language(model, language, "whisper")
    else:
        with pytest.raises(asr.stagekit.StageFailed, match=f"whisper doesn't recognise language '{language}'"):
            asr._check_language(model, language, "whisper")
