"""How badly it reads where two words are parted, by a line's end or a cue's."""

from collections.abc import Sequence

from subtitling import markup
from subtitling.cues import CLOSERS, OPENERS, Word, ends_clause, ends_sentence
from subtitling.function_words import Grammar, grammar

SENTENCE, CLAUSE, OPENER, PREPOSITION, PLAIN, BOUND, GLUED = 0.0, 1.0, 2.0, 2.5, 4.0, 8.0, 20.0

MUSIC = "♪♫"
# What doesn't begin a line of Japanese or Chinese, and what doesn't end one (JIS X 4051).
NO_LINE_START = "、。，．・：；？！ー々ゝゞぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮ」』）】〉》〕］｝…‥"
NO_LINE_END = "「『（【〈《〔［｛"
STOP = ".,;:!?…"


def costs(words: Sequence[Word], language: str) -> list[float]:
    """For each word how badly it is parted from the one before it; nothing for the first."""
    rules = grammar(language)
    plain = [markup.plain(word.text).strip() for word in words]
    lower = [text.strip(STOP + CLOSERS + OPENERS).lower() for text in plain]
    marks = _music_marks(plain)
    found = [0.0] * min(1, len(words))
    for index in range(1, len(words)):
        if index in marks:
            found.append(GLUED if marks[index] else CLAUSE)
        elif index - 1 in marks:
            found.append(SENTENCE if marks[index - 1] else GLUED)
        else:
            found.append(_cost(plain, lower, index, words[index].spaced, rules))
    return found


def _music_marks(plain: Sequence[str]) -> dict[int, bool]:
    """The words that are nothing but a music mark: whether each ends a song, or begins one."""
    marks = [index for index, text in enumerate(plain) if text and not text.strip(MUSIC)]
    return {index: bool(number % 2) for number, index in enumerate(marks)}


def _cost(plain: Sequence[str], lower: Sequence[str], index: int, spaced: bool, rules: Grammar) -> float:
    before, after = plain[index - 1], plain[index]
    if _never(before, after):
        return GLUED
    if ends_sentence(before) and not _is_title(lower[index - 1], before, rules):
        return SENTENCE
    if ends_clause(before):
        return CLAUSE
    inside = BOUND if not spaced and _parts_by_spaces(before) else 0.0
    return inside + _of_words(before, after, (lower[index - 1], lower[index]), rules)


def _never(before: str, after: str) -> bool:
    """Whether a line would begin with what closes, or end with what opens."""
    closes = after[:1] in NO_LINE_START or not after.strip(STOP + CLOSERS)
    return bool(after) and (closes or before[-1:] in NO_LINE_END) and bool(before)


def _of_words(before: str, after: str, lower: tuple[str, str], rules: Grammar) -> float:
    left, right = lower
    leans = left in rules.leaning or left in rules.prepositions or _is_title(left, before, rules)
    name = rules.names and _is_name(before) and _is_name(after)
    counted = before[-1:].isdigit() and after[:1].isalpha()
    if leans or name or counted or right in rules.trailing:
        return BOUND
    if right in rules.openers or left in rules.trailing:
        return OPENER
    return PREPOSITION if right in rules.prepositions else PLAIN


def _is_title(left: str, before: str, rules: Grammar) -> bool:
    """``Mr.`` ends no sentence."""
    return before.endswith(".") and f"{left}." in rules.leaning


def _is_name(word: str) -> bool:
    bare = word.strip(CLOSERS + OPENERS)
    return len(bare) > 1 and bare[0].isupper() and not bare.isupper()


def _parts_by_spaces(word: str) -> bool:
    """Whether this script does, so that a word without a space is the rest of the one before. Chinese doesn't."""
    return bool(word) and ord(word[-1]) < 0x2E80
