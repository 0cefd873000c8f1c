"""Batches of texts of similar length, and long texts in parts: as much as a model takes at once."""

import functools
import re
from collections.abc import Callable, Iterator, Sequence

from translating.sentence_translation import AnswerCountDiffers
from translating.writing_systems import AFTER_SENTENCE_END, joined

LONGEST_TEXT = 120  # tokens; a longer text is split, since models were trained on sentences
AT_CLAUSES = re.compile(r"(?<=[.!?…;:,।॥؟،؛])\s+")
AT_SPACES = re.compile(r"\s+")


def batches(lengths: Sequence[int], room: int, most: int) -> Iterator[list[int]]:
    """Batches of indexes, the longest texts first, so that a batch too large for the machine fails at the start.

    ``lengths`` are tokens. A batch has at most ``most`` texts, and ``room`` tokens with padding.
    """
    batch: list[int] = []
    for index in sorted(range(len(lengths)), key=lambda index: -lengths[index]):
        longest = lengths[batch[0]] if batch else lengths[index]
        if batch and (len(batch) == most or (len(batch) + 1) * longest > room):
            yield batch
            batch = []
        batch.append(index)
    if batch:
        yield batch


def parts(text: str, length: Callable[[str], int], limit: int) -> list[str]:
    """The text in parts of at most ``limit`` tokens, cut at clauses, else at words, else anywhere."""
    if length(text) <= limit:
        return [text]
    pieces = next((cut for cut in _ways_to_cut(text) if len(cut) > 1), None)
    if pieces is None:
        return [text]
    packed = [""]
    for piece in [part for each in pieces for part in parts(each, length, limit)]:
        together = joined(packed[-1], piece)
        if packed[-1] and length(together) > limit:
            packed.append(piece)
        else:
            packed[-1] = together
    return packed


def in_parts(texts: list[str], length: Callable[[str], int], translate: Callable[[list[str]], list[str]]) -> list[str]:
    """One answer for each text; long texts are translated in parts. Raises ``AnswerCountDiffers``."""
    pieces = [parts(text, length, LONGEST_TEXT) for text in texts]
    flat = [part for each in pieces for part in each]
    answers = translate(flat)
    if len(answers) != len(flat):
        raise AnswerCountDiffers(f"the model gave {len(answers)} translations for {len(flat)} texts")
    in_order = iter(answers)
    return [functools.reduce(joined, (next(in_order) for _ in each)) for each in pieces]


def _ways_to_cut(text: str) -> Iterator[list[str]]:
    yield [part for clause in AT_CLAUSES.split(text) for part in AFTER_SENTENCE_END.split(clause) if part]
    yield AT_SPACES.split(text)
    yield [part for part in (text[: len(text) // 2], text[len(text) // 2 :]) if part]
