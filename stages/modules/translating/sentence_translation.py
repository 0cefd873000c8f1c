"""Sentences through an engine: what surrounds them taken off, each answer checked, and what is lost asked for again."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from translating import placeholders, sentence_frame
from translating.placeholders import INLINE, PLAIN, Found, Hidden, Term
from translating.sentence_frame import Frame
from translating.writing_systems import clean

EMPTY = "came back empty, so they stay as they were"
ECHOED = "came back untranslated"
LOST = "lost {}"
REPEATED = "came back running in a circle"
LOOP = re.compile(r"(?<!\S)(\S.{0,40}?)(?:\s+\1){3,}(?!\S)", re.IGNORECASE)  # four times the same in a row
ENOUGH = 5  # sentences, of which at least one must get translated
SAID_AGAIN = 3  # words; a shorter text may be the same in both languages


class Engine(Protocol):
    """``marks`` are patterns such as ``Zq{}x``, in the order to try: what this engine mostly leaves alone."""

    marks: Sequence[str]

    def translate(self, texts: list[str]) -> list[str]:
        """One answer for each text, in their order."""
        ...


class Translated(NamedTuple):
    text: str
    problems: tuple[str, ...] = ()


class NothingTranslated(Exception):
    """Whatever the engine gave, it isn't a translation."""


class CountDiffers(Exception):
    """An engine gave more or fewer answers than it got texts, so none of them can be laid back."""


@dataclass
class _Asked:
    """A sentence on its way: what must be in its translation, and the best answer yet."""

    frame: Frame
    terms: list[Found]
    tried: set[str] = field(default_factory=set)
    best: str = ""
    problems: tuple[str, ...] | None = None

    @property
    def wanted(self) -> list[Found]:
        return placeholders.apart(self.terms, placeholders.numbers(self.frame.asked))

    @property
    def is_done(self) -> bool:
        """Asking again with marks helps against nothing but what gets lost."""
        return self.problems is not None and all(each in (ECHOED, REPEATED) for each in self.problems)


def translated(texts: Sequence[str], engine: Engine, terms: Iterable[Term] = ()) -> list[Translated]:
    """Each text's translation, with what is wrong with it. Raises ``CountDiffers`` and ``NothingTranslated``."""
    listed = list(terms)
    asked = [_asked(sentence_frame.frame(text), listed) for text in texts]
    for way in (PLAIN, *engine.marks, INLINE):
        _ask(asked, way, engine)
    _check_any(asked)
    return [_answer(each, text) for each, text in zip(asked, texts, strict=True)]


def _check_any(asked: list[_Asked]) -> None:
    """A few sentences may be the same in both languages, but not all that were long enough to tell."""
    telling = [each for each in asked if each.frame.is_speech and _own_words(each) >= SAID_AGAIN]
    failed = [each for each in telling if {EMPTY, ECHOED} & set(each.problems or ())]
    if len(telling) >= ENOUGH and len(failed) == len(telling):
        raise NothingTranslated(
            f"the engine translated none of {len(telling)} sentences: they came back empty or as they were"
        )


def _asked(frame: Frame, terms: list[Term]) -> _Asked:
    return _Asked(frame, placeholders.find(frame.asked, terms, any_case=frame.shouted))


def _ask(asked: list[_Asked], way: str, engine: Engine) -> None:
    """All that isn't right yet, the same text once."""
    hidden = [(each, _hidden(each, way)) for each in asked if each.frame.is_speech and not each.is_done]
    due = [(each, text) for each, text in hidden if text.text not in each.tried]
    texts = list(dict.fromkeys(text.text for _, text in due))
    answers = dict(zip(texts, counted(texts, engine.translate), strict=True))
    for each, text in due:
        each.tried.add(text.text)
        _keep_better(each, clean(placeholders.reveal(clean(answers[text.text]), text)))


def counted(texts: list[str], translate: Callable[[list[str]], list[str]]) -> list[str]:
    """The answers, proved to be as many as the texts."""
    answers = translate(texts) if texts else []
    if len(answers) != len(texts):
        raise CountDiffers(f"the engine gave {len(answers)} translations for {len(texts)} sentences")
    return answers


def _hidden(each: _Asked, way: str) -> Hidden:
    """Numbers are hidden only where the engine has lost one: it knows better how its language writes them."""
    lost = set(placeholders.missing(each.best, each.wanted)) if each.problems is not None else set()
    numbers = [number for number in placeholders.numbers(each.frame.asked) if number.wanted in lost]
    return placeholders.hide(each.frame.asked, placeholders.apart(each.terms, numbers), way)


def _keep_better(each: _Asked, answer: str) -> None:
    problems = tuple(_problems(each, answer))
    if each.problems is None or _weight(problems) < _weight(each.problems):
        each.best, each.problems = answer, problems


def _problems(each: _Asked, answer: str) -> Iterable[str]:
    if not answer:
        yield EMPTY
        return
    yield from (LOST.format(wanted) for wanted in placeholders.missing(answer, each.wanted))
    if LOOP.search(answer) and not LOOP.search(each.frame.asked):
        yield REPEATED
    if sentence_frame.is_same(answer, each.frame.asked) and _own_words(each) >= SAID_AGAIN:
        yield ECHOED


def _own_words(each: _Asked) -> int:
    """Words that aren't terms, which may well stay as they are."""
    left = placeholders.hide(each.frame.asked, [found._replace(wanted=" ") for found in each.terms], INLINE).text
    return sum(any(map(str.isalpha, word)) for word in left.split())


def _weight(problems: tuple[str, ...]) -> int:
    return sum(100 if problem == EMPTY else 10 if problem == ECHOED else 1 for problem in problems)


def _answer(each: _Asked, text: str) -> Translated:
    if not each.frame.is_speech or not each.best:
        return Translated(text, each.problems or ())
    return Translated(sentence_frame.restored(each.frame, each.best), each.problems or ())
