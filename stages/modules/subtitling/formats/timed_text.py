"""TTML, SCC and EBU STL, read with ttconv into one model of who is shown where, from moment to moment.

ttconv is by the people who write the standards of timed text, pure Python, and knows what a regular expression can't:
ticks and frames, durations that nest, drop frames, the codes of captions, styles that are inherited.
"""

import io
import logging
import re
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any
from xml.etree import ElementTree

from subtitling import markup
from subtitling.cues import BOTTOM_CENTRE, Cue
from subtitling.formats import ttml_repair
from subtitling.formats.parsed_file import OPEN_END, ParsedFile, ReadingOptions, Unreadable

OLD_NAMESPACES = re.compile(r"http://www\.w3\.org/(?:\d{4}/(?:04|10)/ttaf1|ns/ttml)(?=[\"'#])")
NAMESPACE = "http://www.w3.org/ns/ttml"
IMAGE = re.compile(r"backgroundImage|<(?:\w+:)?image\b")
LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"
TOP, MIDDLE = 8, 5
SCC_LINE = 80 / 15  # per cent of the picture that a line of captions takes
STL_HEAD, STL_BLOCK, STL_FIELD = 1024, 128, 16  # bytes: of the heading, of a block, and before a block's text
STL_EXTENSION, STL_SET, STL_LAST = 3, 4, b"\xff"  # places in a block, and what the last block of a subtitle has there
STL_CODE_SPACES = re.compile(rb" *([\x00-\x1f\x80-\x85]) *")


def ttml(text: str, options: ReadingOptions) -> ParsedFile:  # noqa: ARG001  # the readers' common form
    """Any profile of TTML, those of before its first standard included. Raises ``Unreadable``."""
    from ttconv.imsc import reader

    try:
        text = OLD_NAMESPACES.sub(NAMESPACE, re.sub(r"^\s*<\?xml[^>]*\?>", "", text))
        root = ElementTree.fromstring(re.sub(r"^\s*<tt(?![^>]*\sxmlns=)(?=[\s>])", f'<tt xmlns="{NAMESPACE}"', text))
    except ElementTree.ParseError as error:
        raise Unreadable(f"it can't be read as ttml: {error}") from error
    unread = ttml_repair.repair(root)
    documents = [ElementTree.ElementTree(part) for part in ttml_repair.parts(root)]
    cues = [cue for document in documents for cue in _cues(partial(reader.to_model, document), "ttml")]
    cues.sort(key=lambda cue: (cue.start, cue.end))
    if not cues and IMAGE.search(text):
        raise Unreadable("it holds pictures, not text")
    return ParsedFile(cues, root.get(LANGUAGE, ""), unread=unread)


def scc(text: str, options: ReadingOptions) -> ParsedFile:  # noqa: ARG001
    """Captions of CEA-608 as Scenarist writes them. Raises ``Unreadable``."""
    from ttconv.scc import reader

    return ParsedFile(_cues(lambda: reader.to_model(text), "scc", SCC_LINE))


def stl(data: bytes) -> ParsedFile:
    """EBU STL, which is binary; times count from the programme's start. Raises ``Unreadable``."""
    from ttconv.stl import reader
    from ttconv.stl.config import STLReaderConfiguration

    config = STLReaderConfiguration(program_start_tc="TCP")
    return ParsedFile(_cues(lambda: reader.to_model(io.BytesIO(_for_ttconv(data)), config), "EBU STL"))


def _for_ttconv(data: bytes) -> bytes:
    """A file from which ttconv leaves out nothing."""
    blocks = [data[at : at + STL_BLOCK] for at in range(STL_HEAD, len(data), STL_BLOCK)]
    return data[:STL_HEAD] + b"".join(_with_bare_codes(block) for block in _with_overlaps(blocks))


def _with_bare_codes(block: bytes) -> bytes:
    """Without the spaces beside control codes: ttconv drops those and makes a space of each code instead."""
    field = STL_CODE_SPACES.sub(rb"\1", block[STL_FIELD:]).ljust(STL_BLOCK - STL_FIELD, b"\x8f")
    return block[:STL_FIELD] + field


