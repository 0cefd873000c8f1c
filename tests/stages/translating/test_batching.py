"""What goes through a model at once."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from translating import batching, sentence_translation


def words(text: str) -> int:
    return len(text.split())


@given(st.lists(st.integers(1, 300), max_size=60), st.integers(300, 2000), st.integers(1, 20))
def test_every_text_is_in_one_batch_that_fits(lengths: list[int], room: int, most: int) -> None:
    found = list(batching.batches(lengths, room, most))
    assert sorted(index for batch in found for index in batch) == list(range(len(lengths)))
    assert all(len(batch) <= most and len(batch) * max(lengths[index] for index in batch) <= room for batch in found)


def test_texts_of_like_length_go_together() -> None:
    assert list(batching.batches([1, 9, 2, 8], 20, 9)) == [[1, 3], [2, 0]]


def test_a_long_text_is_cut_at_clauses() -> None:
    assert batching.parts("one two three, four five. six", words, 3) == ["one two three,", "four five. six"]


def test_a_text_without_clauses_is_cut_at_words() -> None:
    assert batching.parts("one two three four five", words, 2) == ["one two", "three four", "five"]


def test_a_word_that_is_too_long_is_cut_anywhere() -> None:
    assert batching.parts("abcdefgh", len, 3) == ["ab", "cd", "ef", "gh"]


def test_text_without_spaces_is_cut_at_its_sentences() -> None:
    assert batching.parts("はい。そうです。", len, 5) == ["はい。", "そうです。"]


@given(st.text(min_size=1, max_size=80), st.integers(2, 20))
def test_no_part_is_too_long_and_no_letter_is_lost(text: str, limit: int) -> None:
    found = batching.parts(text, len, limit)
    assert all(len(part) <= limit for part in found)
    assert [each for part in found for each in part if not each.isspace()] == [
        each for each in text if not each.isspace()
    ]


def test_a_long_text_goes_in_parts_and_comes_back_as_one() -> None:
    text = "one, " * 100 + "end"
    answers = batching.in_parts([text, "b"], words, lambda texts: [each.upper() for each in texts])
    assert answers == [text.upper(), "B"]


def test_a_model_that_loses_count_is_stopped() -> None:
    with pytest.raises(sentence_translation.AnswerCountDiffers, match="1 translations for 2 texts"):
        batching.in_parts(["a", "b"], len, lambda _: ["A"])
