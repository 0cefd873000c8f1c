"""Texts in batches of like length, and long ones in parts: what a model takes at once."""

import re
from collections.abc import Callable, Iterator, Sequence

from translating.writing_systems import AFTER_AN_END, joined

AT_CLAUSES = re.compile(r"(?<=[.!?…;:,।॥؟،؛])\s+")
AT_SPACES = re.compile(r"\s+")


def batches(lengths: Sequence[int], room: int, most: int) -> Iterator[list[int]]:
    """Indexes, the longest first, so that a batch that is too large for the machine fails at once.

    A batch has at most ``most`` texts, and no more than ``room`` tokens with what pads them to its longest.
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
    """The text in parts no longer than the limit, cut at clauses, else at words, else anywhere."""
    if length(text) <= limit:
        return [text]
    pieces = next((found for found in _ways(text) if len(found) > 1), None)
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


def _ways(text: str) -> Iterator[list[str]]:
    yield [part for clause in AT_CLAUSES.split(text) for part in AFTER_AN_END.split(clause) if part]
    yield AT_SPACES.split(text)
    yield [part for part in (text[: len(text) // 2], text[len(text) // 2 :]) if part]
