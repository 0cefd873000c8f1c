import pytest
from recognition.repetitions import Repetition, find


@pytest.mark.parametrize(
    "text",
    [
        "it was the best of times it was the worst of times it was the age of wisdom it was the age of foolishness",
        "no no no no no",
        "again and again and again and again",
        "",
        "la la la la la la la la",
    ],
)
def test_people_do_repeat_themselves(text: str) -> None:
    assert find(text.split()) == []


def test_the_same_words_again_and_again_are_a_loop() -> None:
    words = ["so", *["thank", "you", "very", "much."] * 5, "and", "then"]
    assert find(words) == [Repetition(1, 5, 21)]
    assert find(words)[0].times == 5


def test_a_loop_of_one_word_is_one_loop() -> None:
    assert find(["no"] * 20) == [Repetition(0, 1, 20)]


def test_marks_and_capitals_make_no_difference() -> None:
    assert len(find(["Bye,", "bye."] * 8)) == 1


def test_two_loops_are_two() -> None:
    assert len(find(["a"] * 16 + ["b", "c", "d", "e"] * 4)) == 2
