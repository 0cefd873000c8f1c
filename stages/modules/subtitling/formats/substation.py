"""SubStation Alpha, read with pysubs2: styles, places and names; drawings and comments are no text."""

import re
import warnings
from collections.abc import Iterator, Mapping
from typing import NamedTuple

import pysubs2

from subtitling import markup
from subtitling.cues import BOTTOM_CENTRE, Cue, TimedWord
from subtitling.formats import subrip, sung_words
from subtitling.formats.parsed_file import COLOURS, ParsedFile, ReadingOptions, Unreadable

BLOCK = re.compile(r"\{([^{}]*)\}")
COMMAND = re.compile(r"\\(?:([ibu])(\d*)(?=[\\ ]|$)|p(\d+)|(r)([^\\]*))")
POSITION = re.compile(r"\\(?:pos|move)\(\s*(-?[\d.]+)\s*,\s*(-?[\d.]+)")
DRAWING = re.compile(r"\s*m\s+-?[\d.]+\s+-?[\d.]+(?:\s+(?:[mnlbspc]|-?[\d.]+))+\s*", re.IGNORECASE)
OPENING, CLOSING = "\ue000", "\ue001"  # in place of braces that are text, while commands are read
NAMED = 5  # styles in a note
BOLD = 700  # a weight from which letters are bold
PLANE = (384, 288)  # of a file that doesn't say how large its plane is
KEEPS_SOFT_BREAKS = "2"  # the WrapStyle in which \\n breaks a line


class _Look(NamedTuple):
    """Which of our tags are open: those of a style, or of a style with a line's own commands."""

    i: bool = False
    b: bool = False
    u: bool = False


def parse(text: str, options: ReadingOptions) -> ParsedFile:  # noqa: ARG001  # the readers' common form
    """Events with text. Raises ``Unreadable``."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            file = pysubs2.SSAFile.from_string(text)
    except Exception as error:  # the parser raises errors of any kind for a broken file
        raise Unreadable(f"it can't be read as SubStation: {error or type(error).__name__}") from error
    soft = "\n" if file.info.get("WrapStyle") == KEEPS_SOFT_BREAKS else " "
    looks = {name: _Look(i=bool(style.italic), u=bool(style.underline)) for name, style in file.styles.items()}
    cues, words, lost = list[Cue](), list[TimedWord](), list[tuple[int, str]]()
    styles = dict[str, pysubs2.SSAStyle | None]()  # of lines that are shown
    for event in file:
        name = event.style.lstrip("*")  # which older programs put before the name of a style of their own
        style = file.styles.get(event.style) or file.styles.get(name)
        look = looks.get(event.style) or looks.get(name, _Look())
        text = event.text.replace(r"\{", OPENING).replace(r"\}", CLOSING)
        shown = "".join(_shown(text, look, looks)).replace(OPENING, "{").replace(CLOSING, "}")
        if event.is_comment or (not shown.strip() and event.text.strip()) or DRAWING.fullmatch(shown):
            continue
        words += sung_words.of_substation(event.text, event.start)
        shown = re.sub(r" *\\n *", soft, shown).replace(r"\N", "\n").replace(r"\h", " ")
        alignment = _alignment(event.text, int(style.alignment) if style else BOTTOM_CENTRE, _plane(file.info))
        lost += [(event.start, COLOURS)] if subrip.COLOURED.search(event.text) else []
        cues.append(Cue(event.start, event.end, markup.balance([shown])[0], event.name.strip(), alignment))
        styles.setdefault(name, style)
    return ParsedFile(cues, notes=_of_styles(styles), words=words, lost=lost)


def _of_styles(used: Mapping[str, pysubs2.SSAStyle | None]) -> list[str]:
    """A note on styles by which lines look different."""
    looks = {(style.fontname, style.fontsize, str(style.primarycolor)) for style in used.values() if style}
    if len(looks) < 2:
        return []
    names = sorted(used)
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return [f"lines of the styles {', '.join(names[:NAMED])}{more} look alike now, but for italics and underlining"]


def _shown(text: str, style: _Look, looks: Mapping[str, _Look]) -> Iterator[str]:
    """The text with our tags, without drawings, comments and other commands."""
    look, is_drawing, at = _Look(), False, 0
    yield from _change(look, style)
    look = style
    for block in BLOCK.finditer(text):
        if not is_drawing:
            yield text[at : block.start()]
        at = block.end()
        for command in COMMAND.finditer(block[1]):
            if command[3]:
                is_drawing = int(command[3]) > 0
                continue
            changed = _changed(look, command, style, looks)
            yield from _change(look, changed)
            look = changed
    if not is_drawing:
        yield text[at:]
    yield from _change(look, _Look())


def _changed(look: _Look, command: "re.Match[str]", style: _Look, looks: Mapping[str, _Look]) -> _Look:
    """The look after a command: one without a number, as after ``\\r``, means what the style has."""
    if command[4]:
        return looks.get(command[5].strip(), style)
    name, number = command[1], command[2]
    is_on = getattr(style, name) if not number else int(number) >= (BOLD if len(number) > 1 else 1)
    return look._replace(**{name: is_on})


def _change(before: _Look, after: _Look) -> Iterator[str]:
    for name in reversed(before._fields):
        if getattr(before, name) and not getattr(after, name):
            yield f"</{name}>"
    for name in after._fields:
        if getattr(after, name) and not getattr(before, name):
            yield f"<{name}>"


def _plane(info: Mapping[str, str]) -> tuple[float, float]:
    """Width and height of the plane on which the file places its lines."""
    sizes = (str(info.get(name, "")) for name in ("PlayResX", "PlayResY"))
    width, height = (float(size) if re.fullmatch(r"\d+", size) else 0.0 for size in sizes)
    return (width or PLANE[0], height or PLANE[1])


def _alignment(text: str, of_style: int, plane: tuple[float, float]) -> int:
    """By the position that the line gives, by its alignment, or by its style's."""
    if position := POSITION.search(text):
        column, row = (
            min(2, max(0, int(3 * float(at) / size))) for at, size in zip(position.groups(), plane, strict=True)
        )
        return 3 * (2 - row) + column + 1
    return subrip.alignment_of(text) if subrip.PLACE.search(text) else of_style
