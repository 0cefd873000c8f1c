"""Cues from words: whatever was said, no rule is broken that need not be, and no letter is lost."""

import json
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from subtitling import cue_segmentation, lint_report, style_profiles, timed_words
from subtitling.cues import TimedWord
from subtitling.frame_clock import FrameClock, clock_of_rate
from subtitling.lint import lint, too_fast_share
from subtitling.markup import plain
from subtitling.typography import shown_width, width

from tests.conftest import REPOSITORY, examples
from tests.stages.subtitling.helpers import (
    CLOCKS,
    NO_CLOCK,
    bare,
    cues_of,
    ordinary_speech,
    profile_of,
    rules,
    spoken,
    texts,
    violations,
)

LANGUAGES = ["en", "de", "ja", "zh", "ko", "ar", "hi", "xx"]
# What is always kept, however little time there is. A word may look like markup, and is kept as it is.
ALWAYS = {"line-length", "lines", "overlap", "order", "no-time", "empty", "too-long"}

LETTERS = st.text(
    st.sampled_from("aeiou xyzÄß.,?!—-'\"()♪1 9語のんァ、。」「한글שלمव्क्षि́Ж\\{}&"), min_size=1, max_size=30
)


@st.composite
def any_words(draw: st.DrawFn) -> list[TimedWord]:
    """Words of any pace in any script, with pauses, without a time, and as long as a line."""
    clock, said = draw(st.integers(0, 3000)), []
    for text in draw(st.lists(LETTERS | st.just("Donaudampfschifffahrtselektrizitätenhauptbetriebswerk"), max_size=40)):
        length = draw(st.integers(0, 900) | st.integers(0, 15_000))
        said.append(
            TimedWord(clock, clock + length, draw(st.sampled_from([" ", ""])) + text, draw(st.sampled_from("  AB")))
        )
        clock += length + draw(st.sampled_from([0, 0, 0, 40, 700, 9000]))
    return said


@settings(max_examples=examples(150), deadline=None)
@given(any_words(), st.sampled_from(LANGUAGES), st.sampled_from(["netflix", "bbc"]), st.sampled_from(CLOCKS), st.data())
def test_any_words_keep_the_rules_that_time_allows(
    said: list[TimedWord], language: str, style: str, clock: FrameClock, data: st.DataObject
) -> None:
    end = max((word.end for word in said), default=0)
    duration = data.draw(st.sampled_from([end, end + 60_000, 0]))
    profile = style_profiles.profile_of(style, language)
    tidy = timed_words.tidy(said, profile)
    cues = cue_segmentation.cues_of_words(tidy, profile, language, clock, duration)
    found = {violation.rule for violation in lint(cues, profile, clock)}
    assert not found & ALWAYS
    if len(cues) * (profile.shortest + 0.2) * 1000 < duration and not profile.word_seconds:
        assert not found & {"too-short", "gap"}
    if cues and len(cues) * 150 < duration:  # a frame for each, and one between them
        assert cues[-1].end <= duration


@settings(max_examples=examples(80), deadline=None)
@given(any_words(), st.sampled_from(LANGUAGES))
def test_no_letter_is_lost_or_added(said: list[TimedWord], language: str) -> None:
    alone = [word._replace(speaker="") for word in said]
    assert bare("".join(texts(cues_of(alone, language)))) == bare("".join(word.text for word in alone))


@settings(max_examples=examples(50), deadline=None)
@given(any_words())
def test_a_cue_holds_one_speaker_s_words(said: list[TimedWord]) -> None:
    profile = profile_of("en")
    tidy = timed_words.tidy(said, profile)
    firsts = timed_words.turn_starts(tidy)
    for start, end in cue_segmentation.cut_into_cues(cue_segmentation.measure(tidy, profile, "en"), profile, NO_CLOCK):
        assert firsts[end - 1] <= start


@pytest.mark.long
@pytest.mark.parametrize("clock", CLOCKS, ids=str)
def test_cues_begin_and_end_with_frames(clock: FrameClock) -> None:
    ticks = [clock.milliseconds(tick) for tick in range(clock.at_most(60))]
    for cue in cues_of(spoken("It was the best of times. It was the worst of times. " * 3), clock=clock):
        assert {cue.start, cue.end} <= set(ticks)


@pytest.mark.parametrize("clock", CLOCKS[1:], ids=str)
def test_two_frames_lie_between_cues_at_the_movie_s_rate(clock: FrameClock) -> None:
    cues = cues_of(spoken("one two three four five six seven. " * 12, pace=350), clock=clock)
    gaps = [round((after.start - before.end) * clock.ticks_per_second / 1000) for before, after in pairwise(cues)]
    assert min(gaps) == 2


