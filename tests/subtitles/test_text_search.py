"""Search and replace in texts, by words and by expressions."""

import pytest

from pipeline.subtitles import text_search
from pipeline.subtitles.draft_cues import EditRejected
from pipeline.subtitles.text_search import TextPattern, search

TEXTS = {"1": "Doctor Who?\nThe doctor.", "2": "Nobody (here).", "3": "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!"}


@pytest.mark.usefixtures("spawning")
def test_words_are_found_whatever_their_case_unless_that_is_asked() -> None:
    assert search(TextPattern("DOCTOR"), TEXTS).found == {"1": [(0, 6), (16, 22)]}
    assert search(TextPattern("doctor", is_case_sensitive=True), TEXTS).found == {"1": [(16, 22)]}
    assert search(TextPattern("(here)"), TEXTS).found == {"2": [(7, 13)]}
    assert search(TextPattern(""), TEXTS).found == {}


@pytest.mark.usefixtures("spawning")
def test_an_expression_replaces_with_its_groups_and_words_replace_as_they_are() -> None:
    made = search(TextPattern(r"(\w+) (\w+)\?", is_expression=True, replacement=r"\2, \1?"), TEXTS)
    assert made.texts == {"1": "Who, Doctor?\nThe doctor."}
    assert search(TextPattern("doctor", replacement=r"\1"), TEXTS).texts == {"1": "\\1 Who?\nThe \\1."}
    assert search(TextPattern("z*", is_expression=True, replacement="-"), TEXTS).texts == {}


@pytest.mark.usefixtures("spawning")
@pytest.mark.parametrize(("pattern", "replacement"), [("(", None), ("a", r"\2"), ("a", r"\g<x>")])
def test_what_is_no_expression_is_told(pattern: str, replacement: str | None) -> None:
    with pytest.raises(EditRejected):
        search(TextPattern(pattern, is_expression=True, replacement=replacement), TEXTS)


@pytest.mark.usefixtures("spawning")
def test_an_expression_that_takes_for_ever_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_search, "SECONDS", 0.5)
    with pytest.raises(EditRejected, match="longer"):
        search(TextPattern("(a+)+b", is_expression=True), TEXTS)
