"""SCC: the captions of CEA-608, which line 21 of a picture carries, two characters a frame. Written with ttconv.

ttconv leaves out a caption for which there is no time, and cuts letters off where it wraps lines; so captions are
wrapped, cut and delayed here, until there is nothing left for it to do.
"""

import textwrap
from collections.abc import Sequence
from fractions import Fraction

from subtitling import flattening, markup
from subtitling.cues import BOTTOM_CENTRE, Cue
from subtitling.exports import characters
from subtitling.exports.caption_document import document
from subtitling.exports.written_file import ExportOptions, Unwritable, WrittenFile, counted

LINE, LINES = 32, 4  # characters of a line, and lines of a caption
RATE = Fraction(30000, 1001)  # frames a second
CODES, CODES_OF_LINE, CODES_OF_END = 6, 5, 4  # frames that control codes take, and the spaces before a line
SHOWN = "942f 942f"  # the code that shows a caption


def scc(cues: Sequence[Cue], options: ExportOptions) -> WrittenFile:
    """Captions that appear whole (pop-on), in time code that drops frames. Raises ``Unwritable``."""
    from ttconv.scc import writer
    from ttconv.scc.config import SCCFrameRate, SccWriterConfiguration

    fitting, notes = characters.fitted((_plain(cue) for cue in flattening.one_at_a_time(cues)), _has)
    captions = [each for cue in fitting for each in _cut(cue)]
    timed, late, lost = _delayed(captions)
    config = SccWriterConfiguration(force_popon=True, allow_reflow=False, frame_rate=SCCFrameRate.FPS_2997_DF)
    text = writer.from_model(document(timed, options.language), config)
    if text.count(SHOWN) != len(timed):
        raise Unwritable(f"of its {len(timed)} captions only {text.count(SHOWN)} can be sent")
    told = [
        *notes,
        *counted([cue for cue in cues if cue.speaker], "lost who speaks"),
        *counted([cue for cue in cues if markup.TAG.search(cue.text)], "lost italics, bold or underlining"),
        *counted([cue for cue in cues if cue.alignment != BOTTOM_CENTRE], "moved to the bottom of the picture"),
        *counted(late, "delayed, since it takes time to send the text"),
        *_told_lost(cues, [each for each in captions if each not in lost], lost),
    ]
    return WrittenFile(f"{text.strip()}\n".encode("ascii"), told)


def _has(character: str) -> bool:
    from ttconv.scc.codes.characters import unicode_to_scc

    return character == " " or unicode_to_scc(character) != b" "


def _plain(cue: Cue) -> Cue:
    lines = [" ".join(line.split()) for line in markup.plain(cue.text).split("\n")]
    return cue._replace(text="\n".join(filter(None, lines)), alignment=BOTTOM_CENTRE, speaker="", language="")


def _cut(cue: Cue) -> list[Cue]:
    """Captions of lines that fit, which share the cue's time by their length."""
    lines = [part for line in cue.lines for part in textwrap.wrap(line, LINE) or []]
    if len(lines) > LINES:
        lines = textwrap.wrap(" ".join(lines), LINE)
    parts = ["\n".join(lines[at : at + LINES]) for at in range(0, len(lines), LINES)]
    whole, at, cut = sum(map(len, parts)), cue.start, list[Cue]()
    for part in parts:
        end = at + (cue.end - cue.start) * len(part) // whole
        cut.append(cue._replace(start=at, end=cue.end if len(cut) == len(parts) - 1 else end, text=part))
        at = end
    return cut


def _told_lost(cues: Sequence[Cue], sent: Sequence[Cue], lost: Sequence[Cue]) -> list[str]:
    """Notes on captions for which there is no time: of some cues none is sent, of others a moment or a part is lost.

    ``sent`` and ``lost``: captions with the times of the cues that they have the text of.
    """
    gone, beside, cut = list[Cue](), list[Cue](), list[Cue]()
    for cue in cues:
        missing = [each for each in lost if _is_of(cue, each)]
        if missing and not any(_is_of(cue, each) for each in sent):
            gone.append(cue)
        elif any(sum(_is_of(other, each) for other in cues) > 1 for each in missing):
            beside.append(cue)
        elif missing:
            cut.append(cue)
    return [
        *counted(gone, "left out, since there is no time to send the text"),
        *counted(beside, "hidden while overlapping another one, since there is no time to send both"),
        *counted(cut, "shown only in part, since there is no time to send the whole text"),
    ]


def _is_of(cue: Cue, caption: Cue) -> bool:
    """Whether the caption has the cue's text; what both are shown for may be too short for it to be told apart."""
    shared = min(cue.end, caption.end) - max(cue.start, caption.start)
    return shared >= min(flattening.SHORTEST, cue.end - cue.start, caption.end - caption.start) and shared > 0


def _delayed(captions: Sequence[Cue]) -> tuple[list[Cue], list[Cue], list[Cue]]:
    """Captions that can be sent before they are shown; those of them that are late; and those that can't be shown."""
    timed, late, lost = list[Cue](), list[Cue](), list[Cue]()
    before = 0  # the frame from which the next one can be sent
    for cue in captions:
        letters = sum(1 if character.isascii() else 3 for character in cue.text)  # bytes, of which a frame has two
        sending = CODES + CODES_OF_LINE * len(cue.lines) + letters // 2 + 1
        frame = max(int(cue.start * RATE / 1000), before + sending)
        start = max(cue.start, -int(-frame * 1000 / RATE))
        if start >= cue.end:
            lost.append(cue)
            continue
        before = frame + CODES_OF_END
        timed.append(cue._replace(start=start))
        late += [cue] if start > cue.start else []
    return timed, late, lost