SPEECHES = {
    "en": "It was the best of times, it was the worst of times. We had everything before us! Mr. Brown went away.",
    "de": "Die Rechtsschutzversicherungsgesellschaften wissen es nicht. Wir gehen morgen in die Stadt, weil es regnet.",
    "ja": "今日はいい天気ですね。あなたはどこへ行きますか。私は東京の大きな会社で働いています、とても忙しいです。",
    "zh": "今天天气很好。你要去哪里，我不知道。我们昨天在北京的一家大公司工作了整整一天。",
    "ar": "كان أفضل الأوقات وكان أسوأ الأوقات. أين تذهب في هذا الصباح؟ لا أعرف ماذا أقول لك.",
    "hi": "वह सबसे अच्छा समय था। तुम आज सुबह कहाँ जा रहे हो, मुझे नहीं पता कि क्या कहना है।",
    "ko": "오늘은 날씨가 정말 좋습니다. 당신은 어디로 가십니까? 저는 서울에 있는 큰 회사에서 일합니다.",
}


@pytest.mark.parametrize("language", SPEECHES)
def test_ordinary_speech_breaks_no_rule(language: str) -> None:
    said = ordinary_speech(SPEECHES[language], 5, seed=1, parted=language not in ("ja", "zh"))
    cues = cues_of(said, language, clock=clock_of_rate(25))
    assert rules(cues, language, clock_of_rate(25)) <= {"reading-speed"}
    assert too_fast_share(cues, violations(cues, language, clock_of_rate(25))) <= 0.05


def test_the_sample_s_transcript_breaks_no_rule() -> None:
    """What the base model heard in the sample, with the times that it gave."""
    file = REPOSITORY / "tests" / "stages" / "subtitling" / "two_cities.transcript.json"
    heard = json.loads(file.read_text(encoding="utf-8"))
    said = timed_words.of_transcript(heard, profile_of("en"))
    cues = cues_of(said, duration=round(heard["duration_s"] * 1000), clock=clock_of_rate(25))
    assert violations(cues, clock=clock_of_rate(25)) == []
    assert texts(cues)[0] == "It was the best of times,\nit was the worst of times."


def test_sentences_end_cues() -> None:
    text = "It was the best of times. It was the worst of times. It was the age of wisdom."
    assert texts(cues_of(spoken(text))) == [
        "It was the best of times.",
        "It was the worst of times.",
        "It was the age of wisdom.",
    ]


def test_a_title_ends_no_sentence() -> None:
    assert texts(cues_of(spoken("I have met Mr. Brown today."))) == ["I have met Mr. Brown today."]


def test_a_pause_parts_cues() -> None:
    said = spoken("we had everything") + spoken("we had nothing", start=4000)
    assert texts(cues_of(said)) == ["we had everything", "we had nothing"]


def test_another_speaker_begins_a_cue_with_a_dash() -> None:
    said = spoken("Where do you go?", speaker="A") + spoken("To the sea.", start=1300, speaker="B")
    assert texts(cues_of(said)) == ["Where do you go?", "- To the sea."]


def test_a_cue_says_who_speaks_in_it() -> None:
    said = spoken("Where do you go?", speaker="A") + spoken("To the sea.", start=1300, speaker="B")
    assert [cue.speaker for cue in cues_of(said)] == ["A", "B"]
    assert [cue.speaker for cue in cues_of(spoken("Where do you go?"))] == [""]


def test_the_same_speaker_goes_on_without_one() -> None:
    said = spoken("I see.", speaker="A") + spoken("Go on.", 3000) + spoken("I shall.", 6000, speaker="A")
    assert texts(cues_of(said)) == ["I see.", "Go on.", "I shall."]


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("en", "It was the season of light, it was the season of darkness", "It was the season of light,"),
        ("en", "We have never seen anything like the house where she was born", "We have never seen anything\n"),
        ("en", "Everybody in town had read the letters that Ebenezer Scrooge wrote", "had read the letters\n"),
        ("de", "Niemand hatte jemals zuvor gesehen was der Mann in seinem Haus tat", "Niemand hatte jemals zuvor"),
        ("fr", "Personne ne savait ce que les enfants avaient fait dans la maison", "Personne ne savait"),
        ("hi", "हम लोग कल शाम को अपने पुराने मित्र के बड़े घर में बहुत देर तक बैठे रहे", "को"),
    ],
)
def test_a_line_ends_where_it_reads_well(language: str, text: str, expected: str) -> None:
    (cue,) = cues_of(spoken(text, pace=350), language)
    assert expected in cue.text
    upper = cue.text.split("\n")[0].split()
    assert upper[-1].lower() not in {"the", "of", "in", "der", "seinem", "les", "la", "ebenezer"}


def test_a_japanese_line_begins_with_no_mark_that_closes() -> None:
    cues = cues_of(ordinary_speech(SPEECHES["ja"], 3, seed=2, parted=False), "ja")
    assert {line[0] for cue in cues for line in cue.lines} & set("、。」ーっゃゅょ") == set()


