"""Existing cues in a transcript, and the notes on them."""

from subtitling import cue_repair, reader, transcript_of_cues
from subtitling.cues import Cue


def test_segments_are_the_cues_in_seconds_and_are_what_is_known_of_the_speech() -> None:
    made = transcript_of_cues.content([Cue(1000, 2500, "One"), Cue(3000, 4000, "Two", "Ann", 8)], 9.0)
    assert made["segments"] == [
        {"start": 1.0, "end": 2.5, "text": "One"},
        {"start": 3.0, "end": 4.0, "text": "Two", "speaker": "Ann", "alignment": 8},
    ]
    assert made["speech"] == [[1.0, 2.5], [3.0, 4.0]]
    assert made["coverage"] == {"speech_s": 2.5, "covered_s": 2.5, "share": 1.0}


def test_what_is_shown_at_once_counts_once_as_speech() -> None:
    made = transcript_of_cues.content([Cue(0, 5000, "One"), Cue(1000, 2000, "Two"), Cue(4000, 6000, "Three")], 9.0)
    assert made["speech"] == [[0.0, 5.0], [5.0, 6.0]]
    assert made["coverage"]["speech_s"] == 6.0


def test_repairs_and_a_guess_are_noted() -> None:
    cues = [Cue(0, 2000, "One"), Cue(1700, 3000, "Two"), Cue(4000, 5000, "")]
    _, repairs = cue_repair.repair(cues)
    assert transcript_of_cues.notes_of(reader.SubtitleFile(cues, "srt", "cp1251"), repairs) == [
        "the subtitles don't say their encoding; they read best as cp1251",
        "1 cues reached a little into the next one, and were cut short",
    ]
    unsure = reader.SubtitleFile(cues, "srt", "cp1250", 0.6)
    assert "60%" in transcript_of_cues.notes_of(unsure, repairs)[0]
    assert transcript_of_cues.dropped_of(cues, repairs) == [
        {"start": 4.0, "end": 5.0, "text": "", "reason": "the cue has no text"}
    ]
