"""Which sentences of a translation a person's changes of the original are in, and what these say now (pure).

A translation's document has for each piece its ``source``: what it was made of. A person changes cues, which begin and
end elsewhere. So each change is looked for by time, then by its words.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from difflib import SequenceMatcher
from typing import Any

from pipeline.values import Struct

Segment = Mapping[str, Any]
Passage = Mapping[str, Any]  # cues ``before`` and ``after``, each with start and end (seconds) and text

# Scripts without spaces between words: each letter counts as a word.
CLOSE = "\u3001-\u303f\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff01-\uff60"
WORD = re.compile(rf"[{CLOSE}]|[^\s{CLOSE}]+")
MARKUP = re.compile(r"<[^>]*>|\{[^}]*\}")
DASHES = frozenset("-\u2010\u2013\u2014")
FULL_WIDTH = "\u3002\uff01\uff1f"  # full stop, exclamation and question mark
ENDS = (".", "!", "?", "\u2026", '."', '!"', '?"', *FULL_WIDTH)
LIKENESS = {"\u2019": "'", "\u2018": "'", "\u201c": '"', "\u201d": '"', "\u2026": "..."}
EDGE = 0.2  # seconds that a cue and a sentence may have in common by rounding alone
MOST_PIECES = 4  # of a sentence, before and after a corrected one; cues without marks would never end
LEAST_FOUND = 0.5  # share of a passage's words that must be in the sentences of its time


class SourceRun(Struct, frozen=True):
    """A sentence that says something else now; ``sources`` has the text of each of its pieces."""

    begin: int  # number of the first piece
    sources: tuple[str, ...]

    @property
    def end(self) -> int:
        return self.begin + len(self.sources)


class CorrectedSources(Struct, frozen=True):
    """``added`` are passages at times at which nobody spoke before; ``lost`` those whose words weren't found."""

    runs: tuple[SourceRun, ...]
    added: tuple[Passage, ...] = ()
    lost: tuple[Passage, ...] = ()


def corrected(segments: Sequence[Segment], passages: Sequence[Passage], cues: bool = False) -> CorrectedSources:
    """What the sentences of a translation's ``segments`` say, once the passages are in them.

    ``cues``: segments are cues, so that a sentence may have several.
    """
    words = [words_of(segment.get("source", "")) for segment in segments]
    before = [list(each) for each in words]
    added, lost = list[Passage](), list[Passage]()
    for passage in passages:
        places = _places(segments, passage)
        if not places:
            (added if passage["after"] else lost).append(passage)
        elif not _put(words, segments, places, passage):
            lost.append(passage)
    changed = [_alike(new) != _alike(old) for new, old in zip(words, before, strict=True)]
    texts = [joined(each) for each in words]
    ends = [not cues or not text or text.endswith(ENDS) for text in texts]
    return CorrectedSources(_runs(changed, texts, ends), tuple(added), tuple(lost))


def words_of(text: str) -> list[str]:
    """Without markup, line breaks, and dashes that stand alone, as before speakers."""
    return [word for word in WORD.findall(MARKUP.sub("", text)) if not DASHES.issuperset(word)]


def joined(words: Sequence[str]) -> str:
    text = ""
    for word in words:
        is_close = re.match(f"[{CLOSE}]", word) and (not text or re.search(f"[{CLOSE}{FULL_WIDTH}]$", text))
        text += word if is_close or not text else f" {word}"
    return text


def _places(segments: Sequence[Segment], passage: Passage) -> range:
    """The sentences at the time of a passage, with all between them."""
    cues = [*passage["before"], *passage["after"]]
    start, end = min(cue["start"] for cue in cues), max(cue["end"] for cue in cues)
    found = [
        number
        for number, each in enumerate(segments)
        if each.get("source") and min(end, each["end"]) - max(start, each["start"]) > EDGE
    ]
    return range(min(found), max(found) + 1) if found else range(0)


