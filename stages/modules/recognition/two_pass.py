"""Recognition in two passes: what the first pass leaves out, or can't be trusted in, is recognised once more."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from recognition import windows
from recognition.audio_end import within_audio
from recognition.coverage import uncovered_speech
from recognition.hallucinations import SILENCE, split_by_trust, without_repetitions
from recognition.intervals import Interval, intersection, merged, overlapping, widened
from recognition.segments import DroppedText, Segment, split_at_pauses, with_words
from recognition.window_merge import merge
from recognition.windows import Window, WindowLimits

SHORTEST_GAP = 0.1  # seconds; in less nothing can be recognised
SEGMENT_PAUSE = 2.0  # seconds between two words that part a segment
SECOND_PASS_WINDOW = 12.0  # seconds of audio in a window of the second pass: other cuts, and less to lose


@dataclass(frozen=True)
class GapLimits:
    """Which speech without words is recognised once more."""

    shortest: float  # seconds
    pause: float  # seconds; gaps with a shorter pause between them count as one


TRANSCRIPT_GAPS = GapLimits(0.8, 0.0)
# A translation has fewer words, in another order, so a second without any may lack none. From such a second alone,
# Whisper would make up text.
TRANSLATION_GAPS = GapLimits(3.0, 1.0)

# Recognises windows, and gives the segments of each. True for the second, more careful pass.
RecogniseWindows = Callable[[Sequence[Window], bool], list[list[Segment]]]


@dataclass(frozen=True)
class RecognisedSpeech:
    """The segments that can be trusted, in order of time, and the text that was dropped."""

    segments: list[Segment]
    dropped: list[DroppedText]

    @property
    def false_speech(self) -> list[Interval]:
        """Where something only seemed to be speech."""
        return merged((each.start, each.end) for each in self.dropped if each.reason == SILENCE)


@dataclass(frozen=True)
class SpeechActivity:
    """Where speech is in an audio, known before it is recognised."""

    speech: list[Interval]  # seconds
    probabilities: Sequence[float]  # of speech, for each frame of ``voice_activity.FRAME`` seconds
    duration: float  # seconds of the audio
    limits: WindowLimits = windows.NO_LIMITS  # of the recogniser

    def cut_windows(self, speech: list[Interval], longest: float = windows.LONGEST) -> list[Window]:
        """Windows for some of the speech, each of at most ``longest`` seconds, and within the recogniser's limits."""
        limits = replace(self.limits, longest=min(longest, self.limits.longest))
        return windows.cut(speech, self.probabilities, self.duration, limits)


def recognise(
    activity: SpeechActivity, recogniser: RecogniseWindows, limits: GapLimits = TRANSCRIPT_GAPS
) -> RecognisedSpeech:
    """Both passes."""
    first = _one_pass(activity.cut_windows(activity.speech), recogniser, False)
    return add_second_pass(first, activity, recogniser, limits)


def add_second_pass(
    first: list[Segment],
    activity: SpeechActivity,
    recogniser: RecogniseWindows,
    limits: GapLimits = TRANSCRIPT_GAPS,
) -> RecognisedSpeech:
    """Judge the segments of a first pass; recognise once more where words are missing or can't be trusted."""
    speech = activity.speech
    first, beyond = within_audio(first, activity.duration)
    trusted, doubtful = split_by_trust(_split_all(first), speech)
    again = _gaps(trusted, doubtful, speech, limits)
    if not again:
        return RecognisedSpeech(trusted, [*doubtful, *beyond])
    second = _one_pass(activity.cut_windows(again, SECOND_PASS_WINDOW), recogniser, True)
    second, beyond_again = within_audio(second, activity.duration)
    second, repeated = without_repetitions(_within_ranges(_split_all(second), merged(again, limits.pause)))
    added, rejected = split_by_trust(second, speech)
    segments = sorted([*trusted, *added], key=lambda segment: (segment.start, segment.end))
    return RecognisedSpeech(segments, _without_duplicates([*doubtful, *repeated, *rejected, *beyond, *beyond_again]))


def _split_all(segments: list[Segment]) -> list[Segment]:
    return [part for segment in segments for part in split_at_pauses(segment, SEGMENT_PAUSE)]


def _one_pass(cut: list[Window], recogniser: RecogniseWindows, careful: bool) -> list[Segment]:
    """All windows recognised, as one text in order."""
    text: list[Segment] = []
    before: list[Segment] = []
    for window, segments in zip(cut, recogniser(cut, careful) if cut else [], strict=True):
        now = list(segments)
        if window.seam is not None:
            text = text[: len(text) - len(before)]
            now = merge(before, now, window.seam)
        text += now
        before = now
    return sorted(text, key=lambda segment: segment.start)


def _gaps(
    trusted: list[Segment], doubtful: list[DroppedText], speech: list[Interval], limits: GapLimits
) -> list[Interval]:
    """Speech to recognise once more: without any words, or with words that can't be trusted."""
    missing = uncovered_speech(trusted, speech, SHORTEST_GAP)
    suspicious = widened(((each.start, each.end) for each in doubtful), 0.1)
    long = [each for each in merged(missing, limits.pause) if each[1] - each[0] >= limits.shortest]
    return overlapping(missing, merged([*long, *suspicious]))


def _within_ranges(segments: list[Segment], ranges: list[Interval]) -> list[Segment]:
    """Only the words in some ranges: the audio around them was recognised in the first pass."""
    wide = widened(ranges, 0.1)
    kept = []
    for segment in segments:
        words = [word for word in segment.words if intersection([(word.middle, word.middle + 0.001)], wide)]
        if words:
            kept.append(with_words(segment, words))
        elif not segment.words and intersection([(segment.start, segment.end)], wide):
            kept.append(segment)
    return kept


def _without_duplicates(dropped: list[DroppedText]) -> list[DroppedText]:
    """In order of time. Of the same text from both passes, the reason of the second counts."""
    last = {(each.text, round(each.start)): each for each in dropped}
    return sorted(last.values(), key=lambda each: each.start)
