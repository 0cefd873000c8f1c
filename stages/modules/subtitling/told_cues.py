"""Cues as JSON has them, with seconds, and those of a WebVTT file that a stage of ours has written."""

import re
from pathlib import Path
from typing import Any

from subtitling import reader
from subtitling.cues import BOTTOM_CENTRE, Cue

ARROW = re.compile(r"-->[^\n]*\n(?:<lang ([^<>\s]+)>)?")


def cue(told: dict[str, Any]) -> Cue:
    """Of an object with ``start``, ``end`` and ``text``, and what else it says."""
    start, end = (round(told[name] * 1000) for name in ("start", "end"))
    optional = {name: told[name] for name in ("speaker", "alignment", "language") if name in told}
    return Cue(start, end, told["text"], **optional)


def told(cue: Cue) -> dict[str, Any]:
    """Without what goes without saying."""
    alignment = cue.alignment if cue.alignment != BOTTOM_CENTRE else 0
    more = {"speaker": cue.speaker, "language": cue.language, "alignment": alignment}
    shown = {"start": cue.start / 1000, "end": cue.end / 1000, "text": cue.text}
    return {**shown, **{name: value for name, value in more.items() if value}}


def of_own_file(path: Path, language: str) -> list[Cue]:
    """The cues with the languages that some say. Raises ``reader.Unreadable`` and ``OSError``."""
    cues = reader.read(path, language).cues
    said = [found[1] or "" for found in ARROW.finditer(path.read_text(encoding="utf-8"))]
    if len(said) != len(cues):
        return cues
    return [cue._replace(language=own) for cue, own in zip(cues, said, strict=True)]
