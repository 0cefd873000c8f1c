"""Whether a sentence ends between two words."""

import re
from dataclasses import dataclass

from subtitling.cues import CLOSERS

from translating import abbreviations
from translating.writing_systems import ALWAYS_AN_END, ENDS, first_letter

DOTTED = re.compile(r"(?:[^\W\d_]\.)+[^\W\d_]")  # U.S, z.B, without the last stop

LAST_DAY = 31  # the ordinals that are mostly written in digits are days


@dataclass(frozen=True)
class Rules:
    """Of one text: a subtitle in small letters alone tells nothing by them."""

    language: str
    abbreviations: frozenset[str]
    cased: bool


def rules(language: str, words: list[str]) -> Rules:
    capitals = sum(first_letter(word).isupper() for word in words)
    return Rules(language.split("-", maxsplit=1)[0], abbreviations.known(language), capitals * 50 > len(words))


def has_end(word: str) -> bool:
    return word.rstrip(CLOSERS).endswith(tuple(ENDS))


def ends_sentence(word: str, following: str, rules: Rules) -> bool:
    """Both without white space."""
    bare = word.rstrip(CLOSERS)
    if not bare.endswith(tuple(ENDS)):
        return False
    if bare[-1] in ALWAYS_AN_END:
        return True
    goes_on = rules.cased and first_letter(following).islower()
    if goes_on or following.startswith(("…", "...")):
        return False
    if bare[-1] != "." or bare.endswith(".."):
        return True
    return not _is_abbreviation(bare[:-1].lstrip("\"'“‘„«([{¿¡-–—"), following, rules)


def _is_abbreviation(word: str, following: str, rules: Rules) -> bool:
    small = word.lower()
    if small in abbreviations.MAYBE:
        return rules.cased and not first_letter(following).isupper()
    if small in rules.abbreviations or DOTTED.fullmatch(word):
        return True
    if small in abbreviations.BEFORE_A_NUMBER and following[:1].isdigit():
        return True
    if word.isdigit():
        return int(word) <= LAST_DAY and rules.language in abbreviations.ORDINALS
    return len(word) == 1 and word.isupper() and not (rules.language == "en" and word == "I")
