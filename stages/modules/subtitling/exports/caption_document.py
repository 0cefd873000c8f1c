"""Cues as a document of ttconv: the model from which it writes TTML and SCC."""

from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import Any

from subtitling import markup
from subtitling.cues import Cue

MARGIN, FULL = 10, 100  # per cent of the picture


def document(cues: Sequence[Cue], language: str) -> Any:
    """A paragraph for each cue, in a region for each place in the picture."""
    from ttconv import model
    from ttconv.imsc.designators import IMSC_11_TEXT_PROFILE_DESIGNATOR

    made = model.ContentDocument()
    made.set_content_profiles({IMSC_11_TEXT_PROFILE_DESIGNATOR})
    if language and language != "und":
        made.set_lang(language)
    regions = {alignment: _region(made, alignment) for alignment in sorted({cue.alignment for cue in cues})}
    body, division = model.Body(made), model.Div(made)
    for cue in cues:
        division.push_child(_paragraph(made, cue, regions[cue.alignment]))
    body.push_child(division)
    made.set_body(body)
    return made


def _region(document: Any, alignment: int) -> Any:
    from ttconv import model
    from ttconv import style_properties as styles

    def share(value: int) -> Any:
        return styles.LengthType(value, styles.LengthType.Units.pct)

    rows = (styles.DisplayAlignType.after, styles.DisplayAlignType.center, styles.DisplayAlignType.before)
    columns = (styles.TextAlignType.start, styles.TextAlignType.center, styles.TextAlignType.end)
    region = model.Region(f"an{alignment}", document)
    # A band of the picture, so that a reader finds the row by the region's place alone.
    row, third = (alignment - 1) // 3, (FULL - 2 * MARGIN) // 3
    top = MARGIN + (2 - row) * third
    region.set_style(styles.StyleProperties.Origin, styles.CoordinateType(share(MARGIN), share(top)))
    extent = styles.ExtentType(height=share(FULL - MARGIN - top if row == 0 else third), width=share(FULL - 2 * MARGIN))
    region.set_style(styles.StyleProperties.Extent, extent)
    region.set_style(styles.StyleProperties.DisplayAlign, rows[row])
    region.set_style(styles.StyleProperties.TextAlign, columns[(alignment - 1) % 3])
    region.set_style(styles.StyleProperties.ShowBackground, styles.ShowBackgroundType.whenActive)
    document.put_region(region)
    return region


def _paragraph(document: Any, cue: Cue, region: Any) -> Any:
    from ttconv import model

    paragraph = model.P(document)
    paragraph.set_begin(Fraction(cue.start, 1000))
    paragraph.set_end(Fraction(cue.end, 1000))
    paragraph.set_region(region)
    if cue.language:
        paragraph.set_lang(cue.language)
    for number, line in enumerate(markup.balance(cue.lines, [])):
        if number:
            paragraph.push_child(model.Br(document))
        for text, tags in _pieces(line):
            paragraph.push_child(_span(document, text, tags))
    return paragraph


def _pieces(line: str) -> Iterable[tuple[str, frozenset[str]]]:
    """The text between our tags, with those that are open there."""
    opened, at = set[str](), 0
    for tag in [*markup.TAG.finditer(line), None]:
        if text := line[at : tag.start() if tag else len(line)]:
            yield text, frozenset(opened)
        if tag:
            at = tag.end()
            name = tag[0].strip("</>")
            opened = opened - {name} if tag[0].startswith("</") else opened | {name}


def _span(document: Any, text: str, tags: frozenset[str]) -> Any:
    from ttconv import model
    from ttconv import style_properties as styles

    span = model.Span(document)
    if "i" in tags:
        span.set_style(styles.StyleProperties.FontStyle, styles.FontStyleType.italic)
    if "b" in tags:
        span.set_style(styles.StyleProperties.FontWeight, styles.FontWeightType.bold)
    if "u" in tags:
        span.set_style(styles.StyleProperties.TextDecoration, styles.TextDecorationType(underline=True))
    span.push_child(model.Text(document, text))
    return span
