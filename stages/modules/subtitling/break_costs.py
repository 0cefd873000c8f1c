"""Break costs: how badly it reads if two words are separated by the end of a line or of a cue."""

from collections.abc import Sequence

from subtitling import markup
from subtitling.cues import TimedWord
from subtitling.function_words import FunctionWords, function_words_of
from subtitling.typography import CLOSERS, OPENERS, ends_clause, ends_sentence

SENTENCE, CLAUSE, OPENER, PREPOSITION, PLAIN, BOUND, GLUED = 0.0, 1.0, 2.0, 2.5, 4.0, 8.0, 20.0

MUSIC = "♪♫"
# Characters that mustn't begin a line of Japanese or Chinese, and those that mustn't end one (JIS X 4051).
NO_LINE_START = "、。，．・：；？！ー々ゝゞぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮ」』）】〉》〕］｝…‥"
NO_LINE_END = "「『（【〈《〔［｛"
MARKS = ".,;:!?…"


def costs(words: Sequence[TimedWord], language: str) -> list[float]:
    """For each word the cost of a break before it; zero for the first."""
    rules = function_words_of(language)
    plain = [markup.plain(word.text).strip() for word in words]
    lower = [text.strip(MARKS + CLOSERS + OPENERS).lower() for text in plain]
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
    """Indexes of the words that are only a music mark: ``True`` for those that end a song, ``False`` for beginnings."""
    marks = [index for index, text in enumerate(plain) if text and not text.strip(MUSIC)]
    return {index: bool(number % 2) for number, index in enumerate(marks)}


def _cost(plain: Sequence[str], lower: Sequence[str], index: int, spaced: bool, rules: FunctionWords) -> float:
    before, after = plain[index - 1], plain[index]
    if _is_forbidden(before, after):
        return GLUED
    if ends_sentence(before) and not _is_title(lower[index - 1], before, rules):
        return SENTENCE
    if ends_clause(before):
        return CLAUSE
    within_word = BOUND if not spaced and _has_spaces(before) else 0.0
    return within_word + _cost_of_words(before, after, (lower[index - 1], lower[index]), rules)


def _is_forbidden(before: str, after: str) -> bool:
    """Whether a line would begin with a closing mark, or end with an opening one."""
    closes = after[:1] in NO_LINE_START or not after.strip(MARKS + CLOSERS)
    return bool(after) and (closes or before[-1:] in NO_LINE_END) and bool(before)


def _cost_of_words(before: str, after: str, lower: tuple[str, str], rules: FunctionWords) -> float:
    left, right = lower
    binds = left in rules.bound_to_next or left in rules.prepositions or _is_title(left, before, rules)
    name = rules.capitals_are_names and _is_name(before) and _is_name(after)
    counted = before[-1:].isdigit() and after[:1].isalpha()
    if binds or name or counted or right in rules.bound_to_previous:
        return BOUND
    if right in rules.clause_openers or left in rules.bound_to_previous:
        return OPENER
    return PREPOSITION if right in rules.prepositions else PLAIN


def _is_title(left: str, before: str, rules: FunctionWords) -> bool:
    """Whether the word is a title such as ``Mr.``, whose full stop ends no sentence."""
    return before.endswith(".") and f"{left}." in rules.bound_to_next


def _is_name(word: str) -> bool:
    bare = word.strip(CLOSERS + OPENERS)
    return len(bare) > 1 and bare[0].isupper() and not bare.isupper()


def _has_spaces(word: str) -> bool:
    """Whether the script separates words by spaces, so that a word without one continues the word before."""
    return bool(word) and ord(word[-1]) < 0x2E80
