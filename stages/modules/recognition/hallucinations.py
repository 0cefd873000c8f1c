"""Which recognised text isn't to be believed, and why."""

import unicodedata
from collections.abc import Sequence

from recognition import repetitions
from recognition.hallucinated_phrases import is_known
from recognition.intervals import Interval, common, length, merged
from recognition.segments import Segment

NO_SPEECH = "the recogniser itself found it unlikely that somebody speaks"
NOTHING_THERE = "nobody speaks there"
KNOWN = "a phrase that Whisper is known to invent, and it isn't sure of it"

FASTEST = 35.0  # columns per second; auctioneers reach 25
JUDGED_FROM = 15  # columns, of which a speed means something
SURE = 0.5  # probability of a word on average, from which a known phrase was said
NO_SPEECH_FROM, UNSURE_BELOW = 0.6, -1.0  # Whisper's own thresholds: probability, and mean log probability


def doubts(segments: Sequence[Segment], speech: list[Interval]) -> dict[int, str]:
    """Index of a segment to the reason. ``speech`` is what voice activity detection found, some of it per segment."""
    reasons = {index: reason for index, segment in enumerate(segments) if (reason := about(segment, speech))}
    return reasons | {index: reason for index, reason in _circles(segments).items() if index not in reasons}


def about(segment: Segment, speech: list[Interval]) -> str | None:
    """Why not to believe one segment, looked at by itself."""
    share = _share_in(segment, speech)
    if share < 0.1:
        return NOTHING_THERE
    if segment.no_speech > NO_SPEECH_FROM and segment.log_probability < UNSURE_BELOW:
        return NO_SPEECH
    if is_known(segment.text) and (share < 0.5 or _sureness(segment) < SURE or segment.no_speech > NO_SPEECH_FROM):
        return KNOWN
    speed = _columns(segment.text) / max(length(merged(segment.spoken)), 0.1)
    if _columns(segment.text) >= JUDGED_FROM and speed > FASTEST:
        return f"too fast to be spoken: {min(speed, 999):.0f} characters a second"
    return None


def _share_in(segment: Segment, speech: list[Interval]) -> float:
    spoken = merged(segment.spoken)
    whole = length(spoken)
    if whole <= 0:  # a word without width, as those at the end of a window are
        return 1.0 if common([(segment.start - 0.2, segment.end + 0.2)], speech) else 0.0
    return length(common(spoken, speech)) / whole


def _sureness(segment: Segment) -> float:
    if not segment.words:
        return 1.0 if segment.log_probability > UNSURE_BELOW else 0.0
    return sum(word.probability for word in segment.words) / len(segment.words)


def _columns(text: str) -> int:
    """Full-width characters are syllables, and count as two letters."""
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)


def _circles(segments: Sequence[Segment]) -> dict[int, str]:
    """Segments that are part of a loop, which may go through many of them."""
    places = [index for index, segment in enumerate(segments) for _ in segment.words]
    reasons = {}
    for loop in repetitions.found([word.text for segment in segments for word in segment.words]):
        for index in range(places[loop.start], places[loop.end - 1] + 1):
            reasons[index] = f"the same words {loop.times} times in a row"
    return reasons