def _with_overlaps(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """ttconv delays what overlaps, and may leave it out, unless it begins a cumulative set."""
    last_end = b""
    for block in blocks:
        is_last = block[STL_EXTENSION : STL_EXTENSION + 1] == STL_LAST
        start, end = block[5:9], block[9:13]
        is_alone = block[STL_SET : STL_SET + 1] == b"\0"
        yield block[:STL_SET] + b"\1" + block[STL_SET + 1 :] if is_last and is_alone and start < last_end else block
        last_end = max(last_end, end) if is_last else last_end


def _cues(model: Callable[[], Any], kind: str, line: float = 0.0) -> list[Cue]:
    """A cue for each text at a place, from the moment it appears until it is gone.

    ``line``: per cent of the picture for a line of text, where a text says its place by its first line.
    """
    from ttconv.isd import ISD

    logging.getLogger("ttconv").setLevel(
        logging.CRITICAL + 1
    )  # what it can't understand is a style, and no matter here
    try:
        document = model()
        moments = list(ISD.generate_isd_sequence(document)) if document is not None else []
    except Exception as error:  # parsers raise errors of any kind for a broken file
        raise Unreadable(f"it can't be read as {kind}: {error or type(error).__name__}") from error
    shown: dict[tuple[str, int], int] = {}  # the start of what is on the screen, by text and alignment
    cues, at = [], 0
    for offset, moment in moments:
        at = round(offset * 1000)
        now = dict.fromkeys(_texts(moment, line))
        cues += [Cue(start, at, key[0], alignment=key[1]) for key, start in shown.items() if key not in now]
        shown = {key: shown.get(key, at) for key in now}
    cues += [Cue(start, start + OPEN_END, key[0], alignment=key[1]) for key, start in shown.items()]
    return sorted(cues, key=lambda cue: (cue.start, cue.end))


def _texts(moment: Any, line_height: float) -> Iterator[tuple[str, int]]:
    """Text and alignment of each paragraph that is on the screen."""
    from ttconv import model

    for region in moment.iter_regions():
        for paragraph in (each for each in region.dfs_iterator() if isinstance(each, model.P)):
            text = "".join(_pieces(paragraph))
            alignment = _alignment(region, text.strip().count("\n") * line_height)
            if text.strip():
                (balanced,) = markup.balance([markup.merged(text)])
                yield "\n".join(line.strip() for line in balanced.split("\n")), alignment


def _pieces(paragraph: Any) -> Iterator[str]:
    from ttconv import model

    for each in paragraph.dfs_iterator():
        if isinstance(each, model.Br):
            yield "\n"
        elif isinstance(each, model.Text):
            tags = _tags(each.parent())
            opening = "".join(f"<{tag}>" for tag in tags)
            yield opening + _read_aloud(each) + "".join(f"</{tag}>" for tag in reversed(tags))


def _read_aloud(text: Any) -> str:
    """A text; the reading of a ruby stands in brackets behind its base, and needs no brackets of the file's own."""
    from ttconv import model

    element = text.parent()
    while element is not None and not isinstance(element, model.P):
        if isinstance(element, model.Rp):
            return ""
        if isinstance(element, model.Rt):
            return f"({text.get_text()})"
        element = element.parent()
    return str(text.get_text())


def _tags(span: Any) -> list[str]:
    from ttconv.style_properties import FontStyleType, FontWeightType, StyleProperties

    tags = []
    if span.get_style(StyleProperties.FontStyle) in (FontStyleType.italic, FontStyleType.oblique):
        tags.append("i")
    if span.get_style(StyleProperties.FontWeight) is FontWeightType.bold:
        tags.append("b")
    decoration = span.get_style(StyleProperties.TextDecoration)
    if decoration is not None and decoration.underline:
        tags.append("u")
    return tags


def _alignment(region: Any, below: float) -> int:
    """By the region's edge that its text stands at, and how far ``below`` that its last line is, in per cent. A file
    without regions leaves the place to players."""
    from ttconv.style_properties import DisplayAlignType, StyleProperties

    origin, extent = region.get_style(StyleProperties.Origin), region.get_style(StyleProperties.Extent)
    if region.get_id() == ttml_repair.DEFAULT_REGION or origin is None or extent is None:
        return BOTTOM_CENTRE
    share = {DisplayAlignType.before: 0.0, DisplayAlignType.center: 0.5}.get(
        region.get_style(StyleProperties.DisplayAlign), 1.0
    )
    down = origin.y.value + share * extent.height.value + (0.0 if share else below)
    return TOP if down < 34 else MIDDLE if down < 67 else BOTTOM_CENTRE
