"""What stands around a sentence is taken off, and put back around its translation."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from translating.sentence_frame import restore, split_frame


@pytest.mark.parametrize(
    ("text", "core"),
    [
        ("- Hello.", "Hello."),
        ("—Hola.", "Hola."),
        ("♪ The long road ♪", "The long road"),
        ("[ANN] Hello.", "Hello."),
        ("(ANN) Hello.", "Hello."),
        ("ANN: Hello.", "Hello."),
        ("MR. O'NEIL: Hello.", "Hello."),
        ("- [ANN] ♪ la la ♪", "la la"),
        ("[door slams]", "door slams"),
        ("(sighs)", "sighs"),
        ("<i>Hello there.</i>", "Hello there."),
        ("<i>♪ Hello ♪</i>", "Hello"),
        ("{\\an8}Hello.", "Hello."),
        ("He (the boy) left.", "He (the boy) left."),
        ("(the boy) left.", "(the boy) left."),
        ("Note: this is it.", "Note: this is it."),
        ("“You were wrong.”", "You were wrong."),
        ('"You were wrong."', "You were wrong."),
        ("„Das ist alles.“", "Das ist alles."),
        ("'It isn't over.'", "It isn't over."),
        ("「もういい。」", "もういい。"),
        ('"Yes," he said. "No."', '"Yes," he said. "No."'),
        ("-5 degrees.", "5 degrees."),
    ],
)
def test_an_engine_gets_the_words_alone(text: str, core: str) -> None:
    assert split_frame(text).text == core


@pytest.mark.parametrize(
    "text",
    [
        "- Hello.",
        "“Hello.”",
        "<i>“Hello.”</i>",
        "- 'Hello.'",
        "♪ The long road ♪",
        "[ANN] Hello.",
        "- ANN: Hello.",
        "[door slams]",
        "<i>- Hello.</i>",
        "♪",
    ],
)
def test_what_surrounds_a_sentence_comes_back(text: str) -> None:
    framed = split_frame(text)
    assert restore(framed, framed.text) == text
    assert restore(framed, "Xyz") == text.replace(framed.text, "Xyz") if framed.text else text


@pytest.mark.parametrize(
    ("text", "translation", "expected"),
    [
        ("I <i>never</i> said that.", "Nunca dije eso yo.", "<i>Nunca</i> dije eso yo."),
        ("Read <i>Emma</i> now.", "Lee ahora Emma.", "Lee ahora <i>Emma</i>."),
        ("<i>Read</i> it.", "Lee lo.", "<i>Lee</i> lo."),
        ("<b><i>All</i> of it.</b>", "Todo ello.", "<b><i>Todo</i> ello.</b>"),
        ("<i>All of it.", "Todo ello.", "<i>Todo ello.</i>"),
        ("- <i>Yes, sir.</i>", "Sí, señor.", "- <i>Sí, señor.</i>"),
    ],
)
def test_tags_come_back_around_the_words_that_they_meant(text: str, translation: str, expected: str) -> None:
    assert restore(split_frame(text), translation) == expected


def test_words_in_capitals_are_asked_for_in_small_letters_and_come_back_in_capitals() -> None:
    framed = split_frame("GET OUT OF HERE!")
    assert framed.for_engine == "Get out of here!"
    assert restore(framed, "¡Sal de aquí!") == "¡SAL DE AQUÍ!"


def test_a_sentence_in_italics_over_two_cues_is_in_italics_once() -> None:
    framed = split_frame("<i>He was born in 1859,</i> <i>on the 3rd of May.</i>")
    assert restore(framed, "Nació en 1859, en el 3.º de mayo.") == "<i>Nació en 1859, en el 3.º de mayo.</i>"


@pytest.mark.parametrize("text", ["♪ ♪", "…", "- 42", "[?]", ""])
def test_what_has_no_letters_is_not_speech(text: str) -> None:
    assert not split_frame(text).is_speech


PIECES = st.sampled_from(
    ["<i>", "</i>", "<b>", "</b>", "- ", "♪", "[A] ", " ", "word", "más", "ANN: ", "(", ")", "<u>"]
)


@given(st.lists(PIECES, max_size=12), st.sampled_from(["", "uno", "uno dos", "uno dos tres, cuatro"]))
def test_tags_are_closed_and_every_word_is_there(pieces: list[str], translation: str) -> None:
    shown = restore(split_frame("".join(pieces)), translation)
    for name in "ib":
        assert shown.count(f"<{name}>") == shown.count(f"</{name}>")
    assert all(word.casefold() in shown.casefold() for word in translation.replace(",", "").split())
