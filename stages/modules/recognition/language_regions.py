"""Where in an audio which language is spoken: from what a model hears in its windows, and in shorter stretches.

One short stretch doesn't change the language: a switch costs as much as about two stretches can say against it.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

from recognition.intervals import Interval
from recognition.language_evidence import is_another

Probabilities = Mapping[str, float]  # by Whisper code

LONGEST_STRETCH = 8.0  # seconds of audio; of less than a few, a model is often wrong
SUSPECTED = 0.2  # probability of another language in a window that is worth a closer look: its first words count most
LIKELY = 0.35  # probability of another language in a window that counts without a closer look
LEAST_SUSPECTED = 5.0  # seconds, weighted with the probability, in all windows together
LEAST_REGION = 8.0  # seconds of speech in another language that count
LEAST_MEAN = 0.6  # mean probability in a region, among the languages in question
SWITCH = 3.0  # cost of a change of language, as a logarithm of a probability
FLOOR = 0.02  # lowest probability, so that a single stretch never decides alone


@dataclass(frozen=True)
class SpeechStretch:
    """``start`` and ``end`` of some audio, how many seconds of speech it has, and the languages heard in it."""

    start: float
    end: float
    speech: float
    probabilities: Probabilities


@dataclass(frozen=True)
class LanguageRegion:
    """A time, in seconds, in which one language is spoken."""

    start: float
    end: float
    language: str
    speech: float  # seconds in it


def suspected(heard: Iterable[SpeechStretch], main: str) -> list[str]:
    """The languages beside the ``main`` one that may be spoken somewhere, by what is heard in whole windows."""
    seconds = weighted_seconds(heard, main, SUSPECTED)
    return sorted(language for language, own in seconds.items() if own >= LEAST_SUSPECTED)


def weighted_seconds(heard: Iterable[SpeechStretch], main: str, least: float = LIKELY) -> dict[str, float]:
    """The seconds of speech that are likely to be in each language but the ``main`` one and what sounds like it.

    A window in which a language has less than the ``least`` probability doesn't count for it.
    """
    seconds: dict[str, float] = {}
    for stretch in heard:
        for language, probability in stretch.probabilities.items():
            if probability >= least and is_another(language, main):
                seconds[language] = seconds.get(language, 0.0) + probability * stretch.speech
    return seconds


def worth_a_look(heard: Sequence[SpeechStretch], languages: Sequence[str]) -> list[bool]:
    """For each window whether it, or one beside it, may have one of the ``languages``."""
    doubtful = [any(each.probabilities.get(language, 0.0) >= SUSPECTED for language in languages) for each in heard]
    return [any(doubtful[max(index - 1, 0) : index + 2]) for index in range(len(doubtful))]


def regions(stretches: Sequence[SpeechStretch], main: str, others: Sequence[str]) -> list[LanguageRegion]:
    """All stretches in order as regions without gaps; one in another language is long and clear enough."""
    languages = [main, *others]
    found = _most_likely(stretches, languages)
    runs = [[index for index, _ in run] for _, run in groupby(enumerate(found), key=lambda each: each[1])]
    for run in runs:
        if found[run[0]] != main and not _is_clear([stretches[index] for index in run], found[run[0]], languages):
            for index in run:
                found[index] = main
    return _joined(stretches, found)


def shares(parts: Iterable[LanguageRegion]) -> dict[str, float]:
    """The share of each language in all speech, the largest first."""
    seconds: dict[str, float] = {}
    for part in parts:
        seconds[part.language] = seconds.get(part.language, 0.0) + part.speech
    whole = sum(seconds.values()) or 1.0
    return {language: own / whole for language, own in sorted(seconds.items(), key=lambda each: (-each[1], each[0]))}


def times_of(parts: Iterable[LanguageRegion], language: str) -> list[Interval]:
    return [(part.start, part.end) for part in parts if part.language == language]


def _most_likely(stretches: Sequence[SpeechStretch], languages: Sequence[str]) -> list[str]:
    """A language for each stretch, so that all are likely and few change (Viterbi)."""
    costs = dict.fromkeys(languages, 0.0)
    steps: list[dict[str, str]] = []
    for stretch in stretches:
        best = min(languages, key=lambda each: costs[each])
        step = {each: each if costs[each] <= costs[best] + SWITCH else best for each in languages}
        costs = {
            each: costs[step[each]] + (SWITCH if step[each] != each else 0.0) + _cost(stretch, each, languages)
            for each in languages
        }
        steps.append(step)
    language = min(languages, key=lambda each: costs[each])
    found: list[str] = []
    for step in reversed(steps):
        found.append(language)
        language = step[language]
    return found[::-1]


def _cost(stretch: SpeechStretch, language: str, languages: Sequence[str]) -> float:
    weight = min(stretch.speech / (LONGEST_STRETCH / 2), 1.0)
    return -weight * math.log(max(_among(stretch, language, languages), FLOOR))


def _among(stretch: SpeechStretch, language: str, languages: Sequence[str]) -> float:
    """The probability of a language if only some are possible."""
    whole = sum(stretch.probabilities.get(each, 0.0) for each in languages)
    return stretch.probabilities.get(language, 0.0) / whole if whole > FLOOR else 1 / len(languages)


def _is_clear(run: Sequence[SpeechStretch], language: str, languages: Sequence[str]) -> bool:
    speech = sum(each.speech for each in run)
    mean = sum(each.speech * _among(each, language, languages) for each in run) / max(speech, 0.001)
    return speech >= LEAST_REGION and mean >= LEAST_MEAN


def _joined(stretches: Sequence[SpeechStretch], found: Sequence[str]) -> list[LanguageRegion]:
    """Regions that change in the middle of the pause between two stretches."""
    middles = [(before.end + after.start) / 2 for before, after in pairwise(stretches)]
    edges = [0.0, *middles, math.inf]
    joined: list[LanguageRegion] = []
    for language, run in groupby(range(len(found)), key=lambda index: found[index]):
        own = list(run)
        speech = sum(stretches[index].speech for index in own)
        joined.append(LanguageRegion(edges[own[0]], edges[own[-1] + 1], language, speech))
    return joined
