"""The text of cues that are split and joined (pure)."""

import re

from pipeline.subtitles.draft_cues import SPEAKERS, DraftCue

TAG = re.compile(r"</?([biu])>")
LINES = 2  # that a cue should have at most


def plain(text: str) -> str:
    """Without tags."""
    return TAG.sub("", text)


def parted(text: str, offset: int) -> tuple[str, str]:
    """The text before and after a place; a tag that is open there is closed and opened again."""
    for tag in TAG.finditer(text):
        if tag.start() < offset < tag.end():
            offset = tag.end()  # a tag is never cut
    first, second = text[:offset], text[offset:]
    opened: list[str] = []
    for tag in TAG.finditer(first):
        if not tag[0].startswith("</"):
            opened.append(tag[1])
        elif tag[1] in opened:
            opened.remove(tag[1])
    closing = "".join(f"</{name}>" for name in reversed(opened))
    opening = "".join(f"<{name}>" for name in opened)
    return first.rstrip() + closing, opening + second.lstrip()


def joined(first: DraftCue, second: DraftCue) -> tuple[str, str]:
    """Text and speaker of two cues that become one. Two who speak get a line each, with a dash."""
    if first.speaker and second.speaker and first.speaker != second.speaker and not _is_of_several(first, second):
        lines = [" ".join(cue.text.split("\n")) for cue in (first, second)]
        dashed = [line if line.startswith("-") else f"- {line}" for line in lines]
        return "\n".join(dashed), SPEAKERS.join((first.speaker, second.speaker))
    lines = [*first.text.split("\n"), *second.text.split("\n")]
    text = "\n".join(lines) if len(lines) <= LINES else "\n".join(_two_lines(" ".join(lines)))
    return text.replace("</i>\n<i>", "\n"), first.speaker or second.speaker


def _is_of_several(*cues: DraftCue) -> bool:
    return any(SPEAKERS in cue.speaker for cue in cues)


def _two_lines(text: str) -> list[str]:
    """Broken at the space that is nearest to the middle."""
    spaces = [found.start() for found in re.finditer(r" ", text)]
    if not spaces:
        return [text]
    middle = min(spaces, key=lambda place: abs(2 * place - len(text)))
    return [text[:middle], text[middle + 1 :]]
