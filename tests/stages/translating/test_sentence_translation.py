"""Sentences go to engines that answer well, and to some that don't."""

from collections.abc import Callable, Sequence

import pytest
from translating.glossary import GlossaryTerm
from translating.sentence_translation import (
    ECHOED,
    EMPTY,
    REPEATED,
    AnswerCountDiffers,
    NothingTranslated,
    SentenceEngine,
    TranslatedSentence,
    translate_sentences,
)

from tests.stages.translating.helpers import FakeEngine

ANN = GlossaryTerm("Ann", "Anita")


def upside_down(text: str) -> str:
    return text[::-1]


def translated(text: str, engine: SentenceEngine, terms: Sequence[GlossaryTerm] = ()) -> TranslatedSentence:
    (sentence,) = translate_sentences([text], engine, terms)
    return sentence


def test_each_sentence_gets_its_translation() -> None:
    found = translate_sentences(["abc.", "- def"], FakeEngine(upside_down))
    assert [each.text for each in found] == [".cba", "- fed"]


def test_what_has_no_letters_is_never_asked_for() -> None:
    engine = FakeEngine(upside_down)
    assert [each.text for each in translate_sentences(["♪", "…", "42!"], engine)] == ["♪", "…", "42!"]
    assert engine.asked == []


def test_the_same_sentence_is_asked_for_once() -> None:
    engine = FakeEngine(upside_down)
    assert [each.text for each in translate_sentences(["Yes sir", "- Yes sir", "Yes sir"], engine)][1] == "- ris seY"
    assert engine.asked == [["Yes sir"]]


def test_a_term_that_the_engine_gets_right_needs_no_mark() -> None:
    engine = FakeEngine(lambda text: text.replace("Ann", "Anita").upper())
    assert translated("Ann left.", engine, [ANN]) == TranslatedSentence("ANITA LEFT.")
    assert len(engine.asked) == 1


def test_a_term_that_the_engine_loses_is_hidden_behind_a_mark() -> None:
    engine = FakeEngine(lambda text: text.replace("Ann", "Jane").replace("left", "fue"))
    assert translated("Ann left.", engine, [ANN]) == TranslatedSentence("Anita fue.")
    assert engine.asked == [["Ann left."], ["Zqax left."]]


def test_another_mark_is_tried_where_the_first_gets_lost() -> None:
    engine = FakeEngine(
        lambda text: text.replace("Zqax", "?").replace("Ann ", "").replace("left", "fue"), ("Zq{}x", "Xy{}")
    )
    assert translated("Ann left.", engine, [ANN]).text == "Anita fue."


def test_the_translation_itself_is_tried_where_all_marks_get_lost() -> None:
    engine = FakeEngine(lambda text: text.replace("Zqax ", "").replace("Ann ", "").replace("left", "fue"))
    assert translated("Ann left.", engine, [ANN]).text == "Anita fue."


def test_a_term_that_is_lost_whatever_was_tried_is_told() -> None:
    assert translated("Ann left.", FakeEngine(lambda _: "fue"), [ANN]) == TranslatedSentence("fue", ("lost Anita",))


def test_a_number_that_is_lost_is_asked_for_again_behind_a_mark() -> None:
    engine = FakeEngine(lambda text: text.replace("1812", "").replace("In", "En"))
    assert translated("In 1812 it was.", engine) == TranslatedSentence("En 1812 it was.")


def test_terms_are_found_in_a_sentence_in_capitals() -> None:
    engine = FakeEngine(lambda text: text.replace("ann", "jane").replace("Ann", "jane"))
    assert translated("ANN, COME HERE!", engine, [ANN]).text == "ANITA, COME HERE!"


def test_an_empty_answer_leaves_the_sentence_as_it_was_and_is_told() -> None:
    assert translated("It was.", FakeEngine(lambda _: " ")) == TranslatedSentence("It was.", (EMPTY,))


def test_an_answer_in_the_source_s_words_is_told() -> None:
    assert translated("It was so.", FakeEngine(str)).problems == (ECHOED,)


@pytest.mark.parametrize("text", ["Okay.", "Hola, Ana.", "Ann Ann Ann Smith."])
def test_names_and_short_words_may_stay_the_same(text: str) -> None:
    assert translated(text, FakeEngine(str), [GlossaryTerm("Ann", "Ann")]).problems == ()


@pytest.mark.parametrize("answers", [[], ["one"], ["one", "two", "three"]])
def test_an_engine_that_loses_count_is_an_error(answers: list[str]) -> None:
    engine = FakeEngine(str)
    engine.translate = lambda texts: answers  # type: ignore[method-assign]
    with pytest.raises(AnswerCountDiffers, match=f"gave {len(answers)} translations for 2 sentences"):
        translate_sentences(["One thing.", "Another."], engine)


def test_line_breaks_in_an_answer_become_spaces() -> None:
    assert translated("It was.", FakeEngine(lambda _: "Era\n así.\x00")).text == "Era así."


FIVE = [f"It was the {word} of times." for word in ("best", "worst", "age", "epoch", "season")]


@pytest.mark.parametrize("answer", [str, lambda _: ""])
def test_an_engine_that_translates_nothing_at_all_is_stopped(answer: Callable[[str], str]) -> None:
    with pytest.raises(NothingTranslated, match="none of 5 sentences"):
        translate_sentences(FIVE, FakeEngine(answer))


def test_one_translated_sentence_among_many_is_enough() -> None:
    found = translate_sentences(FIVE, FakeEngine(lambda text: "Era lo mejor." if "best" in text else text))
    assert [each.problems for each in found] == [(), *[(ECHOED,)] * 4]


@pytest.mark.parametrize("answer", ["sí sí sí sí", "era así, era así, era así, era así, y fin"])
def test_a_translation_that_runs_in_a_circle_is_told(answer: str) -> None:
    assert translated("It was so.", FakeEngine(lambda _: answer)).problems == (REPEATED,)


def test_what_is_said_four_times_may_be_translated_four_times() -> None:
    assert translated("Go go go go now", FakeEngine(lambda _: "Ve ve ve ve ya")).problems == ()
