"""The way from speech to text that can be trusted: recognised, judged, and where that fails recognised once more."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from recognition import repetitions, windows
from recognition.coverage import uncovered
from recognition.hallucinations import NO_SPEECH, SURE, doubts
from recognition.intervals import Interval, common, merged, touched, widened
from recognition.segments import Dropped, Segment, of_words, parted
from recognition.window_merge import joined
from recognition.windows import Window

SCRAP = 0.1  # seconds, below which nothing can be recognised
APART = 2.0  # seconds between words, from which they aren't one segment's
SHORTER = 12.0  # seconds in a window the second time: other cuts, and less to lose


@dataclass(frozen=True)
class Holes:
    """Speech without words that is worth another try."""

    shortest: float  # seconds
    within: float  # seconds, up to which pauses don't part it


HOLES = Holes(0.8, 0.0)
# A translation has fewer words, in another order: a second without any needn't lack one. Asked about it alone, Whisper
# writes anything.
LOOSE = Holes(3.0, 1.0)

Hear = Callable[[Sequence[Window], bool], list[list[Segment]]]  # by window; True for the second, more careful time


@dataclass(frozen=True)
class Heard:
    segments: list[Segment]
    dropped: list[Dropped]

    @property
    def speechless(self) -> list[Interval]:
        """What only seemed to be speech."""
        return merged((each.start, each.end) for each in self.dropped if each.reason == NO_SPEECH)


@dataclass(frozen=True)
class Sound:
    """What is known of an audio before it is recognised."""

    speech: list[Interval]
    probabilities: Sequence[float]  # of speech, by frame (``speech.FRAME``)
    duration: float

    def cut(self, speech: list[Interval], *longest: float) -> list[Window]:
        return windows.cut(speech, self.probabilities, self.duration, *longest)


def listen(sound: Sound, hear: Hear, holes: Holes = HOLES) -> Heard:
    """``hear`` recognises windows."""
    return completed(_round(sound.cut(sound.speech), hear, False), sound, hear, holes)


def completed(first: list[Segment], sound: Sound, hear: Hear, holes: Holes = HOLES) -> Heard:
    """What was recognised once, judged; what is missing or isn't believed, recognised again."""
    speech = sound.speech
    kept, doubted = judged([part for segment in first for part in parted(segment, APART)], speech)
    again = _holes(kept, doubted, speech, holes)
    if not again:
        return Heard(kept, doubted)
    second = _round(sound.cut(again, SHORTER), hear, True)
    parts = [part for each in second for part in parted(each, APART)]
    second, surplus = unrolled(_limited(parts, merged(again, holes.within)))
    found, rejected = judged(second, speech)
    segments = sorted([*kept, *found], key=lambda segment: (segment.start, segment.end))
    return Heard(segments, _once([*doubted, *surplus, *rejected]))


def judged(segments: list[Segment], speech: list[Interval]) -> tuple[list[Segment], list[Dropped]]:
    """What is believed, and what isn't."""
    reasons = doubts(segments, speech)
    kept = [segment for index, segment in enumerate(segments) if index not in reasons]
    return kept, [_dropped(segments[index], reason) for index, reason in sorted(reasons.items())]


def unrolled(segments: list[Segment]) -> tuple[list[Segment], list[Dropped]]:
    """Loops with their first turn left, where the recogniser is sure of it, and the rest of them."""
    words = [word for segment in segments for word in segment.words]
    surplus: dict[int, str] = {}
    for loop in repetitions.found([word.text for word in words]):
        turn = words[loop.start : loop.again]
        first = loop.again if sum(word.probability for word in turn) >= SURE * len(turn) else loop.start
        surplus |= dict.fromkeys(range(first, loop.end), f"the same words {loop.times} times in a row")
    kept: list[Segment] = []
    dropped: list[Dropped] = []
    place = 0
    for segment in segments:
        places = range(place, place + len(segment.words))
        place = places.stop
        left = [words[at] for at in places if at not in surplus]
        over = [at for at in places if at in surplus]
        kept += [of_words(segment, left) if over else segment] if left or not over else []
        dropped += [_dropped(of_words(segment, [words[at] for at in over]), surplus[over[0]])] if over else []
    return kept, dropped


def _round(cut: list[Window], hear: Hear, careful: bool) -> list[Segment]:
    """All windows heard, and made one text in order."""
    text: list[Segment] = []
    before: list[Segment] = []
    for window, segments in zip(cut, hear(cut, careful) if cut else [], strict=True):
        now = list(segments)
        if window.seam is not None:
            text = text[: len(text) - len(before)]
            now = joined(before, now, window.seam)
        text += now
        before = now
    return sorted(text, key=lambda segment: segment.start)


def _holes(kept: list[Segment], doubted: list[Dropped], speech: list[Interval], holes: Holes) -> list[Interval]:
    """Speech to recognise again: where words are missing, and where those that were there aren't believed."""
    missing = uncovered(kept, speech, SCRAP)
    suspicious = widened(((each.start, each.end) for each in doubted), 0.1)
    long = [each for each in merged(missing, holes.within) if each[1] - each[0] >= holes.shortest]
    return touched(missing, merged([*long, *suspicious]))


def _limited(segments: list[Segment], ranges: list[Interval]) -> list[Segment]:
    """Only words in what was asked for: the audio around it was heard before."""
    wide = widened(ranges, 0.1)
    kept = []
    for segment in segments:
        words = [word for word in segment.words if common([(word.middle, word.middle + 0.001)], wide)]
        if words:
            kept.append(of_words(segment, words))
        elif not segment.words and common([(segment.start, segment.end)], wide):
            kept.append(segment)
    return kept


def _dropped(segment: Segment, reason: str) -> Dropped:
    return Dropped(segment.start, segment.end, segment.text, reason)


def _once(dropped: list[Dropped]) -> list[Dropped]:
    """In order, without those that were recognised alike twice; the second judgement counts."""
    last = {(each.text, round(each.start)): each for each in dropped}
    return sorted(last.values(), key=lambda each: each.start)
