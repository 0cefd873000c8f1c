"""Translations get the times of what they were made of."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from translating import retiming, segment_translation, sentence_split
from translating.glossary import GlossaryTerm
from translating.sentence_translation import NothingTranslated

from tests.stages.translating.helpers import FakeEngine, cues, recognised, spoken


def test_a_segment_is_a_sentence_with_its_source_and_times() -> None:
    (segment, _) = segment_translation.translate_segments(
        cues("It was", "so. Yes.", length=2.0), FakeEngine(str.upper), [], False
    ).segments
    assert {**segment, "end": 0} == {"start": 0.0, "end": 0, "text": "IT WAS SO.", "source": "It was so."}
    assert segment["end"] == pytest.approx(2.1 + 2.0 * 3 / 7, abs=0.001)


def test_a_sentence_with_silence_in_it_says_when_it_is_spoken() -> None:
    transcript = recognised(spoken("one two") + spoken("three four.", start=2.0))
    (segment,) = segment_translation.translate_segments(transcript, FakeEngine(str.upper), [], False).segments
    assert segment["spans"] == [[0.0, 0.6], [2.0, 2.6]]


def test_a_speaker_stays_with_the_words() -> None:
    (segment,) = segment_translation.translate_segments(
        recognised(spoken("Yes.", speaker="A")), FakeEngine(str.upper), [], False
    ).segments
    assert segment["speaker"] == "A"


def test_kept_cues_keep_their_number_and_times() -> None:
    transcript = cues("It was the best of times,", "it was the worst. And", "it was - well - spring.")
    found = segment_translation.translate_segments(transcript, FakeEngine(str.upper), [], True).segments
    assert [(each["start"], each["end"]) for each in found] == [
        (each["start"], each["end"]) for each in transcript["segments"]
    ]
    assert [each["text"] for each in found] == [each["text"].upper() for each in transcript["segments"]]
    assert [each["source"] for each in found] == [each["text"] for each in transcript["segments"]]


def test_the_italics_of_a_cue_are_those_of_its_translation() -> None:
    listed = ("<i>Nobody told me that</i>", "he was", "<i>here. Yes.</i>", "<i>It is <b>late.</b></i>")
    found = segment_translation.translate_segments(cues(*listed), FakeEngine(in_other_words), [], True).segments
    assert [each["text"] for each in found] == [
        "<i>Noyody told me thxt</i>",
        "he wxs",
        "<i>here. Yes.</i>",
        "<i>It is <b>lxte.</b></i>",
    ]


DRESSES = (
    "{}",
    "<i>{}</i>",
    "“{}”",
    "„{}“",
    "({})",
    "{} (sighs)",
    "<i>{} [music]</i>",
    "{} ♪",
    "- {}",
    "<b><i>{}</i></b>",
)


@given(st.lists(st.tuples(st.sampled_from(DRESSES), st.sampled_from(".?!…")), min_size=2, max_size=9))
def test_no_word_leaves_a_cue_that_holds_whole_sentences(dressed: list[tuple[str, str]]) -> None:
    listed = [dress.format(f"Xa{n} is{n} zc{n}{end}") for n, (dress, end) in enumerate(dressed)]
    found = segment_translation.translate_segments(cues(*listed), FakeEngine(in_other_words), [], True).segments
    assert [each["text"] for each in found] == [
        listed[n].replace(f"Xa{n} is{n} zc{n}", f"Xx{n} is{n} zz{n}").replace("music", "musiz")
        for n in range(len(listed))
    ]


def test_tags_take_no_share_of_a_translation() -> None:
    listed = cues("<i>one</i> <b>two</b> <u>six</u>", "one two six.", "End.")
    found = segment_translation.translate_segments(listed, FakeEngine(in_other_words), [], True).segments
    assert [len(each["text"].split()) for each in found] == [3, 3, 1]


def test_two_turns_in_a_kept_cue_stay_on_lines_of_their_own() -> None:
    (segment,) = segment_translation.translate_segments(
        cues("- Who is it?\n- Nobody."), FakeEngine(str.upper), [], True
    ).segments
    assert segment["text"] == "- WHO IS IT?\n- NOBODY."


def test_a_sentence_that_gets_shorter_than_its_cues_is_translated_cue_by_cue() -> None:
    engine = FakeEngine({"Yes indeed sir": "Sí", "Yes": "Sí", "indeed sir": "por cierto"}.__getitem__)
    found = segment_translation.translate_segments(cues("Yes", "indeed sir"), engine, [], True).segments
    assert [each["text"] for each in found] == ["Sí", "por cierto"]


def test_blank_cues_are_left_out() -> None:
    found = segment_translation.translate_segments(cues("Yes.", " ", "No."), FakeEngine(str.upper), [], True).segments
    assert [each["text"] for each in found] == ["YES.", "NO."]


@pytest.mark.parametrize(
    ("text", "shares", "expected"),
    [
        ("Era el mejor de los tiempos, era el peor.", (25, 15), ["Era el mejor de los tiempos,", "era el peor."]),
        ("uno dos tres cuatro", (1, 1), ["uno dos", "tres cuatro"]),
        (
            "それは最高の時代であり、最悪の時代でもあった。",
            (1, 1),
            ["それは最高の時代であり、", "最悪の時代でもあった。"],
        ),
        ("<i>uno dos tres cuatro</i>", (1, 1), ["<i>uno dos</i>", "<i>tres cuatro</i>"]),
        ("uno", (1, 1), None),
    ],
)
def test_a_translation_is_divided_at_clauses_by_its_source_s_shares(
    text: str, shares: tuple[int, ...], expected: list[str] | None
) -> None:
    assert retiming.divide(text, shares) == expected


@given(
    st.lists(st.text("abc .,?!-♪[]日本語ก", min_size=1, max_size=30), min_size=1, max_size=6), st.sampled_from("axй日 ")
)
def test_every_cue_gets_a_text(listed: list[str], letter: str) -> None:
    transcript = cues(*listed)
    engine = FakeEngine(lambda text: letter * (len(text) // 3))
    try:
        found = segment_translation.translate_segments(transcript, engine, [GlossaryTerm("a b", "q")], True).segments
    except NothingTranslated:
        assert not letter.strip()  # such an engine is refused where the sentences are enough to judge it by
        return
    assert len(found) == sum(bool(text.strip()) for text in listed)
    assert all(each["text"].strip() for each in found)


def in_other_words(text: str) -> str:
    return text.translate(str.maketrans("abc", "xyz"))


@given(st.lists(st.text("abc .,?!", min_size=1, max_size=30), min_size=1, max_size=6))
def test_there_is_one_segment_for_each_sentence(listed: list[str]) -> None:
    transcript = cues(*listed)
    found = segment_translation.translate_segments(transcript, FakeEngine(in_other_words), [], False).segments
    assert [each["source"] for each in found] == [each.text for each in sentence_split.of_transcript(transcript)]
