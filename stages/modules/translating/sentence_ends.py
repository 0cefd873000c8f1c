"""Whether a sentence ends between two words, which come without tags and white space."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from subtitling.function_words import function_words_of
from subtitling.typography import CLAUSE_ENDS, CLOSERS, OPENERS, without_closers

from translating import abbreviations
from translating.writing_systems import SENTENCE_ENDS, UNAMBIGUOUS_ENDS, first_letter

DOTTED = re.compile(r"(?:[^\W\d_]\.)+[^\W\d_]")  # U.S, z.B, without the final stop
ELLIPSES = ("…", "...")
DASHES = ("-", "‐", "–", "—", "―", "⸺")  # at the end of a cue: somebody is interrupted
FULL_STOPS = tuple(".。．｡।॥።։။۔᙮꓿\u17d4")
OWN_MARKS = {"el": ";\u037e"}  # the Greek question mark looks like a semicolon
# Words that are written with a capital in the midst of a sentence, too.
CAPITALISED = {
    "en": frozenset(["i", "i'm", "i've", "i'll", "i'd", "i’m", "i’ve", "i’ll", "i’d"]),
    "de": frozenset(["sie", "ihr", "ihre", "ihren", "ihrem", "ihrer", "ihres", "ihnen"]),
}
FEWEST_STOPS = 0.1  # share of the cues; with fewer full stops, the author writes none
LAST_DAY = 31  # most ordinals in digits are days of a month


@dataclass(frozen=True)
class SentenceRules:
    """Rules for one text."""

    language: str
    abbreviations: frozenset[str]
    marks: tuple[str, ...]  # that end a sentence
    cased: bool  # it has capitals and small letters, so that a small letter tells that a sentence goes on
    caseless: bool  # its script has no capitals
    has_stops: bool  # its author writes full stops


def rules_for(language: str, words: Sequence[str], cue_ends: Sequence[str] = ()) -> SentenceRules:
    """The rules for all words of a text. ``cue_ends``: the last word of each cue, where its author made the cues."""
    letters = [letter for word in words if (letter := first_letter(word)).isalpha()]
    capitals, small = sum(map(str.isupper, letters)), sum(map(str.islower, letters))
    stops = sum(without_closers(word).endswith(FULL_STOPS) for word in cue_ends)
    base = language.split("-", maxsplit=1)[0].lower()
    return SentenceRules(
        base,
        abbreviations.of_language(language),
        (*SENTENCE_ENDS, *OWN_MARKS.get(base, "")),
        cased=min(capitals, small) * 50 > len(letters),
        caseless=(capitals + small) * 2 < len(letters),
        has_stops=stops >= FEWEST_STOPS * len(cue_ends),
    )


def has_end(word: str, rules: SentenceRules) -> bool:
    """Whether the word ends with a mark that may end a sentence."""
    return without_closers(word).endswith(rules.marks)


def ends_sentence(word: str, following: str, rules: SentenceRules) -> bool:
    """Whether a sentence ends between two words."""
    bare = without_closers(word)
    if not bare.endswith(rules.marks):
        return False
    if bare[-1] in UNAMBIGUOUS_ENDS:
        return True
    if _goes_on(following, rules) or following.lstrip(OPENERS).startswith(ELLIPSES):
        return False
    if not _has_one_stop(bare):
        return True
    word = _without_stop(bare)
    if word.lower() in abbreviations.SOMETIMES_AT_END:
        return not rules.cased or first_letter(following).isupper()
    return not (_is_abbreviation(word, rules) or _belongs_to_number(word, following, rules))


def ends_with_cue(word: str, following: str, rules: SentenceRules) -> bool:
    """Whether a sentence ends with an existing cue; the words are the last one and the first of the next cue.

    Its author has ended most cues where a sentence ends. So an abbreviation may end a sentence here, and only a text
    with a small letter after it goes on.
    """
    bare = without_closers(word)
    if not bare.endswith(rules.marks):
        return not _goes_on(following, rules) and _begins_anew(bare, following, rules)
    if bare.endswith(ELLIPSES):
        return not (_goes_on(following, rules) or following.lstrip(OPENERS).startswith(ELLIPSES))
    if not _has_one_stop(bare):
        return True
    word = _without_stop(bare)
    if _belongs_to_number(word, following, rules):
        return False
    if not _is_abbreviation(word, rules) and word.lower() not in abbreviations.SOMETIMES_AT_END:
        return True
    return not _goes_on(following, rules) and not abbreviations.needs_more(word, rules.language)


def _goes_on(following: str, rules: SentenceRules) -> bool:
    return rules.cased and first_letter(following).islower()


def _has_one_stop(bare: str) -> bool:
    return bare[-1] == "." and not bare.endswith("..")


def _without_stop(bare: str) -> str:
    return bare[:-1].lstrip("\"'“‘„«([{¿¡-–—")


def _is_abbreviation(word: str, rules: SentenceRules) -> bool:
    if word.lower() in rules.abbreviations or DOTTED.fullmatch(word):
        return True
    return len(word) == 1 and word.isupper() and not (rules.language == "en" and word == "I")


def _belongs_to_number(word: str, following: str, rules: SentenceRules) -> bool:
    """``No.`` before a number, or a number that is an ordinal."""
    if word.lower() in abbreviations.BEFORE_NUMBERS and following[:1].isdigit():
        return True
    return word.isdecimal() and int(word) <= LAST_DAY and rules.language in abbreviations.ORDINALS


def _begins_anew(bare: str, following: str, rules: SentenceRules) -> bool:
    """Whether the next cue begins a sentence although this one ends without a mark."""
    if not (rules.cased or rules.caseless):
        return False
    if bare.endswith(DASHES):
        return True
    word = following.strip(OPENERS + CLOSERS + SENTENCE_ENDS + "".join(CLAUSE_ENDS))
    small = word.lower()
    if bare.endswith(CLAUSE_ENDS) or small in CAPITALISED.get(rules.language, ()):
        return False
    if not rules.has_stops:
        return True
    listed = function_words_of(rules.language)
    is_opener = small in listed.bound_to_next | listed.prepositions | listed.clause_openers
    return is_opener and word[:1].isupper() and (len(word) == 1 or not word.isupper())
