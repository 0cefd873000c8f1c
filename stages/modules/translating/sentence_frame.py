"""The frame of a sentence, which isn't for an engine: dashes, speaker labels, music marks, brackets, tags."""

import re
from dataclasses import dataclass, replace
from typing import NamedTuple

from subtitling import markup

from translating.writing_systems import MUSIC, clean, has_letters, is_shouted

NAME = r"[^\W\d_a-z][^\Wa-z]*(?:[ .'’-]+[^\W\d_a-z][^\Wa-z]*){0,3}"  # in capitals, or in a script that has none
CAPITALS = r"[A-ZÀ-ÞА-Я][A-ZÀ-ÞА-Я0-9 .'’-]{1,30}"
LEADING = re.compile(
    rf"\s*(?:[-‐–—－](?=\s*\S)\s*|[{MUSIC}]+\s*|\#\s+(?=\S)"
    rf"|\[[^\[\]]{{1,30}}\]:?\s+(?=\S)|\({NAME}\):?\s+(?=\S)|{CAPITALS}:\s+(?=\S))"
)
TRAILING = re.compile(rf"\s*[{MUSIC}]+\s*$|\s+\#\s*$")
BRACKETED = re.compile(r"([\[(（［【〔])([^\[\]()（）［］【】〔〕]*)([\])）］】〕])")


DOUBLE = '"“”„«»'
QUOTED = re.compile(
    rf"([{DOUBLE}])([^{DOUBLE}]+)([{DOUBLE}])|(['‘‚])([^{DOUBLE}‘]+)(['’‘])|([「『])([^「」『』]+)([」』])"
)


class TagSpan(NamedTuple):
    """A tag's name, and where it opens and closes in the text without tags."""

    name: str
    start: int
    end: int


@dataclass(frozen=True)
class SentenceFrame:
    """``before + text + after`` is the sentence without its tags; only ``text`` gets translated."""

    before: str
    text: str
    after: str
    tags: tuple[TagSpan, ...] = ()
    shouted: bool = False

    @property
    def is_speech(self) -> bool:
        return has_letters(self.text)

    @property
    def for_engine(self) -> str:
        """The text for an engine, which would take words all in capitals for names."""
        return self.text.capitalize() if self.shouted else self.text


def split_frame(text: str) -> SentenceFrame:
    """A sentence as its frame and the text inside."""
    plain, tags = _untagged(markup.normal(text))
    frame = SentenceFrame("", plain, "", tags)
    while leading := LEADING.match(frame.text):
        frame = replace(frame, before=frame.before + leading[0], text=frame.text[leading.end() :])
    if trailing := TRAILING.search(frame.text):
        frame = replace(frame, text=frame.text[: trailing.start()], after=frame.text[trailing.start() :])
    if quoted := QUOTED.fullmatch(frame.text):  # an engine may lose one quote, or move it
        opening, text, closing = filter(None, quoted.groups())
        frame = replace(frame, before=frame.before + opening, text=text, after=closing + frame.after)
    if whole := BRACKETED.fullmatch(frame.text):
        frame = replace(frame, before=frame.before + whole[1], text=whole[2], after=whole[3] + frame.after)
    return replace(frame, shouted=is_shouted(frame.text) or (frame.before.endswith("[") and frame.text.isupper()))


def restore(frame: SentenceFrame, translated: str) -> str:
    """A translation of the frame's text, with the frame around it and the tags in it."""
    translated = translated.upper() if frame.shouted else translated
    whole = frame.before + translated + frame.after
    if not frame.tags:
        return whole
    inserts = []
    for number, tag in enumerate(frame.tags):
        start, end = _place(frame, tag, translated)
        # Of several tags at one place, the outer one opens first and closes last.
        inserts += [(start, 1, number, f"<{tag.name}>"), (end, 0, -number, f"</{tag.name}>")]
    for place, _, _, shown in sorted(inserts, reverse=True):
        whole = whole[:place] + shown + whole[place:]
    return markup.normal(markup.merged(whole))


def _untagged(text: str) -> tuple[str, tuple[TagSpan, ...]]:
    plain, at, opened, tags = "", 0, {}, []
    for tag in markup.TAG.finditer(text):
        plain += text[at : tag.start()]
        at = tag.end()
        name = tag[0].strip("</>")
        if not tag[0].startswith("</"):
            opened[name] = len(plain)
        elif name in opened and plain[opened[name] :].strip():
            tags.append(TagSpan(name, opened[name], len(plain)))
    plain += text[at:]
    shift = len(plain) - len(plain.lstrip())
    tags = [TagSpan(tag.name, max(0, tag.start - shift), max(0, tag.end - shift)) for tag in tags]
    tags.reverse()  # the outer one of two around the same words closes last
    return plain.strip(), tuple(sorted(tags, key=lambda tag: (tag.start, -tag.end)))


def _place(frame: SentenceFrame, tag: TagSpan, translated: str) -> tuple[int, int]:
    """Where a tag goes: around the same words if the translation has them, else at the same share of the text."""
    first, last = len(frame.before), len(frame.before) + len(frame.text)
    if first < tag.start or tag.end < last:
        fragment = frame.text[max(0, tag.start - first) : tag.end - first].strip()
        at = translated.find(fragment) if fragment and tag.start >= first and tag.end <= last else -1
        if at >= 0:
            return first + at, first + at + len(fragment)
    start, end = (_moved(frame, edge, translated, up) for edge, up in ((tag.start, False), (tag.end, True)))
    return (start, end) if start < end else (first, first + len(translated))


def _moved(frame: SentenceFrame, edge: int, translated: str, is_end: bool) -> int:
    first, last = len(frame.before), len(frame.before) + len(frame.text)
    if edge <= first and not (is_end and edge == first):
        return min(edge, first)
    if edge >= last:
        return edge - last + first + len(translated)
    wanted = len(translated) * (edge - first) / max(1, last - first)
    words = [word.end() if is_end else word.start() for word in re.finditer(r"\S+", translated)]
    return first + min(words, key=lambda place: abs(place - wanted), default=0)


def is_same(one: str, other: str) -> bool:
    """Whether two texts are the same but for case and white space."""
    return clean(one).casefold() == clean(other).casefold()
