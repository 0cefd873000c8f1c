"""The text of a WebVTT cue: its tags become ours, the speaker's name, or nothing."""

import html
import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from subtitling import markup
from subtitling.cues import SPEAKERS
from subtitling.speaker_lines import DASHES

WORD_JOINER = "\u2060"  # has no width
TAG = re.compile(r"<(/?)([^<>\s.]*)([^<>\s]*)\s*([^<>]*)>")
OWN = ("c", "v", "lang", "ruby", "rt", "")  # tags that every player of WebVTT knows, beside ours


class VoicedText(NamedTuple):
    """A cue's text and who speaks it, as far as the file says so."""

    text: str
    speaker: str


class _Turn(NamedTuple):
    speaker: str
    text: str


def shown_text(text: str, raw: bool) -> VoicedText:
    """Our tags and plain characters; the reading of a ruby stands in brackets behind its base.

    Several speakers get lines of their own. ``raw``: tags that WebVTT doesn't have stay in the text.
    """
    turns = [turn for turn in _turns(text, raw) if turn.text.strip()]
    speakers = list(dict.fromkeys(turn.speaker for turn in turns if turn.speaker))
    lines = _lines_of(turns) if len(speakers) > 1 else "".join(turn.text for turn in turns)
    lines = lines.replace(r"\N", "\n").replace(r"\h", " ")
    return VoicedText(lines if raw else markup.balance([lines])[0], SPEAKERS.join(speakers))


def _lines_of(turns: Sequence[_Turn]) -> str:
    """A line for each turn, with the dash that says so in every format."""
    texts = [turn.text.strip() for turn in turns]
    return "\n".join(text if markup.plain(text).startswith(DASHES) else f"- {text}" for text in texts)


def _turns(text: str, raw: bool) -> Iterator[_Turn]:
    """The pieces between changes of the speaker."""
    speaker, parts, at = "", list[str](), 0
    in_reading = False
    for tag in TAG.finditer(text):
        parts.append(_unescaped(text[at : tag.start()]))
        at = tag.end()
        is_end, name = bool(tag[1]), tag[2].lower()
        if name == "v":
            yield _Turn(speaker, "".join(parts))
            speaker, parts = "" if is_end else html.unescape(tag[4]).strip(), []
        elif name in ("rt", "ruby"):
            parts += _bracket(name, is_end, in_reading)
            in_reading = name == "rt" and not is_end
        elif name and name in markup.KEPT:
            parts.append(f"<{tag[1]}{name}>")
        elif raw and name not in OWN and not name[:1].isdigit():
            parts.append(tag[0])
    yield _Turn(speaker, "".join([*parts, _unescaped(text[at:]), ")" if in_reading else ""]))


def _unescaped(text: str) -> str:
    """Plain characters. What looks like a tag of ours then, and was none, gets an invisible character."""
    return markup.TAG.sub(lambda tag: f"<{WORD_JOINER}{tag[0][1:]}", html.unescape(text))


def _bracket(name: str, is_end: bool, in_reading: bool) -> Iterator[str]:
    """The brackets of a reading: its end may go without saying, before the next base or the ruby's end."""
    if in_reading:
        yield ")"
    if name == "rt" and not is_end:
        yield "("
