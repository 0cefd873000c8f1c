"""Whether a sentence ends between two words."""

import re
from dataclasses import dataclass

from subtitling.typography import CLOSERS

from translating import abbreviations
from translating.writing_systems import SENTENCE_ENDS, UNAMBIGUOUS_ENDS, first_letter

DOTTED = re.compile(r"(?:[^\W\d_]\.)+[^\W\d_]")  # U.S, z.B, without the final stop

LAST_DAY = 31  # most ordinals in digits are days of a month


@dataclass(frozen=True)
class SentenceRules:
    """Rules for one text. ``cased``: whether it has capitals, so that a small letter tells that a sentence goes on."""

    language: str
    abbreviations: frozenset[str]
    cased: bool


def rules_for(language: str, words: list[str]) -> SentenceRules:
    """The rules for all words of a text."""
    capitals = sum(first_letter(word).isupper() for word in words)
    return SentenceRules(
        language.split("-", maxsplit=1)[0], abbreviations.of_language(language), capitals * 50 > len(words)
    )


def has_end(word: str) -> bool:
    """Whether the word ends with a mark that may end a sentence."""
    return word.rstrip(CLOSERS).endswith(tuple(SENTENCE_ENDS))


def ends_sentence(word: str, following: str, rules: SentenceRules) -> bool:
    """Whether a sentence ends between two words, both without white space."""
    bare = word.rstrip(CLOSERS)
    if not bare.endswith(tuple(SENTENCE_ENDS)):
        return False
    if bare[-1] in UNAMBIGUOUS_ENDS:
        return True
    goes_on = rules.cased and first_letter(following).islower()
    if goes_on or following.startswith(("…", "...")):
        return False
    if bare[-1] != "." or bare.endswith(".."):
        return True
    return not _is_abbreviation(bare[:-1].lstrip("\"'“‘„«([{¿¡-–—"), following, rules)


def _is_abbreviation(word: str, following: str, rules: SentenceRules) -> bool:
    small = word.lower()
    if small in abbreviations.SOMETIMES_AT_END:
        return rules.cased and not first_letter(following).isupper()
    if small in rules.abbreviations or DOTTED.fullmatch(word):
        return True
    if small in abbreviations.BEFORE_NUMBERS and following[:1].isdigit():
        return True
    if word.isdigit():
        return int(word) <= LAST_DAY and rules.language in abbreviations.ORDINALS
    return len(word) == 1 and word.isupper() and not (rules.language == "en" and word == "I")
