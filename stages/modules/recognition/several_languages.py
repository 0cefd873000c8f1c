"""Several languages in one audio: each part of the speech is recognised in its own, where the model can.

All is recognised in the main language first, as if it were the only one, and the model tells in passing which language
it hears in each window. Where that is the main one everywhere, nothing more happens. Else the windows in question are
looked at in shorter stretches, and only what lies around speech in another language is recognised once more.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import languages

from recognition import language_regions
from recognition.intervals import Interval, intersection, length, merged
from recognition.language_regions import LanguageRegion, SpeechStretch
from recognition.stepped_recogniser import SteppedRecogniser
from recognition.two_pass import RecognisedSpeech, SpeechActivity
from recognition.whisper import Recogniser
from recognition.windows import Window

LEAST_OF_OTHERS = 10.0  # seconds of speech in a language that wasn't named, of which a note tells
SMALLEST_SHARE = 0.05  # of all speech
LESS_SURE = 0.05  # by so much the words of a part may be less probable in its own language than in the main one

# Recognises some of the speech in a language (a Whisper code), in both passes.
RecogniseIn = Callable[[SpeechActivity, str], RecognisedSpeech]


@dataclass(frozen=True)
class MultilingualSpeech:
    """The text, and the share of each language in the speech, the largest first; one or none: all is in one."""

    result: RecognisedSpeech
    shares: dict[str, float]


def recognise(
    activity: SpeechActivity, stepped: SteppedRecogniser, first: RecognisedSpeech, recognise_in: RecogniseIn
) -> MultilingualSpeech:
    """What was recognised in one language (``first``), with the parts in other languages in their own."""
    recogniser = stepped.recogniser
    main = recogniser.language or ""
    parts = find_regions(activity, stepped, main)
    if len({part.language for part in parts}) < 2:
        return MultilingualSpeech(first, {})
    again = _spans_around(recogniser.windows, parts, main)
    times = {
        language: intersection(again, language_regions.times_of(parts, language))
        for language in sorted({part.language for part in parts})
    }
    results = {
        language: recognise_in(replace(activity, speech=intersection(activity.speech, own)), language)
        for language, own in times.items()
    }
    kept = [each for each in results if each == main or _is_as_sure(results[each], _inside(first, times[each]))]
    if kept == [main]:
        return MultilingualSpeech(first, {})
    redone = merged(interval for language in kept for interval in times[language])
    pieces = [_labelled(_outside(first, redone), main), *(_labelled(results[each], each) for each in kept)]
    parts = [part if part.language in kept else replace(part, language=main) for part in parts]
    return MultilingualSpeech(_together(pieces), language_regions.shares(parts))


def find_regions(activity: SpeechActivity, stepped: SteppedRecogniser, main: str) -> list[LanguageRegion]:
    """Where which language is spoken. Takes the time of an encoding for each stretch that has to be looked at."""
    heard = _heard(activity, stepped.recogniser)
    others = language_regions.suspected(heard, main)
    if not others:
        return []
    stretches: list[SpeechStretch] = []
    for window, whole, is_doubtful in zip(
        stepped.recogniser.windows, heard, language_regions.worth_a_look(heard, others), strict=True
    ):
        if not is_doubtful:
            stretches.append(whole)
            continue
        speech = intersection(activity.speech, list(window.pieces))
        short = activity.cut_windows(speech, language_regions.LONGEST_STRETCH)
        listened = stepped.languages_in(short)
        stretches += [_stretch(each, activity, found) for each, found in zip(short, listened, strict=True)]
    # Stretches overlap where there is no pause, so their seconds are more than the speech has.
    return [
        replace(part, speech=length(intersection(activity.speech, [(part.start, part.end)])))
        for part in language_regions.regions(stretches, main, others)
    ]


NAMED = ", which was named; without -s, each part is recognised in its own language"


def notes_on_others(activity: SpeechActivity, recogniser: Recogniser, why: str = NAMED) -> tuple[str, ...]:
    """A note where so much of the speech is in another language than it was recognised in that it should be known.

    It is judged by the windows that were listened to. ``why`` it was, and what helps: the end of the note.
    """
    named, heard = recogniser.language or "", _heard(activity, recogniser)
    seconds = language_regions.weighted_seconds(heard, named)
    whole = sum(stretch.speech for stretch in heard)
    return tuple(
        f"about {own / whole:.0%} of the speech sounds like {languages.shown(language)}, and was recognised as "
        f"{languages.shown(named)}{why}"
        for language, own in seconds.items()
        if own >= LEAST_OF_OTHERS and own >= SMALLEST_SHARE * whole
    )


def probability_of(language: str, recogniser: Recogniser) -> float:
    """How probable a language is where it is spoken: the mean of the windows in which it is the likeliest one."""
    if language == recogniser.language:
        return recogniser.language_probability
    found = [each[language] for each in recogniser.heard.values() if language == max(each, key=lambda name: each[name])]
    return sum(found) / len(found) if found else 0.0


def _heard(activity: SpeechActivity, recogniser: Recogniser) -> list[SpeechStretch]:
    return [_stretch(window, activity, recogniser.heard[window]) for window in recogniser.windows]


def _stretch(window: Window, activity: SpeechActivity, probabilities: Mapping[str, float]) -> SpeechStretch:
    speech = length(intersection(activity.speech, list(window.pieces)))
    return SpeechStretch(window.start, window.end, speech, probabilities)


def _spans_around(windows: Sequence[Window], parts: Sequence[LanguageRegion], main: str) -> list[Interval]:
    """The times of the windows that have speech in another language, with those that go on without a pause."""
    others = [(part.start, part.end) for part in parts if part.language != main]
    mixed = [bool(intersection([(window.start, window.end)], others)) for window in windows]
    for index in range(1, len(windows)):
        if windows[index].seam is not None and mixed[index - 1]:
            mixed[index] = True
    for index in range(len(windows) - 1, 0, -1):
        if windows[index].seam is not None and mixed[index]:
            mixed[index - 1] = True
    return merged((window.start, window.end) for window, is_mixed in zip(windows, mixed, strict=True) if is_mixed)


def _is_as_sure(own: RecognisedSpeech, before: RecognisedSpeech) -> bool:
    """Whether a part has words in its own language, and the model is as sure of them as of those it had before."""
    return bool(own.segments) and _mean_probability(own) >= _mean_probability(before) - LESS_SURE


def _mean_probability(speech: RecognisedSpeech) -> float:
    words = [word.probability for segment in speech.segments for word in segment.words]
    return sum(words) / len(words) if words else 0.0


def _inside(speech: RecognisedSpeech, times: list[Interval]) -> RecognisedSpeech:
    return _selected(speech, lambda middle: bool(intersection([(middle, middle + 0.001)], times)))


def _outside(speech: RecognisedSpeech, times: list[Interval]) -> RecognisedSpeech:
    return _selected(speech, lambda middle: not intersection([(middle, middle + 0.001)], times))


def _selected(speech: RecognisedSpeech, is_wanted: Callable[[float], bool]) -> RecognisedSpeech:
    dropped = [each for each in speech.dropped if is_wanted((each.start + each.end) / 2)]
    return RecognisedSpeech([each for each in speech.segments if is_wanted(each.middle)], dropped)


def _labelled(speech: RecognisedSpeech, language: str) -> RecognisedSpeech:
    return replace(speech, segments=[replace(segment, language=language) for segment in speech.segments])


def _together(pieces: Sequence[RecognisedSpeech]) -> RecognisedSpeech:
    segments = [segment for piece in pieces for segment in piece.segments]
    dropped = [each for piece in pieces for each in piece.dropped]
    return RecognisedSpeech(
        sorted(segments, key=lambda each: (each.start, each.end)), sorted(dropped, key=lambda each: each.start)
    )
