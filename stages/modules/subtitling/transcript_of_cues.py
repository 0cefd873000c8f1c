"""Existing cues as a transcript has them: segments with times in seconds, and notes on what was put right."""

from collections.abc import Iterator, Sequence
from typing import Any

from subtitling import markup
from subtitling.cue_repair import CueRepair
from subtitling.cues import BOTTOM_CENTRE, Cue, TimedWord
from subtitling.formats import sung_words
from subtitling.reader import SubtitleFile

LATE = 100  # milliseconds before and after a cue in which its words may be sung: a repair may have made it shorter
CERTAIN = 0.9  # a confidence from which a guess needs no warning
REPAIR_NOTES = {
    "order": "cues stood in another order than that of time",
    "no-time": "cues had no time to be shown, and got half a second",
    "twice": "cues were there twice",
    "together": "cues were shown at the same time, and were put into one",
    "overlap": "cues reached a little into the next one, and were cut short",
    "at-once": "cues are shown while another one is, and stay so",
}


def content(cues: Sequence[Cue], duration: float, words: Sequence[TimedWord] = ()) -> dict[str, Any]:
    """Segments, and the times of the cues as speech, since no other speech is known. ``duration`` in seconds.

    ``words``: those whose times the file says, in order of time; each segment that has them gets ``timed_words``.
    """
    spans = [[start / 1000, end / 1000] for start, end in _without_overlap(cues)]
    spoken = round(sum(end - start for start, end in spans), 3)
    return {
        "duration_s": round(duration, 3),
        "segments": [_segment(cue, words) for cue in cues],
        "speech": spans,
        "coverage": {"speech_s": spoken, "covered_s": spoken, "share": 1.0},
    }


def _segment(cue: Cue, words: Sequence[TimedWord]) -> dict[str, Any]:
    speaker = {"speaker": cue.speaker} if cue.speaker else {}
    alignment = {"alignment": cue.alignment} if cue.alignment != BOTTOM_CENTRE else {}
    found = sung_words.of_cue(markup.plain(cue.text), cue.start, cue.end, words, LATE) if words else []
    timed = {"timed_words": [_word(each) for each in found]} if found else {}
    return {"start": cue.start / 1000, "end": cue.end / 1000, "text": cue.text, **speaker, **alignment, **timed}


def _word(word: TimedWord) -> dict[str, Any]:
    return {"start": word.start / 1000, "end": word.end / 1000, "word": word.text}


def _without_overlap(cues: Sequence[Cue]) -> Iterator[tuple[int, int]]:
    """The times at which a cue is shown, in order."""
    until = -1
    for cue in sorted(cues, key=lambda each: each.start):
        if cue.end > until:
            yield max(cue.start, until), cue.end
            until = cue.end


def notes_of(read: SubtitleFile, repairs: Sequence[CueRepair], merged: int = 0) -> list[str]:
    """What a reader should know. ``merged``: how many cues of rolling captions became others."""
    notes = [*read.notes, *read.losses]
    if not read.encoding.startswith("utf") and read.format != "stl":
        notes.append(f"the subtitles don't say their encoding; they read best as {read.encoding}{_doubt(read)}")
    elif read.confidence < 1:
        notes.append("the subtitles are UTF-8 with a few damaged bytes, which became \ufffd")
    if merged:
        notes.append(
            f"the captions roll, so that each phrase was there several times: {merged} repetitions were dropped"
        )
    for what, text in REPAIR_NOTES.items():
        count = sum(each.what == what for each in repairs)
        if count:
            notes.append(f"{count} {text}")
    return notes


def _doubt(read: SubtitleFile) -> str:
    """For a text that is too short to be sure."""
    if read.confidence >= CERTAIN:
        return ""
    return f" (a guess, {read.confidence:.0%} sure: -s CODE says the language, which decides)"


def dropped_of(cues: Sequence[Cue], repairs: Sequence[CueRepair]) -> list[dict[str, Any]]:
    """The cues that had no text."""
    empty = [number for each in repairs if each.what == "empty" for number in each.cues]
    return [
        {"start": cue.start / 1000, "end": cue.end / 1000, "text": cue.text, "reason": "the cue has no text"}
        for cue in (cues[number - 1] for number in empty)
    ]
