"""Placeholders: terms and numbers are replaced by marks that an engine leaves alone, and put back afterwards."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from translating.glossary import GlossaryTerm
from translating.writing_systems import UNSPACED_LETTER

NUMBER = re.compile(r"\d+(?:[.,:/’']\d+|[\u00a0\u202f ]\d{3}(?!\d))*")
GROUPED = re.compile(r"(?<=\d)[.,\u00a0\u202f’' ](?=\d{3}(?!\d))")
# Names of accounts, hashtags, addresses: parts of the text that no engine may translate.
ADDRESS = re.compile(r"(?<![\w@#])[@#](?=\w*[^\W\d])\w+|https?://[^\s<>]*[\w/]|(?<!\w)[\w.+-]+@\w[\w-]*(?:\.\w[\w-]*)+")
UNMASKED, INLINE = "", "="  # ways: nothing masked; each term replaced by its translation


class ProtectedSpan(NamedTuple):
    """Where a term or number is in a text, and the text that the translation must have for it."""

    start: int
    end: int
    wanted: str


@dataclass(frozen=True)
class MaskedText:
    """A text for an engine, and the text that each mark in it stands for."""

    text: str
    marks: Mapping[str, str]


def find_terms(text: str, terms: Iterable[GlossaryTerm], any_case: bool = False) -> list[ProtectedSpan]:
    """All places of the terms, without overlaps. A term with a capital must have the same case, unless ``any_case``."""
    spans: list[ProtectedSpan] = []
    for term, translation in terms:
        flags = re.IGNORECASE if any_case or term.islower() else 0
        for match in re.finditer(_pattern(term), text, flags):
            if all(match.end() <= other.start or other.end <= match.start() for other in spans):
                spans.append(ProtectedSpan(match.start(), match.end(), translation))
    return sorted(spans)


def find_numbers(text: str) -> list[ProtectedSpan]:
    """The places of numbers with two digits or more: smaller ones may become words."""
    return [ProtectedSpan(match.start(), match.end(), match[0]) for match in NUMBER.finditer(text) if len(match[0]) > 1]


def find_fixed(text: str) -> list[ProtectedSpan]:
    """The places of what must stay as it is: numbers as in ``find_numbers``, handles such as ``@ann``, addresses."""
    addresses = [ProtectedSpan(match.start(), match.end(), match[0]) for match in ADDRESS.finditer(text)]
    return without_overlaps(addresses, find_numbers(text))


def without_overlaps(spans: Sequence[ProtectedSpan], others: Sequence[ProtectedSpan]) -> list[ProtectedSpan]:
    """All spans, without those of ``others`` that overlap one of the first."""
    free = [each for each in others if all(each.end <= one.start or one.end <= each.start for one in spans)]
    return sorted([*spans, *free])


def mask(text: str, spans: Sequence[ProtectedSpan], way: str) -> MaskedText:
    """``way`` is PLAIN, INLINE, or a pattern of marks in which ``{}`` is a letter."""
    if way == UNMASKED:
        return MaskedText(text, {})
    parts: list[str] = []
    marks: dict[str, str] = {}
    at = 0
    for number, each in enumerate(spans):
        mark = each.wanted if way == INLINE else way.format(_letters(number))
        marks |= {} if way == INLINE else {mark: each.wanted}
        parts += [text[at : each.start], mark]
        at = each.end
    return MaskedText("".join([*parts, text[at:]]), marks)


def unmask(translated: str, hidden: MaskedText) -> str:
    """The translation with the text for each mark, however the engine has spaced and capitalised the mark."""
    for mark, wanted in hidden.marks.items():
        spelled = r"\s?".join(map(re.escape, mark))
        pattern = rf"(?<![^\W_])(?:{spelled})(?![^\W_])"
        translated = wanted.join(re.split(pattern, translated, flags=re.IGNORECASE))
    return translated


def missing(translated: str, spans: Sequence[ProtectedSpan]) -> list[str]:
    """The texts that should be in a translation and aren't, or not as often."""
    lost = []
    for wanted, times in Counter(each.wanted for each in spans).items():
        there = _count_of_number(translated, wanted) if NUMBER.fullmatch(wanted) else _count(translated, wanted)
        if there < times:
            lost.append(wanted)
    return lost


def _count(text: str, wanted: str) -> int:
    return len(re.findall(_pattern(wanted), text, re.IGNORECASE))


def _count_of_number(text: str, wanted: str) -> int:
    """In any digits, with any separator of groups."""
    return [_digits(match[0]) for match in NUMBER.finditer(text)].count(_digits(wanted))


def _digits(number: str) -> tuple[str, ...]:
    digits = "".join(str(unicodedata.digit(each)) if each.isdigit() else each for each in number)
    return tuple(re.findall(r"\d+", GROUPED.sub("", digits)))


def _pattern(term: str) -> str:
    """A pattern that finds a term, in scripts with spaces only as whole words."""
    before = r"(?<!\w)" if term[0].isalnum() and not UNSPACED_LETTER.match(term[0]) else ""
    after = r"(?!\w)" if term[-1].isalnum() and not UNSPACED_LETTER.match(term[-1]) else ""
    return before + re.escape(term).replace(r"\ ", r"\s+") + after


def _letters(number: int) -> str:
    """``a`` to ``z``, then ``ba``, ``bb``: an engine would translate digits."""
    shown = chr(ord("a") + number % 26)
    return shown if number < 26 else _letters(number // 26) + shown
