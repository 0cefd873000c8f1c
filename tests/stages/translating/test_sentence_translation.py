"""Sentences through engines that behave, and through such that don't."""

from collections.abc import Callable

import pytest
from translating import sentence_translation
from translating.placeholders import Term

from tests.stages.translating.helpers import Engine

ANN = Term("Ann", "Anita")


def upside_down(text: str) -> str:
    return text[::-1]


def test_each_sentence_gets_its_translation() -> None:
    found = sentence_translation.translated(["abc.", "- def"], Engine(upside_down))
    assert [each.text for each in found] == [".cba", "- fed"]


def test_what_has_no_letters_is_never_asked_for() -> None:
    engine = Engine(upside_down)
    assert [each.text for each in sentence_translation.translated(["♪", "…", "42!"], engine)] == ["♪", "…", "42!"]
    assert engine.asked == []


def test_the_same_sentence_is_asked_for_once() -> None:
    engine = Engine(upside_down)
    assert [each.text for each in sentence_translation.translated(["Yes sir", "- Yes sir", "Yes sir"], engine)][
        1
    ] == "- ris seY"
    assert engine.asked == [["Yes sir"]]


def test_a_term_that_the_engine_gets_right_needs_no_mark() -> None:
    engine = Engine(lambda text: text.replace("Ann", "Anita").upper())
    assert sentence_translation.translated(["Ann left."], engine, [ANN])[0] == sentence_translation.Translated(
        "ANITA LEFT."
    )
    assert len(engine.asked) == 1


def test_a_term_that_the_engine_loses_is_hidden_behind_a_mark() -> None:
    engine = Engine(lambda text: text.replace("Ann", "Jane").replace("left", "fue"))
    assert sentence_translation.translated(["Ann left."], engine, [ANN])[0] == sentence_translation.Translated(
        "Anita fue."
    )
    assert engine.asked == [["Ann left."], ["Zqax left."]]


def test_another_mark_is_tried_where_the_first_gets_lost() -> None:
    engine = Engine(
        lambda text: text.replace("Zqax", "?").replace("Ann ", "").replace("left", "fue"), ("Zq{}x", "Xy{}")
    )
    assert sentence_translation.translated(["Ann left."], engine, [ANN])[0].text == "Anita fue."


def test_the_translation_itself_is_tried_where_all_marks_get_lost() -> None:
    engine = Engine(lambda text: text.replace("Zqax ", "").replace("Ann ", "").replace("left", "fue"))
    assert sentence_translation.translated(["Ann left."], engine, [ANN])[0].text == "Anita fue."


def test_a_term_that_is_lost_whatever_was_tried_is_told() -> None:
    assert sentence_translation.translated(["Ann left."], Engine(lambda _: "fue"), [ANN])[
        0
    ] == sentence_translation.Translated("fue", ("lost Anita",))


def test_a_number_that_is_lost_is_asked_for_again_behind_a_mark() -> None:
    engine = Engine(lambda text: text.replace("1812", "").replace("In", "En"))
    assert sentence_translation.translated(["In 1812 it was."], engine)[0] == sentence_translation.Translated(
        "En 1812 it was."
    )


def test_terms_are_found_in_a_sentence_in_capitals() -> None:
    engine = Engine(lambda text: text.replace("ann", "jane").replace("Ann", "jane"))
    assert sentence_translation.translated(["ANN, COME HERE!"], engine, [ANN])[0].text == "ANITA, COME HERE!"


def test_an_empty_answer_leaves_the_sentence_as_it_was_and_is_told() -> None:
    assert sentence_translation.translated(["It was."], Engine(lambda _: " "))[0] == sentence_translation.Translated(
        "It was.", (sentence_translation.EMPTY,)
    )


def test_an_answer_in_the_source_s_words_is_told() -> None:
    assert sentence_translation.translated(["It was so."], Engine(str))[0].problems == (sentence_translation.ECHOED,)


@pytest.mark.parametrize("text", ["Okay.", "Hola, Ana.", "Ann Ann Ann Smith."])
def test_names_and_short_words_may_stay_the_same(text: str) -> None:
    assert sentence_translation.translated([text], Engine(str), [Term("Ann", "Ann")])[0].problems == ()


@pytest.mark.parametrize("answers", [[], ["one"], ["one", "two", "three"]])
def test_an_engine_that_loses_count_is_stopped_before_anything_is_laid_back(answers: list[str]) -> None:
    engine = Engine(str)
    engine.translate = lambda texts: answers  # type: ignore[method-assign]
    with pytest.raises(sentence_translation.CountDiffers, match=f"gave {len(answers)} translations for 2 sentences"):
        sentence_translation.translated(["One thing.", "Another."], engine)


def test_line_breaks_in_an_answer_become_spaces() -> None:
    assert sentence_translation.translated(["It was."], Engine(lambda _: "Era\n así.\x00"))[0].text == "Era así."


FIVE = [f"It was the {word} of times." for word in ("best", "worst", "age", "epoch", "season")]


@pytest.mark.parametrize("answer", [str, lambda _: ""])
def test_an_engine_that_translates_nothing_at_all_is_stopped(answer: Callable[[str], str]) -> None:
    with pytest.raises(sentence_translation.NothingTranslated, match="none of 5 sentences"):
        sentence_translation.translated(FIVE, Engine(answer))


def test_one_translated_sentence_among_many_is_enough() -> None:
    found = sentence_translation.translated(FIVE, Engine(lambda text: "Era lo mejor." if "best" in text else text))
    assert [each.problems for each in found] == [(), *[(sentence_translation.ECHOED,)] * 4]


@pytest.mark.parametrize("answer", ["sí sí sí sí", "era así, era así, era así, era así, y fin"])
def test_a_translation_that_runs_in_a_circle_is_told(answer: str) -> None:
    assert sentence_translation.translated(["It was so."], Engine(lambda _: answer))[0].problems == (
        sentence_translation.REPEATED,
    )


def test_what_is_said_four_times_may_be_translated_four_times() -> None:
    assert sentence_translation.translated(["Go go go go now"], Engine(lambda _: "Ve ve ve ve ya"))[0].problems == ()
