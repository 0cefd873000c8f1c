"""Writer of SubRip, WebVTT and SubStation Alpha files.

pysubs2 isn't used for it, since it keeps text as SubStation does: there a backslash or a brace in a text is a command,
and gets lost on the way into every format.
"""

import html
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from subtitling import markup
from subtitling.cues import BOTTOM_CENTRE, SPEAKERS, Cue
from subtitling.style_profiles import is_right_to_left

FORMATS = ("srt", "vtt", "ass")
RIGHT_TO_LEFT_MARK = "\u200f"
WORD_JOINER = "\u2060"  # has no width, and keeps a backslash from being a command

ASS_HEAD = """[Script Info]
ScriptType: v4.00+
PlayResX: 1920
PlayResY: 1080
WrapStyle: 2
ScaledBorderAndShadow: yes

[V4+ Styles]
Format: Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, BackColour, Bold, Italic, Underline, \
StrikeOut, ScaleX, ScaleY, Spacing, Angle, BorderStyle, Outline, Shadow, Alignment, MarginL, MarginR, MarginV, Encoding
Style: Default,Arial,64,&H00FFFFFF,&H000000FF,&H00000000,&H80000000,0,0,0,0,100,100,0,0,1,3,1,2,96,96,64,1

[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
"""


def save(cues: Iterable[Cue], path: Path, kind: str, right_to_left: bool = False) -> None:
    """Write cues in one of ``FORMATS``, in UTF-8. Raises ``OSError``.

    ``right_to_left``: whether the script is of those cues that don't say their own language.
    """
    path.write_text(text(cues, kind, right_to_left), encoding="utf-8", newline="\n")


def text(cues: Iterable[Cue], kind: str, right_to_left: bool = False) -> str:
    """What a file in one of ``FORMATS`` holds."""
    return WRITERS[kind](_with_direction(cue, right_to_left) for cue in cues)


def _with_direction(cue: Cue, right_to_left: bool) -> Cue:
    is_marked = is_right_to_left(cue.language) if cue.language else right_to_left
    return cue._replace(text=with_direction_marks(cue.text)) if is_marked else cue


def with_direction_marks(text: str) -> str:
    """Text whose lines players lay out from right to left: by their first letter, or else by an invisible mark.

    The first character with a direction gives that of the whole line; WebVTT and SubRip have no other way to say it.
    https://www.unicode.org/reports/tr9/#P2
    """
    return "\n".join(line if _begins_right_to_left(line) else RIGHT_TO_LEFT_MARK + line for line in text.split("\n"))


def _begins_right_to_left(line: str) -> bool:
    kinds = (unicodedata.bidirectional(character) for character in markup.plain(line))
    return next((kind in ("R", "AL") for kind in kinds if kind in ("L", "R", "AL", "EN", "AN")), True)


def _srt(cues: Iterable[Cue]) -> str:
    blocks = (
        f"{number}\n{time_stamp(cue.start, ',')} --> {time_stamp(cue.end, ',')}\n{_place(cue)}{cue.text}\n\n"
        for number, cue in enumerate(cues, 1)
    )
    return "".join(blocks)


def _vtt(cues: Iterable[Cue]) -> str:
    return "WEBVTT\n\n" + "".join(vtt_block(cue, _in_language(cue)) for cue in cues)


def vtt_block(cue: Cue, shown: str) -> str:
    """A cue of WebVTT with this text, which is escaped already."""
    times = f"{time_stamp(cue.start, '.')} --> {time_stamp(cue.end, '.')}"
    return f"{times}{_settings(cue.alignment)}\n{shown}\n\n"


def _ass(cues: Iterable[Cue]) -> str:
    return ASS_HEAD + "".join(ass_event(cue, _ass_text(cue.text)) for cue in cues)


def ass_event(cue: Cue, shown: str) -> str:
    """A line of SubStation with this text, which is escaped already."""
    times = f"{_ass_time(cue.start)},{_ass_time(cue.end)}"
    return f"Dialogue: 0,{times},Default,{_name(cue)},0,0,0,,{_place(cue)}{shown}\n"


WRITERS: Mapping[str, Callable[[Iterable[Cue]], str]] = {"srt": _srt, "vtt": _vtt, "ass": _ass}


def _place(cue: Cue) -> str:
    """SubStation's tag for a place; players of SubRip know it, too."""
    return f"{{\\an{cue.alignment}}}" if cue.alignment != BOTTOM_CENTRE else ""


def _settings(alignment: int) -> str:
    """A cue's settings in WebVTT, where a line is counted from the top."""
    row = ("", " line:50%", " line:0")[(alignment - 1) // 3]
    return row + (" align:start", "", " align:end")[(alignment - 1) % 3]


def _in_language(cue: Cue) -> str:
    """The text, with WebVTT's tag for another language than the file's: browsers choose fonts and voices by it."""
    return f"<lang {cue.language}>{_voiced(cue)}</lang>" if cue.language else _voiced(cue)


def _voiced(cue: Cue) -> str:
    """The text with the names of who speaks it: of each line, where every one has a speaker of its own."""
    names, lines = _speakers(cue), [_escaped(line) for line in cue.lines]
    if len(names) == len(lines) > 1:
        return "\n".join(f"<v {name}>{line}</v>" for name, line in zip(names, lines, strict=True))
    return voice_tag(cue) + _escaped(cue.text)


def voice_tag(cue: Cue) -> str:
    """WebVTT's tag for who speaks, if that is known."""
    speaker = SPEAKERS.join(filter(None, _speakers(cue)))
    return f"<v {speaker}>" if speaker else ""


def _speakers(cue: Cue) -> list[str]:
    return [re.sub(r"[\s<>]+", " ", html.escape(name, quote=False)).strip() for name in cue.speaker.split(SPEAKERS)]


def _name(cue: Cue) -> str:
    """The speaker, for a field that ends at a comma."""
    return re.sub(r"[\s,]+", " ", cue.speaker).strip()


def time_stamp(milliseconds: int, point: str) -> str:
    """``00:00:01.500``, with this character before the milliseconds."""
    seconds, rest = divmod(milliseconds, 1000)
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}{point}{rest:03}"


def _ass_time(milliseconds: int) -> str:
    """SubStation has hundredths of a second. Rounding down keeps cues apart that don't overlap."""
    seconds, rest = divmod(milliseconds // 10, 100)
    return f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}.{rest:02}"


def _escaped(text: str) -> str:
    """For WebVTT: everything but our tags is text."""
    return "".join(part if markup.TAG.fullmatch(part) else vtt_escaped(part) for part in _parts(text))


def vtt_escaped(text: str) -> str:
    """Text in which nothing is a tag of WebVTT."""
    return html.escape(text, quote=False)


def _ass_text(text: str) -> str:
    escaped = (_override(part) if markup.TAG.fullmatch(part) else ass_escaped(part) for part in _parts(text))
    return "".join(escaped).replace("\n", r"\N")


def _parts(text: str) -> Iterable[str]:
    """Our tags, and the text between them."""
    at = 0
    for tag in markup.TAG.finditer(text):
        yield from (text[at : tag.start()], tag[0])
        at = tag.end()
    yield text[at:]


def _override(tag: str) -> str:
    return f"{{\\{tag.strip('</>')}{0 if tag.startswith('</') else 1}}}"


def ass_escaped(text: str) -> str:
    """Text in which nothing is a command of SubStation."""
    return text.replace("\\", "\\" + WORD_JOINER).replace("{", "\\{").replace("}", "\\}")
