"""Terms and numbers that must be in a translation: found, hidden behind marks that an engine leaves alone, put back."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from translating.writing_systems import UNSPACED, clean

NUMBER = re.compile(r"\d+(?:[.,:/’']\d+|[\u00a0\u202f ]\d{3}(?!\d))*")
GROUPED = re.compile(r"(?<=\d)[.,\u00a0\u202f’' ](?=\d{3}(?!\d))")
PLAIN, INLINE = "", "="  # ways: nothing hidden; each term's translation put in the place of the term


class Term(NamedTuple):
    term: str
    translation: str


class Found(NamedTuple):
    """A term's place in a text, and what must stand for it in the translation."""

    start: int
    end: int
    wanted: str


@dataclass(frozen=True)
class Hidden:
    """A text as an engine gets it, and what each mark in it stands for."""

    text: str
    marks: Mapping[str, str]


class NotAGlossary(Exception):
    """The reason, as a sentence."""


def glossary(entries: Any) -> list[Term]:
    """``[{term, translation}, …]``; without a translation a term stays as it is. The longest first."""
    if not isinstance(entries, list):
        raise NotAGlossary("the glossary must be a list of entries with 'term' and 'translation'")
    terms = []
    for number, entry in enumerate(entries, 1):
        term = entry.get("term") if isinstance(entry, dict) else None
        translation = (entry.get("translation") or term) if isinstance(entry, dict) else None
        if not isinstance(term, str) or not isinstance(translation, str) or not clean(term):
            raise NotAGlossary(f"entry {number} of the glossary has no 'term', or one that isn't text: {entry!r:.80}")
        terms.append(Term(clean(term), clean(translation)))
    return sorted(terms, key=lambda each: -len(each.term))


def find(text: str, terms: Iterable[Term], any_case: bool = False) -> list[Found]:
    """Each place of a term, none in another's. A term with a capital is found as it is written, unless ``any_case``."""
    found: list[Found] = []
    for term, translation in terms:
        flags = re.IGNORECASE if any_case or term.islower() else 0
        for match in re.finditer(_bounded(term), text, flags):
            if all(match.end() <= other.start or other.end <= match.start() for other in found):
                found.append(Found(match.start(), match.end(), translation))
    return sorted(found)


def numbers(text: str) -> list[Found]:
    """Those of two digits or more: smaller ones may become words."""
    return [Found(match.start(), match.end(), match[0]) for match in NUMBER.finditer(text) if len(match[0]) > 1]


def apart(found: Sequence[Found], others: Sequence[Found]) -> list[Found]:
    """Both, without what of the others stands in one of the first."""
    free = [each for each in others if all(each.end <= one.start or one.end <= each.start for one in found)]
    return sorted([*found, *free])


def hide(text: str, found: Sequence[Found], way: str) -> Hidden:
    """``way`` is PLAIN, INLINE, or a pattern of marks in which ``{}`` is a letter."""
    if way == PLAIN:
        return Hidden(text, {})
    parts: list[str] = []
    marks: dict[str, str] = {}
    at = 0
    for number, each in enumerate(found):
        mark = each.wanted if way == INLINE else way.format(_letters(number))
        marks |= {} if way == INLINE else {mark: each.wanted}
        parts += [text[at : each.start], mark]
        at = each.end
    return Hidden("".join([*parts, text[at:]]), marks)


def reveal(translated: str, hidden: Hidden) -> str:
    """The translation with what the marks stand for, however the engine has written them."""
    for mark, wanted in hidden.marks.items():
        spelled = r"\s?".join(map(re.escape, mark))
        pattern = rf"(?<![^\W_])(?:{spelled})(?![^\W_])"
        translated = wanted.join(re.split(pattern, translated, flags=re.IGNORECASE))
    return translated


def missing(translated: str, found: Sequence[Found]) -> list[str]:
    """What should be in a translation and isn't, or not as often."""
    lost = []
    for wanted, times in Counter(each.wanted for each in found).items():
        there = _count_of_number(translated, wanted) if NUMBER.fullmatch(wanted) else _count(translated, wanted)
        if there < times:
            lost.append(wanted)
    return lost


def _count(text: str, wanted: str) -> int:
    return len(re.findall(_bounded(wanted), text, re.IGNORECASE))


def _count_of_number(text: str, wanted: str) -> int:
    """However its digits and their groups are written."""
    return [_value(match[0]) for match in NUMBER.finditer(text)].count(_value(wanted))


def _value(number: str) -> tuple[str, ...]:
    digits = "".join(str(unicodedata.digit(each)) if each.isdigit() else each for each in number)
    return tuple(re.findall(r"\d+", GROUPED.sub("", digits)))


def _bounded(term: str) -> str:
    """A term that begins or ends with a letter isn't found within a word, in scripts that part words."""
    before = r"(?<!\w)" if term[0].isalnum() and not UNSPACED.match(term[0]) else ""
    after = r"(?!\w)" if term[-1].isalnum() and not UNSPACED.match(term[-1]) else ""
    return before + re.escape(term).replace(r"\ ", r"\s+") + after


def _letters(number: int) -> str:
    """a to z, then ba, bb: digits would be translated."""
    shown = chr(ord("a") + number % 26)
    return shown if number < 26 else _letters(number // 26) + shown
