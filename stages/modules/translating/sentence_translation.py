"""Translation of sentences by an engine: each answer is checked, and where something got lost, asked for again.

The engine gets a sentence without its frame (``sentence_frame``). If a term or number is lost, it gets the sentence
again with marks in their places (``placeholders``), and last with the terms' translations.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from translating import placeholders, sentence_frame
from translating.glossary import GlossaryTerm
from translating.placeholders import INLINE, UNMASKED, MaskedText, ProtectedSpan
from translating.sentence_frame import SentenceFrame
from translating.writing_systems import clean

# Problems. They stand in notes of translations, so other words for them would change results.
EMPTY = "came back empty, so they stay as they were"
ECHOED = "came back untranslated"
LOST = "lost {}"
REPEATED = "came back running in a circle"
REPETITION = re.compile(r"(?<!\S)(\S.{0,40}?)(?:\s+\1){3,}(?!\S)", re.IGNORECASE)  # the same four times in a row
FEWEST_JUDGED = 5  # of so many sentences, at least one must be translated
FEWEST_WORDS = 3  # a shorter text may be the same in both languages


class SentenceEngine(Protocol):
    """``marks``: patterns such as ``Zq{}x`` of words that this engine mostly leaves alone, in the order to try."""

    marks: Sequence[str]

    def translate(self, texts: list[str]) -> list[str]:
        """One answer for each text, in their order."""
        ...


class TranslatedSentence(NamedTuple):
    """The translation, or the sentence itself if there is none, and what is wrong with it."""

    text: str
    problems: tuple[str, ...] = ()


class NothingTranslated(Exception):
    """The engine gave back nearly all sentences empty or unchanged."""


class AnswerCountDiffers(Exception):
    """An engine gave more or fewer answers than it got texts, so it isn't known which belongs to which."""


@dataclass
class _Pending:
    """A sentence with the terms in it, the texts that the engine got for it, and the best answer so far."""

    frame: SentenceFrame
    terms: list[ProtectedSpan]
    tried: set[str] = field(default_factory=set)
    best: str = ""
    problems: tuple[str, ...] | None = None

    @property
    def wanted(self) -> list[ProtectedSpan]:
        return placeholders.without_overlaps(self.terms, placeholders.find_fixed(self.frame.for_engine))

    @property
    def is_done(self) -> bool:
        """Whether to ask no more: marks help only against what gets lost."""
        return self.problems is not None and all(each in (ECHOED, REPEATED) for each in self.problems)


def translate_sentences(
    texts: Sequence[str], engine: SentenceEngine, terms: Iterable[GlossaryTerm] = ()
) -> list[TranslatedSentence]:
    """The translation of each text. Raises ``AnswerCountDiffers`` and ``NothingTranslated``."""
    listed = list(terms)
    pending = [_pending(sentence_frame.split_frame(text), listed) for text in texts]
    for way in (UNMASKED, *engine.marks, INLINE):
        _ask_engine(pending, way, engine)
    _require_some_translated(pending)
    return [_answer(each, text) for each, text in zip(pending, texts, strict=True)]


def _require_some_translated(sentences: list[_Pending]) -> None:
    """A few sentences may be the same in both languages, but not all that are long enough; most can't be empty."""
    judged = [each for each in sentences if each.frame.is_speech and _count_words(each) >= FEWEST_WORDS]
    failed = [each for each in judged if {EMPTY, ECHOED} & set(each.problems or ())]
    if len(judged) >= FEWEST_JUDGED and len(failed) == len(judged):
        raise NothingTranslated(
            f"the engine translated none of {len(judged)} sentences: they came back empty or as they were"
        )
    empty = [each for each in judged if EMPTY in (each.problems or ())]
    if len(judged) >= FEWEST_JUDGED and 2 * len(empty) > len(judged):
        raise NothingTranslated(f"the engine gave nothing that can be used for {len(empty)} of {len(judged)} sentences")


def _pending(frame: SentenceFrame, terms: list[GlossaryTerm]) -> _Pending:
    return _Pending(frame, placeholders.find_terms(frame.for_engine, terms, any_case=frame.shouted))


def _ask_engine(sentences: list[_Pending], way: str, engine: SentenceEngine) -> None:
    """Ask for all sentences that have problems, for the same text only once."""
    masked = [(each, _masked(each, way)) for each in sentences if each.frame.is_speech and not each.is_done]
    due = [(each, text) for each, text in masked if text.text not in each.tried]
    texts = list(dict.fromkeys(text.text for _, text in due))
    answers = dict(zip(texts, require_same_count(texts, engine.translate), strict=True))
    for each, text in due:
        each.tried.add(text.text)
        _keep_better(each, clean(placeholders.unmask(clean(answers[text.text]), text)))


def require_same_count(texts: list[str], translate: Callable[[list[str]], list[str]]) -> list[str]:
    """The answers for texts. Raises ``AnswerCountDiffers`` if they aren't as many."""
    answers = translate(texts) if texts else []
    if len(answers) != len(texts):
        raise AnswerCountDiffers(f"the engine gave {len(answers)} translations for {len(texts)} sentences")
    return answers


def _masked(each: _Pending, way: str) -> MaskedText:
    """Numbers and addresses are masked only if the engine has lost one: it knows how its language writes them."""
    lost = set(placeholders.missing(each.best, each.wanted)) if each.problems is not None else set()
    fixed = [span for span in placeholders.find_fixed(each.frame.for_engine) if span.wanted in lost]
    return placeholders.mask(each.frame.for_engine, placeholders.without_overlaps(each.terms, fixed), way)


def _keep_better(each: _Pending, answer: str) -> None:
    problems = tuple(_problems(each, answer))
    if each.problems is None or _weight(problems) < _weight(each.problems):
        each.best, each.problems = answer, problems


def _problems(each: _Pending, answer: str) -> Iterable[str]:
    if not answer:
        yield EMPTY
        return
    yield from (LOST.format(wanted) for wanted in placeholders.missing(answer, each.wanted))
    if REPETITION.search(answer) and not REPETITION.search(each.frame.for_engine):
        yield REPEATED
    if sentence_frame.is_same(answer, each.frame.for_engine) and _count_words(each) >= FEWEST_WORDS:
        yield ECHOED


def _count_words(each: _Pending) -> int:
    """The number of words beside the terms, which may stay as they are."""
    left = placeholders.mask(each.frame.for_engine, [term._replace(wanted=" ") for term in each.terms], INLINE).text
    return sum(any(map(str.isalpha, word)) for word in left.split())


def _weight(problems: tuple[str, ...]) -> int:
    return sum(100 if problem == EMPTY else 10 if problem == ECHOED else 1 for problem in problems)


def _answer(each: _Pending, text: str) -> TranslatedSentence:
    if not each.frame.is_speech or not each.best:
        return TranslatedSentence(text, each.problems or ())
    return TranslatedSentence(sentence_frame.restore(each.frame, each.best), each.problems or ())
