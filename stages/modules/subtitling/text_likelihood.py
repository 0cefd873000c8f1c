"""How likely bytes are text in an encoding: by the letters and words of the languages that are written with it."""

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from subtitling.written_languages import LANGUAGES, WrittenLanguage

WORD = re.compile(r"\w+")
SIGN = re.compile(r"[^\x00-\x7f]")
PUNCTUATION = frozenset("’‘“”„‚…–—«»‹›°€£©®™½·•♪ªº¿¡،؟؛\xa0\u200e\u200f")
INSIDE_WORDS = frozenset("’‘·–—…\xa0")
NEVER_BEFORE_LETTERS = frozenset("®™½°")
OF_OLD_SYSTEMS = ("mac_roman", "cp850", "cp852", "cp866")  # of the Macintosh before 2001, and of DOS
FIRST_WIDE = "\u2e80"
SAMPLE = 40_000  # bytes that are judged
# Logarithms of likelihoods, for each character that isn't ASCII.
PUNCTUATED = math.log(0.05)
FOREIGN = math.log(0.001)  # a letter that the language doesn't have, or a sign that nobody writes
ACCENTS_TOUCH = math.log(0.2)  # two letters of a Latin alphabet beside each other that aren't a to z
USUAL_WORD = math.log(2.5)  # for each usual word of the language
MOST_WORDS = 12
LESS_USUAL = math.log(0.97)  # for each encoding that is more usual
HARDLY_USED = math.log(0.01)
WORST = -5.0  # a mean for each byte below this reads like no language

Contexts = Mapping[tuple[str, str, str], int]  # a character between two others, and how often


class LikelyText(NamedTuple):
    """The text, its encoding, and a share of likelihood among all different texts that the bytes can be."""

    text: str
    encoding: str
    confidence: float


class _Reading(NamedTuple):
    encoding: str
    likelihood: float  # a logarithm
    of_letters: float  # the part of it that isn't due to words, for each byte that isn't ASCII


def likely(data: bytes, names: Sequence[str], language: str = "") -> LikelyText | None:
    """The likeliest reading. ``language``: a code if it is known. ``None`` if no reading is like text."""
    chosen = [each for each in LANGUAGES if each.code == language] or LANGUAGES
    sample = data[: (data.rfind(b"\n", 0, SAMPLE) + 1 or SAMPLE) if len(data) > SAMPLE else None]  # the same for all
    signs = max(1, len(re.findall(rb"[\x80-\xff]", sample)))
    readings: dict[str, _Reading] = {}
    for rank, name in enumerate(names):
        try:
            text = data.decode(name)
        except UnicodeDecodeError:
            continue
        if text not in readings:  # another name for the same text makes it no likelier
            readings[text] = _reading(sample.decode(name, "ignore"), name, rank, chosen, signs)
    if not readings:
        return None
    text, best = max(readings.items(), key=lambda item: item[1].likelihood)
    if best.of_letters < WORST:
        return None
    shares = [math.exp(each.likelihood - best.likelihood) for each in readings.values()]
    return LikelyText(text, best.encoding, 1 / sum(shares))


def _reading(text: str, name: str, rank: int, languages: Sequence[WrittenLanguage], signs: int) -> _Reading:
    contexts = _contexts(text)
    words = Counter(WORD.findall(text.lower()))
    letters, whole = max(
        ((letters := _of_letters(contexts, each), letters + _of_words(words, each)) for each in languages),
        key=lambda both: both[1],
    )
    prior = rank * LESS_USUAL + (HARDLY_USED if name in OF_OLD_SYSTEMS else 0.0)
    return _Reading(name, whole + prior, letters / signs)


def _contexts(text: str) -> Contexts:
    padded = f" {text} "
    places = (found.start() for found in SIGN.finditer(padded))
    return Counter((padded[at - 1], padded[at], padded[at + 1]) for at in places)


def _of_letters(contexts: Contexts, language: WrittenLanguage) -> float:
    return sum(count * _share(*context, language) for context, count in contexts.items())


def _share(before: str, character: str, after: str, language: WrittenLanguage) -> float:
    share = language.share_of(character)
    if share is None:
        foreign = FOREIGN * (2 if character >= FIRST_WIDE else 1)  # such a character takes two bytes
        return PUNCTUATED if _is_punctuation(before, character, after) else foreign
    if _is_odd(before, character, after) or (not language.is_latin and _touches_latin(before, after, language)):
        return FOREIGN
    touch = language.is_latin and character.isalpha() and before.isalpha() and not before.isascii()
    return share + ACCENTS_TOUCH if touch else share


def _touches_latin(before: str, after: str, language: WrittenLanguage) -> bool:
    """Whether a letter of another script stands in a word with a to z."""
    return not language.touches_latin and any(each.isascii() and each.isalpha() for each in (before, after))


def _is_punctuation(before: str, character: str, after: str) -> bool:
    if character in NEVER_BEFORE_LETTERS:
        return not after.isalpha()
    if character in "¿¡":
        return not before.isalpha()
    return character in INSIDE_WORDS or (character in PUNCTUATION and not (before.isalpha() and after.isalpha()))


def _is_odd(before: str, character: str, after: str) -> bool:
    """A capital inside a word in small letters, or a mark of a sentence's start inside a word."""
    if character in "¿¡":
        return before.isalpha()
    return character.isupper() and (before.islower() or (before.isalpha() and after.islower()))


def _of_words(words: Mapping[str, int], language: WrittenLanguage) -> float:
    return USUAL_WORD * min(MOST_WORDS, sum(words.get(word, 0) for word in language.words))
