"""What deserves a look, and when words are spoken."""

from pipeline.subtitles import attention, spoken_words
from pipeline.subtitles.draft_cues import DraftCue

CUES = [DraftCue("a", 1000, 2000, "<i>Well,</i> hello there"), DraftCue("b", 4000, 5000, "Bye")]
TRANSCRIPT = {
    "segments": [
        {
            "words": [
                {"start": 1.0, "end": 1.2, "word": " Well,", "probability": 0.9},
                {"start": 1.2, "end": 1.6, "word": " hello", "probability": 0.3},
                {"start": 1.6, "end": 1.9, "word": " there", "probability": 0.8},
                {"start": 4.0, "end": 4.5, "word": " Buy", "probability": 0.8},
            ]
        }
    ],
    "speech": [[0.9, 2.1], [2.5, 4.2]],
    "dropped": [{"start": 4.5, "end": 4.9, "text": " Thanks for watching", "reason": "no speech"}],
}


def test_words_have_times_where_they_are_those_that_were_recognised() -> None:
    found = spoken_words.by_cue(CUES, spoken_words.of_transcript(TRANSCRIPT))
    assert {id: [word.start for word in words] for id, words in found.items()} == {"a": [1000, 1200, 1600]}


def test_places_are_told_in_order_with_doubtful_words_only_where_there_is_something_else() -> None:
    words = spoken_words.by_cue(CUES, spoken_words.of_transcript(TRANSCRIPT))
    violation = {"rule": "reading-speed", "cues": [1], "measured": 22.0, "allowed": 20.0, "unit": "characters/s"}
    found = attention.points(CUES, [violation], TRANSCRIPT, words)
    assert [(each.at, each.cue) for each in found] == [(1000, "a"), (2500, ""), (4500, "b")]
    assert "hello" in found[0].why
    assert "1.5 s" in found[1].why
    assert "Thanks for watching" in found[2].why
    assert "hello" not in "".join(each.why for each in attention.points(CUES, [], TRANSCRIPT, words))
