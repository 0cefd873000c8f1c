import random
from collections.abc import Callable
from itertools import pairwise
from types import ModuleType
from typing import Any

import pytest


@pytest.fixture
def subtitles(load_stage: Callable[..., ModuleType]) -> ModuleType:
    return load_stage("subtitle_generation", "pysubs2")


def transcript(*words: tuple[float, float, str], duration: float = 60.0) -> dict[str, Any]:
    listed = [{"start": start, "end": end, "word": word} for start, end, word in words]
    return {"language": "en", "duration_s": duration, "segments": [{"words": listed}]}


def spoken(text: str, start: float = 0.0, pace: float = 0.3) -> list[tuple[float, float, str]]:
    """The words of a text, evenly spoken without a pause."""
    return [(start + index * pace, start + (index + 1) * pace, f" {word}") for index, word in enumerate(text.split())]


def cues_of(subtitles: ModuleType, script: dict[str, Any]) -> list[Any]:
    cues: list[Any] = subtitles.time_cues(subtitles.cut(subtitles.words_of(script)), round(script["duration_s"] * 1000))
    return cues


def random_script(seed: int) -> dict[str, Any]:
    """Speech of any pace, with pauses, very long words and punctuation."""
    dice = random.Random(seed)
    clock, pace, words = dice.random(), dice.choice([0.08, 0.15, 0.3, 0.6]), []
    for _ in range(dice.randint(3, 120)):
        clock += dice.random() * 6 if dice.random() < 0.1 else 0
        length = dice.random() * (12 if dice.random() < 0.02 else 2 * pace)
        letters = "x" * dice.randint(1, 100 if dice.random() < 0.01 else 12)
        words.append((clock, clock + length, f" {letters}{dice.choice(['', '', '', '.', ','])}"))
        clock += length
    return transcript(*words, duration=clock + dice.choice([0.0, 0.3, 5.0]) + 1)


@pytest.mark.parametrize("seed", range(40))
def test_every_cue_keeps_the_rules(subtitles: ModuleType, seed: int) -> None:
    script = random_script(seed)
    cues = cues_of(subtitles, script)
    for cue in cues:
        lines = cue.text.split("\n")
        assert len(lines) <= 2
        assert max(map(len, lines)) <= 42
        assert 833 < cue.end - cue.start <= 7000
    assert all(after.start - before.end >= 84 for before, after in pairwise(cues))
    assert cues[-1].end <= script["duration_s"] * 1000 + 1


@pytest.mark.parametrize("seed", range(10))
def test_no_text_is_lost(subtitles: ModuleType, seed: int) -> None:
    script = random_script(seed)
    shown = "".join(cue.text for cue in cues_of(subtitles, script))
    said = "".join(word["word"] for word in script["segments"][0]["words"])
    assert "".join(shown.split()) == "".join(said.split())


def test_cues_end_with_sentences(subtitles: ModuleType) -> None:
    text = "It was the best of times. It was the worst of times. It was the age of wisdom."
    cues = cues_of(subtitles, transcript(*spoken(text)))
    assert [cue.text for cue in cues] == [
        "It was the best of times.",
        "It was the worst of times.",
        "It was the age of wisdom.",
    ]


def test_a_pause_parts_cues(subtitles: ModuleType) -> None:
    words = spoken("we had everything") + spoken("we had nothing", start=4)
    assert [cue.text for cue in cues_of(subtitles, transcript(*words))] == ["we had everything", "we had nothing"]


def test_lines_break_at_a_clause(subtitles: ModuleType) -> None:
    (cue,) = cues_of(subtitles, transcript(*spoken("It was the season of light, it was the season of darkness.")))
    assert cue.text == "It was the season of light,\nit was the season of darkness."


def test_a_word_wider_than_a_line_is_chopped(subtitles: ModuleType) -> None:
    cues = cues_of(subtitles, transcript((0.0, 3.0, " " + "a" * 100)))
    assert "".join("".join(cue.text.split()) for cue in cues) == "a" * 100


def test_full_width_characters_take_two_columns(subtitles: ModuleType) -> None:
    cues = cues_of(subtitles, transcript(*[(index, index + 1, "語") for index in range(50)]))
    assert max(len(line) for cue in cues for line in cue.text.split("\n")) <= 21


def test_a_cue_stays_long_enough_to_read(subtitles: ModuleType) -> None:
    (cue,) = cues_of(subtitles, transcript((1.0, 1.2, " No!")))
    assert (cue.start, cue.end) == (1000, 1834)


def test_the_last_cue_does_not_outlast_the_movie(subtitles: ModuleType) -> None:
    (cue,) = cues_of(subtitles, transcript((4.5, 5.0, " Goodbye."), duration=5.0))
    assert (cue.start, cue.end) == (4166, 5000)


def test_an_empty_transcript_gives_no_cue(subtitles: ModuleType) -> None:
    assert cues_of(subtitles, {"language": "und", "duration_s": 3.0, "segments": []}) == []
