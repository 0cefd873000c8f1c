"""Words and cues become sentences."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from translating import sentence_split

from tests.stages.translating.helpers import cues, recognised, spoken


def texts(transcript: dict[str, Any]) -> list[str]:
    return [sentence.text for sentence in sentence_split.of_transcript(transcript)]


def test_a_sentence_over_several_cues_is_one() -> None:
    assert texts(cues("It was the best of times,", "it was the worst of times.", "It was spring.")) == [
        "It was the best of times, it was the worst of times.",
        "It was spring.",
    ]


def test_a_cue_with_several_sentences_is_parted() -> None:
    assert texts(cues("Is it? It is! Well… No.")) == ["Is it?", "It is!", "Well…", "No."]


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("en", "I met Dr. Smith at St. Mary's.", 1),
        ("en", "J. R. R. Tolkien wrote it.", 1),
        ("en", "The U.S. Army came.", 1),
        ("en", "He came at 5 p.m. and left.", 1),
        ("en", "He came at 5 p.m. She left.", 2),
        ("en", "So do I. And you?", 2),
        ("en", "No. 5 is alive.", 1),
        ("en", "No. I won't.", 2),
        ("en", "It costs 3.50 dollars.", 1),
        ("en", "It was 1984. Then came 1985.", 2),
        ("en", '"What?" he asked.', 1),
        ("en", '"Stop!" He stopped.', 2),
        ("en", "I was… thinking. Yes.", 2),
        ("de", "Am 3. Oktober kam er z.B. nicht.", 1),
        ("de", "Das ist 50. Das ist wahr.", 2),
        ("es", "El Sr. Gómez llegó. ¿Quién?", 2),
        ("hi", "यह एक घर है। वह गया।", 2),
        ("ar", "من أنت؟ أنا هنا.", 2),
        ("ja", "はい。そうです。", 2),
        ("ja", "「はい。」と言った。", 1),
        ("zh", "你好。你是谁。", 2),
        ("am", "ሰላም። ደህና።", 2),
    ],
)
def test_a_sentence_ends_where_a_reader_would_end_it(language: str, text: str, expected: int) -> None:
    assert len(texts(cues(text, language=language))) == expected


def test_a_text_in_small_letters_still_has_sentences() -> None:
    assert texts(cues("i know. you don't. we do.")) == ["i know.", "you don't.", "we do."]


def test_another_speaker_begins_another_sentence() -> None:
    words = spoken("and so I", speaker="A") + spoken("wait please", start=0.9, speaker="B")
    found = sentence_split.of_transcript(recognised(words))
    assert [(each.text, each.speaker) for each in found] == [("and so I", "A"), ("wait please", "B")]


@pytest.mark.parametrize(
    ("texts_", "expected"),
    [
        (("- Where to", "- Home"), ["- Where to", "- Home"]),
        (("- Where to\n- Home",), ["- Where to", "- Home"]),
        (("♪ over the hills", "♪ and far away ♪", "He sings"), ["♪ over the hills", "♪ and far away ♪", "He sings"]),
        (("[door slams]", "and then he left"), ["[door slams]", "and then he left"]),
        (("And then", "[ANN] Hello there"), ["And then", "[ANN] Hello there"]),
        (("And then", "MR. SMITH: Hello there"), ["And then", "MR. SMITH: Hello there"]),
    ],
)
def test_turns_songs_and_sounds_stand_alone(texts_: tuple[str, ...], expected: list[str]) -> None:
    assert texts(cues("It is. It is. It is.", *texts_))[3:] == expected


OTHERS = ("Nobody told me.", "It was late.", "They never called.")  # so that the text has full stops and capitals


@pytest.mark.parametrize(
    ("language", "before", "after"),
    [
        ("en", "<i>Nobody came.</i>", "That is all."),
        ("en", "<i>Nobody came.", "That is all.</i>"),
        ("en", "<b><i>Nobody came.</i></b>", "<i>That is all.</i>"),
        ("en", '<font color="#ff0000">Nobody came.</font>', "That is all."),
        ("en", "{\\i1}Nobody came.{\\i0}", "That is all."),
        ("en", "Nobody came. (sighs)", "That is all."),
        ("en", "Nobody came. [door slams]", "That is all."),
        ("en", "Nobody came. (sighs) [door slams]", "That is all."),
        ("en", "<i>Nobody came. (sighs)</i>", "That is all."),
        ("en", "Nobody came. ♪", "That is all."),
        ("en", "Nobody came (sighs).", "That is all."),
        ("en", "“Nobody came.”", "That is all."),
        ("en", "Nobody came.'\"", "That is all."),
        ("en", "(Nobody came.)", "That is all."),
        ("en", "He lives in Washington, D.C.", "See you there."),
        ("en", "They met at 5 p.m.", "See you there."),
        ("en", "It was Martin Luther King Jr.", "See you there."),
        ("en", "They live on Main St.", "See you there."),
        ("en", "We need a plan B.", "See you there."),
        ("en", "Nobody came.\u200f", "That is all."),
        ("en", "Did he come?", "and then what?"),
        ("en", "But he said—", "That is all."),
        ("en", "But he said--", "That is all."),
        ("en", "THREE YEARS LATER", "Nobody came."),
        ("en", "Chapter One", "The house was dark."),
        ("de", "„Niemand kam.“", "Das ist alles."),
        ("de", "»Niemand kam.«", "Das ist alles."),
        ("de", "‚Niemand kam.‘", "Das ist alles."),
        ("fr", "« Personne n'est venu. »", "C'est tout."),
        ("es", "Gracias a Ud.", "Vamos ahora."),
        ("ru", "Он родился в 1984 г.", "Потом умер."),
        ("el", "Τι κάνεις;", "Καλά είμαι."),
        ("ja", "「もういい。」", "帰ろう。"),
        ("ja", "もういい。（ため息）", "帰ろう。"),
        ("zh", "我不知道。【音乐】", "你要去哪里。"),
        ("ur", "وہ گیا۔", "میں یہاں ہوں۔"),
    ],
)
def test_a_sentence_ends_with_its_cue(language: str, before: str, after: str) -> None:
    found = sentence_split.of_transcript(cues(before, after, *OTHERS, language=language))
    assert all(len(sentence.parts) == 1 for sentence in found)


@pytest.mark.parametrize(
    ("language", "before", "after"),
    [
        ("en", "<i>Nobody told me</i>", "<i>that he came.</i>"),
        ("en", "I don't know (sighs)", "what to do."),
        ("en", "I went to see", "Mary in the evening."),
        ("en", "They came at 5 p.m.", "and left again."),
        ("en", "I met Mr.", "Smith there."),
        ("en", "Well,", "I think so."),
        ("en", "He told me that", "I should go."),
        ("en", "But he said—", "and then he left."),
        ("en", "I was...", "...thinking of you."),
        ("de", "Sie kam am 3.", "Oktober nach Hause."),
        ("ja", "私は学校に", "行きます。"),
    ],
)
def test_a_sentence_that_spans_cues_is_one(language: str, before: str, after: str) -> None:
    found = sentence_split.of_transcript(cues(before, after, *OTHERS, language=language))
    assert len(found[0].parts) == 2


@pytest.mark.parametrize(
    ("language", "listed"),
    [
        ("zh", ["我不知道", "你要去哪里？", "他没来", "我们走吧！", "好的"]),
        ("ja", ["わからない", "どこへ行く？", "彼は来なかった"]),
        ("th", ["ฉันไม่รู้", "คุณจะไปไหน", "เขาไม่มา"]),
        ("ar", ["لا أعرف", "إلى أين تذهب؟", "لم يأت أحد"]),
        ("en", ["He never came", "Where are you going?", "Nobody told us", "All of them left"]),
    ],
)
def test_where_an_author_writes_no_full_stop_each_cue_is_one(language: str, listed: list[str]) -> None:
    assert texts(cues(*listed, language=language)) == listed


def test_tags_go_around_every_sentence_that_they_hold() -> None:
    assert texts(cues("<i>Yes. I know.</i> Go.", "<i>- One.\n- Two.</i>")) == [
        "<i>Yes.</i>", "<i>I know.</i>", "Go.", "<i>- One.</i>", "<i>- Two.</i>",
    ]  # fmt: skip


def test_two_songs_in_a_cue_are_two_sentences() -> None:
    assert texts(cues("♪ over the hills ♪ ♪ and far away ♪", "# old song # ¶ older song ¶")) == [
        "♪ over the hills ♪", "♪ and far away ♪", "# old song #", "¶ older song ¶",
    ]  # fmt: skip


def test_a_sound_after_a_sentence_stands_alone() -> None:
    assert texts(cues("That is all. (sighs)", "I see. (laughs) Go on.", *OTHERS))[:4] == [
        "That is all.", "(sighs)", "I see.", "(laughs) Go on.",
    ]  # fmt: skip


def test_a_dash_before_a_word_that_goes_on_is_no_turn() -> None:
    assert len(texts(cues("It was a long", "-standing friendship.", "Yes."))) == 2


def test_a_long_pause_parts_sentences_without_a_full_stop() -> None:
    words = spoken("we had everything") + spoken("we had nothing. At all.", start=4)
    assert texts(recognised(words)) == ["we had everything", "we had nothing.", "At all."]


def test_text_without_punctuation_is_parted_by_pauses() -> None:
    words = spoken("it was the best of times") + spoken("it was the worst of times", start=2.6)
    assert texts(recognised(words)) == ["it was the best of times", "it was the worst of times"]


def test_text_without_punctuation_and_pauses_is_parted_by_length() -> None:
    found = texts(recognised(spoken("all work and no play makes jack a dull boy " * 40)))
    assert max(map(len, found)) <= 120
    assert min(map(len, found)) > 30


@pytest.mark.long
def test_a_film_without_a_pause_or_a_full_stop_is_parted() -> None:
    found = texts(recognised(spoken("and so on, " * 2_000, pace=0.2)))
    assert max(map(len, found)) <= 120


def test_a_sentence_that_is_too_long_is_cut_at_a_clause() -> None:
    half = "word " * 35
    found = texts(cues(f"{half.strip()}, {half.strip()}.", "End."))
    assert found[0].endswith("word,")
    assert len(found) == 3


def test_spans_leave_out_the_silence_in_a_sentence() -> None:
    (found,) = sentence_split.of_transcript(recognised(spoken("one two") + spoken("three four.", start=2.0)))
    assert found.spans == ((0.0, 0.6), (2.0, 2.6))


def test_a_sentence_in_the_midst_of_a_cue_gets_its_share_of_the_time() -> None:
    first, second = sentence_split.of_transcript(cues("Aaaa. Bbbb.", length=4.0))
    assert (first.start, first.end, second.start, second.end) == (0.0, 2.0, 2.0, 4.0)


def test_cues_are_joined_with_a_space_where_the_script_has_one() -> None:
    assert texts(cues("나는 학교에", "갑니다.")) == ["나는 학교에 갑니다."]
    assert texts(cues("私は学校に", "行きます。", language="ja")) == ["私は学校に行きます。"]


def test_lines_of_a_cue_are_joined_with_a_space() -> None:
    assert texts(cues("It was the best\nof times.")) == ["It was the best of times."]


def test_control_characters_and_blank_cues_are_left_out() -> None:
    assert texts(cues("Hello\x00 the\u200bre.", " \n ", "Yes.")) == ["Hello the\u200bre.", "Yes."]


def test_an_empty_transcript_has_no_sentence() -> None:
    assert texts({"language": "und", "duration_s": 3.0, "segments": []}) == []


ANY_TEXT = st.lists(st.text(alphabet=st.characters(codec="utf-8"), min_size=1, max_size=40), min_size=1, max_size=8)


@given(ANY_TEXT)
def test_no_letter_is_lost_or_moved(listed: list[str]) -> None:
    found = "".join(texts(cues(*listed)))
    assert [each for each in found if each.isalnum()] == [each for text in listed for each in text if each.isalnum()]


@given(ANY_TEXT)
def test_times_never_go_back_and_stay_in_their_cues(listed: list[str]) -> None:
    transcript = cues(*listed)
    found = sentence_split.of_transcript(transcript)
    edges = [edge for sentence in found for span in sentence.spans for edge in span]
    assert edges == sorted(edges)
    for sentence in found:
        first, last = (transcript["segments"][sentence.parts[place].cue] for place in (0, -1))
        assert first["start"] - 0.001 <= sentence.start <= sentence.end <= last["end"] + 0.001


def test_speech_that_only_moves_to_another_place_stays_one_sentence() -> None:
    segments = [
        {"start": 1.0, "end": 3.0, "text": "I never thought that", "alignment": 8},
        {"start": 3.1, "end": 5.0, "text": "he would come."},
    ]
    sentences = sentence_split.of_transcript({"language": "en", "segments": segments})
    assert [(each.text, each.alignment) for each in sentences] == [("I never thought that he would come.", 8)]


def test_an_interjection_within_a_sentence_does_not_part_it() -> None:
    segments = [
        {"start": 1.0, "end": 6.0, "text": "I want to tell you about"},
        {"start": 2.0, "end": 3.0, "text": "Good"},
        {"start": 4.0, "end": 5.0, "text": "Go on!"},
        {"start": 6.1, "end": 8.0, "text": "the house."},
    ]
    sentences = sentence_split.of_transcript({"language": "en", "segments": segments})
    assert [each.text for each in sentences] == ["I want to tell you about the house.", "Good", "Go on!"]
    assert [[part.cue for part in each.parts] for each in sentences] == [[0, 3], [1], [2]]


def test_a_sign_between_two_parts_of_a_sentence_does_not_part_it() -> None:
    segments = [
        {"start": 1.0, "end": 3.0, "text": "I never thought that"},
        {"start": 2.0, "end": 9.0, "text": "OFFICE", "alignment": 8},
        {"start": 3.1, "end": 5.0, "text": "he would come."},
    ]
    sentences = sentence_split.of_transcript({"language": "en", "segments": segments})
    assert [(each.text, each.alignment) for each in sentences] == [
        ("I never thought that he would come.", 2),
        ("OFFICE", 8),
    ]
