"""Terms and numbers that must be there afterwards."""

import pytest
from translating import glossary, placeholders
from translating.glossary import GlossaryTerm
from translating.placeholders import INLINE, UNMASKED, ProtectedSpan


def terms(*pairs: tuple[str, str]) -> list[GlossaryTerm]:
    return glossary.parse([{"term": term, "translation": translation} for term, translation in pairs])


def wanted(text: str, *pairs: tuple[str, str]) -> list[str]:
    return [found.wanted for found in placeholders.find_terms(text, terms(*pairs))]


def test_a_term_is_found_as_a_word_of_its_own() -> None:
    assert wanted("Ann's annual plan, Ann", ("Ann", "Ana")) == ["Ana", "Ana"]


def test_a_term_with_a_capital_is_found_only_as_it_is_written() -> None:
    assert wanted("May I come in May?", ("May", "mayo")) == ["mayo", "mayo"]
    assert wanted("It may rain.", ("May", "mayo")) == []


def test_a_term_in_small_letters_is_found_in_any() -> None:
    assert wanted("Guillotine! The guillotine.", ("guillotine", "guillotina")) == ["guillotina", "guillotina"]


def test_the_longer_of_two_terms_is_found() -> None:
    assert wanted("New York City", ("York", "York"), ("New York", "Nueva York")) == ["Nueva York"]


def test_a_term_is_found_within_a_script_without_spaces() -> None:
    assert wanted("私は東京にいます", ("東京", "Tokyo")) == ["Tokyo"]


def test_a_term_over_a_line_break_of_several_spaces_is_found() -> None:
    assert wanted("to New  York", ("New York", "Nueva York")) == ["Nueva York"]


def test_marks_stand_for_terms_and_come_back_however_they_are_written() -> None:
    masked = placeholders.mask(
        "Ann saw Bob.", placeholders.find_terms("Ann saw Bob.", terms(("Ann", "Ana"), ("Bob", "Beto"))), "Zq{}x"
    )
    assert masked.text == "Zqax saw Zqbx."
    assert placeholders.unmask("ZQAX vio a zq bx.", masked) == "Ana vio a Beto."


def test_a_translation_with_a_backslash_is_put_back_as_it_is() -> None:
    masked = placeholders.mask("Ann", [ProtectedSpan(0, 3, r"A\1")], "Zq{}x")
    assert placeholders.unmask("Zqax", masked) == r"A\1"


def test_the_hundredth_term_has_a_mark_of_its_own() -> None:
    text = " ".join(["Ann"] * 800)
    masked = placeholders.mask(text, placeholders.find_terms(text, terms(("Ann", "Ana"))), "Zq{}x")
    assert len(masked.marks) == 800


def test_inline_puts_the_translation_in_and_plain_nothing() -> None:
    found = placeholders.find_terms("Ann left.", terms(("Ann", "Ana")))
    assert placeholders.mask("Ann left.", found, INLINE).text == "Ana left."
    assert placeholders.mask("Ann left.", found, UNMASKED).text == "Ann left."


@pytest.mark.parametrize(
    ("number", "translation"),
    [("1,812.50", "1.812,50"), ("1812", "१८१२"), ("12:30", "12.30"), ("10,000", "10 000"), ("42", "42%")],
)
def test_a_number_may_be_written_as_its_language_does(number: str, translation: str) -> None:
    assert placeholders.missing(translation, [ProtectedSpan(0, 1, number)]) == []


def test_numbers_beside_each_other_are_two() -> None:
    assert [each.wanted for each in placeholders.find_numbers("in 1812 1813 and 10 000")] == ["1812", "1813", "10 000"]


@pytest.mark.parametrize("translation", ["", "421", "4 2", "cuarenta"])
def test_a_number_that_is_gone_is_missed(translation: str) -> None:
    assert placeholders.missing(translation, [ProtectedSpan(0, 1, "42")]) == ["42"]


def test_small_numbers_may_become_words() -> None:
    assert placeholders.find_numbers("3 men, 12 dogs") == [ProtectedSpan(7, 9, "12")]


def test_a_term_must_be_there_as_often_as_it_was() -> None:
    assert placeholders.missing("Ana", [ProtectedSpan(0, 3, "Ana"), ProtectedSpan(5, 8, "Ana")]) == ["Ana"]