def _put(words: list[list[str]], segments: Sequence[Segment], places: range, passage: Passage) -> bool:
    """Put the passage into the ``words`` of the sentences at these places; returns whether it was found there."""
    old = [word for place in places for word in words[place]]
    before, after = (words_of(" ".join(cue["text"] for cue in passage[side])) for side in ("before", "after"))
    span = _span(old, before) if before else _moment(words, segments, places, passage)
    if span is None:
        return False
    new = [*old[: span[0]], *after, *old[span[1] :]]
    cuts, done = _boundaries(words, places), 0
    for place, cut in zip(places, _moved(cuts, old, new), strict=True):
        words[place] = new[done:cut]
        done = max(done, cut)
    return True


def _span(old: Sequence[str], passage: Sequence[str]) -> tuple[int, int] | None:
    """Where the words of a passage begin and end among the old ones."""
    blocks = SequenceMatcher(None, _alike(old), _alike(passage), autojunk=False).get_matching_blocks()[:-1]
    if sum(each.size for each in blocks) < LEAST_FOUND * len(passage):
        return None
    first, last = blocks[0], blocks[-1]
    begin = max(0, first.a - first.b)
    return begin, max(begin, min(len(old), last.a + len(passage) - last.b))


def _moment(
    words: Sequence[Sequence[str]], segments: Sequence[Segment], places: range, passage: Passage
) -> tuple[int, int]:
    """Where a cue that is new belongs, by its time."""
    at, count = passage["after"][0]["start"], 0
    for place in places:
        own, segment = len(words[place]), segments[place]
        if at < segment["end"]:
            share = (at - segment["start"]) / max(0.001, segment["end"] - segment["start"])
            count += round(own * max(0.0, share))
            break
        count += own
    return count, count


def _boundaries(words: Sequence[Sequence[str]], places: range) -> list[int]:
    """After how many words each sentence ends."""
    found, count = [], 0
    for place in places:
        count += len(words[place])
        found.append(count)
    return found


def _moved(cuts: Sequence[int], old: Sequence[str], new: Sequence[str]) -> list[int]:
    """The same boundaries among the new words; the last one is the end."""
    steps = SequenceMatcher(None, _alike(old), _alike(new), autojunk=False).get_opcodes()
    return [*(_moved_cut(cut, steps, new) for cut in cuts[:-1]), len(new)]


def _moved_cut(cut: int, steps: Sequence[tuple[str, int, int, int, int]], new: Sequence[str]) -> int:
    for kind, begin, end, new_begin, new_end in steps:
        if kind == "insert" and begin == cut:
            return new_end if new[new_end - 1].endswith(ENDS) else new_begin
        if begin < cut < end or cut == end:
            if kind == "equal" or cut == end:
                following = next((each for each in steps if each[0] == "insert" and each[1] == cut), None)
                if following and new[following[4] - 1].endswith(ENDS):
                    return following[4]
                return new_begin + cut - begin if kind == "equal" else new_end
            return new_begin + round((cut - begin) / (end - begin) * (new_end - new_begin))
    return 0


def _alike(words: Sequence[str]) -> list[str]:
    """As far as typography makes no difference. Marks and capitals count: they may change what is said."""
    table = str.maketrans(LIKENESS)
    return [unicodedata.normalize("NFC", word).translate(table) for word in words]


def _runs(changed: Sequence[bool], texts: Sequence[str], ends: Sequence[bool]) -> tuple[SourceRun, ...]:
    """``ends``: whether a sentence ends with each piece. The pieces of one go together, as far as a few."""
    found: list[SourceRun] = []
    for number, is_changed in enumerate(changed):
        if not is_changed or (found and number < found[-1].end):
            continue
        begin, end = number, number + 1
        while begin > max(0, number - MOST_PIECES, found[-1].end if found else 0) and not ends[begin - 1]:
            begin -= 1
        while end < min(len(texts), number + MOST_PIECES) and not ends[end - 1]:
            end += 1
        found.append(SourceRun(begin, tuple(texts[begin:end])))
    return tuple(found)
