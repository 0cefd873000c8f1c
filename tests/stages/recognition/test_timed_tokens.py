"""Words made of tokens with times."""

from recognition.segments import SpokenWord
from recognition.timed_tokens import TimedToken, words_of


def tokens(*pairs: tuple[str, float]) -> list[TimedToken]:
    return [TimedToken(text, start, 0.5) for text, start in pairs]


def test_a_word_is_its_tokens_until_the_next_word() -> None:
    found = words_of(tokens((" be", 1.0), ("st", 1.25), (" of", 1.5)), 9.0)
    assert found == [SpokenWord(1.0, 1.5, " best", 0.5), SpokenWord(1.5, 1.9, " of", 0.5)]


def test_a_word_before_a_pause_ends_soon_after_its_last_letters() -> None:
    (first, _) = words_of(tokens((" be", 1.0), ("st", 1.5), (" of", 8.0)), 9.0)
    assert first.end == 1.9


def test_a_mark_belongs_to_the_word_before_and_makes_it_no_longer() -> None:
    (first, second) = words_of(tokens((" times", 1.0), (".", 3.0), (" It", 3.2)), 9.0)
    assert (first.text, first.end) == (" times.", 1.4)
    assert second.start == 3.2


def test_a_mark_with_a_space_before_a_word_opens_it() -> None:
    found = words_of(tokens((" she", 1.0), (" ¿", 2.0), ("que", 2.1), ("?", 2.5)), 9.0)
    assert [word.text for word in found] == [" she", " ¿que?"]


def test_a_space_alone_is_a_part_of_the_word_after_it() -> None:
    found = words_of(tokens((" It", 1.0), (" ", 2.0), ("was", 2.1)), 9.0)
    assert [word.text for word in found] == [" It", " was"]


def test_tokens_that_are_no_text_make_no_words() -> None:
    assert words_of(tokens(("<|en|>", 0.0), ("<unk>", 0.1), ("", 0.2), (" ", 0.3)), 9.0) == []


def test_the_last_word_ends_with_the_sound_and_never_before_it_begins() -> None:
    assert words_of(tokens((" was", 8.9)), 9.0)[0].end == 9.0
    late = words_of(tokens((" was", 9.1)), 9.0)[0]
    assert late.end == late.start
