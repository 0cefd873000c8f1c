"""How likely bytes are text in a code page for Latin letters, judged by the letters and words of its languages."""

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from subtitling.latin_languages import LANGUAGES, LatinLanguage

MARKUP = re.compile(rb"<[^<>]*>|\{[^{}]*\}")
WORD = re.compile(r"(?<!\w)[a-z]+(?!\w)")
SIGN = re.compile(r"[^\x00-\x7f]")
PUNCTUATION = frozenset("’‘“”„‚…–—«»‹›°€£©®™½·•♪ªº\xa0")
INSIDE_WORDS = frozenset("’‘·–—…\xa0")
NEVER_BEFORE_LETTERS = frozenset("®™½°")
OF_OLD_SYSTEMS = ("mac_roman", "cp850", "cp852")  # of the Macintosh before 2001, and of DOS
# Logarithms of likelihoods, for each character that isn't ASCII.
KNOWN = math.log(0.05)
PUNCTUATED = math.log(0.05)
FOREIGN = math.log(0.001)  # a letter that the language doesn't have, or a sign that nobody writes
USUAL_WORD = math.log(2.5)  # for each usual word of the language
MOST_WORDS = 12
LESS_USUAL = math.log(0.9)  # for each code page that is more usual
HARDLY_USED = math.log(0.01)
WORST = -5.0  # a mean for each character below this reads like no language

Contexts = Mapping[tuple[str, str, str], int]  # a character between two others, and how often


class LikelyText(NamedTuple):
    """The text, its encoding, and a share of likelihood among all different texts that the bytes can be."""

    text: str
    encoding: str
    confidence: float


class _Reading(NamedTuple):
    encoding: str
    likelihood: float  # a logarithm
    of_letters: float  # the part of it that isn't due to words, for each character


def has_latin_words(data: bytes) -> bool:
    """Whether so many letters of a text are a to z as in languages in Latin letters."""
    bare = MARKUP.sub(b"", data)
    return 1.5 * len(re.findall(rb"[A-Za-z]", bare)) > len(re.findall(rb"[\x80-\xff]", bare))


def likely(data: bytes, names: Sequence[str], language: str = "") -> LikelyText | None:
    """The likeliest reading. ``language``: a code if it is known. ``None`` if no reading is like text."""
    chosen = [each for each in LANGUAGES if each.code == language] or LANGUAGES
    readings: dict[str, _Reading] = {}
    for rank, name in enumerate(names):
        try:
            text = data.decode(name)
        except UnicodeDecodeError:
            continue
        if text not in readings:  # another name for the same text makes it no likelier
            readings[text] = _reading(text, name, rank, chosen)
    if not readings:
        return None
    text, best = max(readings.items(), key=lambda item: item[1].likelihood)
    if best.of_letters < WORST:
        return None
    shares = [math.exp(each.likelihood - best.likelihood) for each in readings.values()]
    return LikelyText(text, best.encoding, 1 / sum(shares))


def _reading(text: str, name: str, rank: int, languages: Sequence[LatinLanguage]) -> _Reading:
    contexts = _contexts(text)
    words = Counter(WORD.findall(text.lower()))
    letters, whole = max(
        ((letters := _of_letters(contexts, each), letters + _of_words(words, each)) for each in languages),
        key=lambda both: both[1],
    )
    prior = rank * LESS_USUAL + (HARDLY_USED if name in OF_OLD_SYSTEMS else 0.0)
    return _Reading(name, whole + prior, letters / max(1, sum(contexts.values())))


def _contexts(text: str) -> Contexts:
    padded = f" {text} "
    places = (found.start() for found in SIGN.finditer(padded))
    return Counter((padded[at - 1], padded[at], padded[at + 1]) for at in places)


def _of_letters(contexts: Contexts, language: LatinLanguage) -> float:
    total = 0.0
    for (before, character, after), count in contexts.items():
        if character in language.letters:
            total += count * (FOREIGN if _is_odd(before, character, after) else KNOWN)
        else:
            total += count * (PUNCTUATED if _is_punctuation(before, character, after) else FOREIGN)
    return total


def _is_punctuation(before: str, character: str, after: str) -> bool:
    if character in NEVER_BEFORE_LETTERS:
        return not after.isalpha()
    return character in INSIDE_WORDS or (character in PUNCTUATION and not (before.isalpha() and after.isalpha()))


def _is_odd(before: str, character: str, after: str) -> bool:
    """A capital inside a word in small letters, or a mark of a sentence's start inside a word."""
    if character in "¿¡":
        return before.isalpha()
    return character.isupper() and (before.islower() or (before.isalpha() and after.islower()))


def _of_words(words: Mapping[str, int], language: LatinLanguage) -> float:
    return USUAL_WORD * min(MOST_WORDS, sum(words.get(word, 0) for word in language.words))
