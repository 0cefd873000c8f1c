"""Which sentences a person's changes of the original are in, and what they say then."""

from typing import Any

import pytest

from pipeline.films.corrected_sentences import CorrectedSources, SourceRun, corrected

SEGMENTS: list[dict[str, Any]] = [
    {"start": 1.0, "end": 5.0, "text": "A", "source": "It was the best of times, it was the worst of times."},
    {"start": 5.5, "end": 8.0, "text": "B", "source": "We had everything before us."},
    {"start": 8.2, "end": 9.0, "text": "C", "source": "Did we?"},
    {"start": 12.0, "end": 14.0, "text": "D", "source": "In short, no."},
]


def cue(start: float, end: float, text: str) -> dict[str, Any]:
    return {"start": start, "end": end, "text": text}


def passage(start: float, end: float, before: str, after: str) -> dict[str, Any]:
    sides = {"before": before, "after": after}
    return {side: [cue(start, end, text)] if text else [] for side, text in sides.items()}


def runs(*passages: dict[str, Any], segments: list[dict[str, Any]] = SEGMENTS) -> list[tuple[int, tuple[str, ...]]]:
    found = corrected(segments, passages)
    assert not found.lost
    return [(run.begin, run.sources) for run in found.runs]


def test_a_word_in_a_part_of_a_sentence() -> None:
    changed = passage(3.0, 5.0, "it was the\nworst of times.", "it was the\nfirst of times.")
    assert runs(changed) == [(0, ("It was the best of times, it was the first of times.",))]


def test_a_cue_with_two_sentences_of_which_one_is_changed() -> None:
    changed = passage(5.5, 9.0, "We had everything before us.\nDid we?", "We had everything before us.\nDo we?")
    assert runs(changed) == [(2, ("Do we?",))]


def test_both_sentences_of_a_cue() -> None:
    changed = passage(5.5, 9.0, "We had everything before us.\nDid we?", "We had nothing before us.\nDo we?")
    assert runs(changed) == [(1, ("We had nothing before us.",)), (2, ("Do we?",))]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("Did we?", "<i>Did we?</i>"),
        ("Did we?", "- Did\nwe?"),
        ("In short, no.", "In short,\nno."),
    ],
)
def test_how_a_cue_looks_is_no_correction(before: str, after: str) -> None:
    at = (8.2, 9.0) if "Did" in before else (12.0, 14.0)
    assert runs(passage(*at, before, after)) == []


def test_marks_and_capitals_are_corrections() -> None:
    assert runs(passage(8.2, 9.0, "Did we?", "Did we!")) == [(2, ("Did we!",))]


def test_words_that_are_added_at_the_end_belong_to_the_sentence_before() -> None:
    changed = passage(5.5, 8.0, "We had everything before us.", "We had everything before us, and more.")
    assert runs(changed) == [(1, ("We had everything before us, and more.",))]
    longer = passage(5.5, 8.0, "We had everything before us.", "We had everything before us. All of it.")
    assert runs(longer) == [(1, ("We had everything before us. All of it.",))]


def test_a_sentence_that_was_removed_says_nothing() -> None:
    assert runs(passage(8.2, 9.0, "Did we?", "")) == [(2, ("",))]


def test_corrections_of_one_sentence_come_together() -> None:
    first = passage(1.0, 3.0, "It was the best of times,", "It was the best of thymes,")
    second = passage(3.0, 5.0, "it was the worst of times.", "it was the worst of rhymes.")
    assert runs(first, second) == [(0, ("It was the best of thymes, it was the worst of rhymes.",))]


def test_a_cue_where_nobody_spoke_is_translated_by_itself() -> None:
    new = passage(10.0, 11.0, "", "Hello?")
    assert corrected(SEGMENTS, [new]) == CorrectedSources((), (new,))


def test_words_that_are_nowhere_are_told() -> None:
    strange = passage(8.2, 9.0, "Something else was here once", "Something else is here")
    assert corrected(SEGMENTS, [strange]) == CorrectedSources((), (), (strange,))


def test_scripts_without_spaces() -> None:
    segments = [{"start": 0.0, "end": 4.0, "text": "a", "source": "今日は天気がいい。散歩に行こう。"}]
    changed = passage(0.0, 2.0, "今日は天気がいい。", "明日は天気がいい。")
    assert runs(changed, segments=segments) == [(0, ("明日は天気がいい。散歩に行こう。",))]


@pytest.mark.long
def test_a_film_of_many_sentences_is_searched_near_each_change_alone() -> None:
    many = [
        {"start": 2.0 * n, "end": 2.0 * n + 1.9, "text": "x", "source": f"Sentence {n} of many."} for n in range(5000)
    ]
    changes = [
        passage(2.0 * n, 2.0 * n + 1.9, f"Sentence {n} of many.", f"Sentence {n} of few.") for n in range(0, 5000, 50)
    ]
    found = corrected(many, changes)
    assert found.runs == tuple(SourceRun(n, (f"Sentence {n} of few.",)) for n in range(0, 5000, 50))


def test_the_cues_of_a_sentence_go_together() -> None:
    texts = ("The house", "is green.", "The cat", "drinks", "milk.", "No.")
    cues = [{"start": 1.0 * n, "end": n + 0.9, "text": "x", "source": text} for n, text in enumerate(texts)]
    found = corrected(cues, [passage(4.0, 4.9, "milk.", "water.")], cues=True)
    assert found.runs == (SourceRun(2, ("The cat", "drinks", "water.")),)


def test_text_without_marks_is_no_endless_sentence() -> None:
    cues = [{"start": 1.0 * n, "end": n + 0.9, "text": "x", "source": f"word {n}"} for n in range(50)]
    found = corrected(cues, [passage(20.0, 20.9, "word 20", "word twenty")], cues=True)
    assert sum(len(run.sources) for run in found.runs) < 10
