"""Hallucinations: recognised text that nobody said. Each is found with the reason why it can't be trusted."""

import unicodedata
from collections.abc import Sequence

from recognition import repetitions
from recognition.hallucinated_phrases import is_known
from recognition.intervals import Interval, intersection, length, merged
from recognition.segments import DroppedText, Segment, with_words

# Reasons. They stand in transcripts, so other words for them would change results.
SILENCE = "the recogniser itself found it unlikely that somebody speaks"
NO_VOICE = "nobody speaks there"
KNOWN_PHRASE = "a phrase that Whisper is known to invent, and it isn't sure of it"

FASTEST = 35.0  # columns per second; auctioneers reach 25
SHORTEST_JUDGED = 15  # columns; the speed of a shorter text means nothing
SURE_PROBABILITY = 0.5  # mean of a segment's words; a known phrase with more of it was said
NO_SPEECH_ABOVE, UNSURE_BELOW = 0.6, -1.0  # Whisper's own thresholds: probability, and mean log probability


def split_by_trust(segments: list[Segment], speech: list[Interval]) -> tuple[list[Segment], list[DroppedText]]:
    """The segments that can be trusted, and the text of the others with the reasons."""
    reasons = reasons_against(segments, speech)
    trusted = [segment for index, segment in enumerate(segments) if index not in reasons]
    return trusted, [_dropped(segments[index], reason) for index, reason in sorted(reasons.items())]


def reasons_against(segments: Sequence[Segment], speech: list[Interval]) -> dict[int, str]:
    """Indexes of the segments that can't be trusted, each with the reason.

    ``speech`` is where voice activity detection found speech, in seconds.
    """
    reasons = {index: reason for index, segment in enumerate(segments) if (reason := reason_against(segment, speech))}
    return reasons | {index: reason for index, reason in _repeated(segments).items() if index not in reasons}


def reason_against(segment: Segment, speech: list[Interval]) -> str | None:
    """Why one segment can't be trusted, looked at by itself; ``None`` where it can be."""
    share = _share_in_speech(segment, speech)
    if share < 0.1:
        return NO_VOICE
    if segment.no_speech > NO_SPEECH_ABOVE and segment.log_probability < UNSURE_BELOW:
        return SILENCE
    is_unsure = share < 0.5 or _mean_probability(segment) < SURE_PROBABILITY or segment.no_speech > NO_SPEECH_ABOVE
    if is_known(segment.text) and is_unsure:
        return KNOWN_PHRASE
    speed = _columns(segment.text) / max(length(merged(segment.spoken)), 0.1)
    if _columns(segment.text) >= SHORTEST_JUDGED and speed > FASTEST:
        return f"too fast to be spoken: {min(speed, 999):.0f} characters a second"
    return None


def without_repetitions(segments: list[Segment]) -> tuple[list[Segment], list[DroppedText]]:
    """The segments without repeated words, and these words.

    The first round of a repetition stays where the recogniser is sure of it.
    """
    words = [word for segment in segments for word in segment.words]
    surplus: dict[int, str] = {}
    for repetition in repetitions.find([word.text for word in words]):
        first_round = words[repetition.start : repetition.second]
        is_sure = sum(word.probability for word in first_round) >= SURE_PROBABILITY * len(first_round)
        first = repetition.second if is_sure else repetition.start
        surplus |= dict.fromkeys(range(first, repetition.end), _reason(repetition))
    kept: list[Segment] = []
    dropped: list[DroppedText] = []
    place = 0
    for segment in segments:
        places = range(place, place + len(segment.words))
        place = places.stop
        left = [words[at] for at in places if at not in surplus]
        over = [at for at in places if at in surplus]
        kept += [with_words(segment, left) if over else segment] if left or not over else []
        dropped += [_dropped(with_words(segment, [words[at] for at in over]), surplus[over[0]])] if over else []
    return kept, dropped


def _share_in_speech(segment: Segment, speech: list[Interval]) -> float:
    spoken = merged(segment.spoken)
    whole = length(spoken)
    if whole <= 0:  # words without length, as at the end of a window
        return 1.0 if intersection([(segment.start - 0.2, segment.end + 0.2)], speech) else 0.0
    return length(intersection(spoken, speech)) / whole


def _mean_probability(segment: Segment) -> float:
    if not segment.words:
        return 1.0 if segment.log_probability > UNSURE_BELOW else 0.0
    return sum(word.probability for word in segment.words) / len(segment.words)


def _columns(text: str) -> int:
    """Full-width characters are syllables, and count as two letters."""
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)


def _repeated(segments: Sequence[Segment]) -> dict[int, str]:
    """Segments that are part of a repetition, which may go through many of them."""
    places = [index for index, segment in enumerate(segments) for _ in segment.words]
    reasons = {}
    for repetition in repetitions.find([word.text for segment in segments for word in segment.words]):
        for index in range(places[repetition.start], places[repetition.end - 1] + 1):
            reasons[index] = _reason(repetition)
    return reasons


def _reason(repetition: repetitions.Repetition) -> str:
    return f"the same words {repetition.times} times in a row"


def _dropped(segment: Segment, reason: str) -> DroppedText:
    return DroppedText(segment.start, segment.end, segment.text, reason)