@pytest.mark.parametrize("language", ["ja", "zh", "ko"])
def test_full_width_lines_have_sixteen_characters(language: str) -> None:
    said = ordinary_speech(SPEECHES[language], 2, seed=3, parted=language == "ko")
    widest = max(width(line) for cue in cues_of(said, language) for line in cue.lines)
    assert 20 < widest <= 32


def test_a_word_wider_than_a_line_is_chopped() -> None:
    cues = cues_of([TimedWord(0, 3000, " " + "a" * 100)])
    assert bare("".join(texts(cues))) == "a" * 100
    assert max(len(line) for cue in cues for line in cue.lines) <= 42


def test_music_marks_stay_with_the_song() -> None:
    text = "he began to sing ♪ row row row your boat gently down the stream ♪ and then he stopped for good"
    for line in (line for cue in cues_of(spoken(text, pace=350)) for line in cue.lines):
        assert not line.endswith("♪") or "stream" in line
        assert not line.startswith("♪") or "row" in line


def test_tags_take_no_room_and_are_closed_in_every_cue() -> None:
    text = "<i>It was the best of times, it was the worst of times. It was the age of wisdom</i>"
    cues = cues_of(spoken(text))
    assert rules(cues) == set()
    assert len(cues) > 1
    assert all(cue.text.startswith("<i>") and cue.text.endswith("</i>") for cue in cues)


def test_a_short_cue_stays_long_enough_to_read() -> None:
    (cue,) = cues_of([TimedWord(1000, 1200, " No!")])
    assert (cue.start, cue.end) == (1000, 1834)


def test_the_last_cue_does_not_outlast_the_movie() -> None:
    (cue,) = cues_of([TimedWord(4500, 5000, " Goodbye.")], duration=5000)
    assert (cue.start, cue.end) == (4166, 5000)


def test_a_gap_that_flickers_is_closed() -> None:
    said = spoken("It was the best of times.", pace=400) + spoken("It was the worst of times.", 2700, pace=400)
    first, second = cues_of(said)
    assert second.start - first.end == 84


def test_no_words_give_no_cue() -> None:
    assert cues_of([]) == []


@pytest.mark.parametrize("duration", [0, 1, 100, 3000])
def test_more_cues_than_a_movie_has_room_for_still_come_one_after_another(duration: int) -> None:
    cues = cues_of(spoken("Yes. No. " * 30, pace=30), duration=duration)
    assert rules(cues) & ALWAYS == set()


@pytest.mark.long
def test_a_film_s_words_are_cut_as_those_of_a_scene() -> None:
    """The work grows with the words: the candidates for each cue are those few words that fit into one."""
    said = ordinary_speech(SPEECHES["en"], 90, seed=4)
    cues = cues_of(said)
    assert len(said) > 10_000
    assert max(shown_width(cue.text) for cue in cues) <= 84
    assert bare(plain("".join(texts(cues)))) == bare("".join(word.text for word in said))


def test_a_word_that_takes_no_room_is_no_stumbling_block() -> None:
    assert texts(cues_of([TimedWord(0, 0, " a"), TimedWord(0, 0, " \u0301"), TimedWord(0, 0, " \u200b")])) == [
        "a \u0301 \u200b"
    ]


@pytest.mark.parametrize("style", style_profiles.STYLES)
@pytest.mark.parametrize("rate", [0, 24, 25, "30000/1001"])
def test_a_translation_of_real_speech_is_hardly_ever_too_fast_and_loses_no_word(style: str, rate: str | float) -> None:
    """Spanish by Apertium; in English, the longest sentence hasn't a moment to spare."""
    file = REPOSITORY / "tests" / "stages" / "subtitling" / "two_cities.translation.es.json"
    transcript = json.loads(file.read_text(encoding="utf-8"))
    profile, ticking = style_profiles.profile_of(style, "es"), clock_of_rate(rate)
    made = cue_segmentation.cues_of_words(
        timed_words.of_transcript(transcript, profile), profile, "es", ticking, 44_200
    )
    report = lint_report.report(made, profile, "es", ticking)
    assert report["reading_speed"]["share_over"] <= 0.05
    assert {rule for rule, count in report["broken"].items() if count} <= {"reading-speed", "too-short"}
    shown = " ".join(cue.text for cue in made).split()
    assert shown == " ".join(segment["text"] for segment in transcript["segments"]).split()


def test_a_cue_has_words_of_one_language_and_knows_it() -> None:
    said = [*spoken("We went home"), *(word._replace(language="es") for word in spoken("y nada más", 900))]
    cues = cues_of([*said, *spoken("and slept", 1800)])
    assert [(cue.text, cue.language) for cue in cues] == [("We went home", ""), ("y nada más", "es"), ("and slept", "")]


def test_words_of_another_language_are_cut_by_its_limits() -> None:
    said = [word._replace(language="ja", text=word.text.strip()) for word in spoken("あ " * 24)]
    lines = [line for cue in cues_of([*spoken("He said"), *said]) for line in cue.lines]
    assert max(map(len, lines)) <= 16
