# /// script
# [tool.pipeline.stage]
# environment = "common"
# modules = ["subtitling"]
# inputs = ["subtitles"]
# [tool.pipeline.stage.parameters]
# style = "netflix"
# language = ""
# frame_rate = 0
# [tool.pipeline.stage.outputs]
# checks = "checks.json"
# ///
"""Check subtitle files, also those that were made elsewhere, against a style.

``checks.json``: a list with an entry for each file, in order. ``file`` is its path, ``problem`` why it can't be read or
``null``; if it can, ``format``, ``encoding``, and what ``report.json`` of subtitle_generation has. Where a parameter
can't be, it is an object instead, whose ``wrong`` says why: that is no fault of a file, nor of the stage.

Parameters as those of subtitle_generation. Without ``language``, it is that of the file's name (``movie.pl.srt``).
"""

import json
from pathlib import Path

import langcodes
import stagekit
from subtitling import frame_clock, lint_report, reader, style_profiles


class Wrong(Exception):
    """A parameter that can't be; the message says which there are."""


def run(stage: stagekit.Stage) -> None:
    """A file that can't be read is an entry that says so, and doesn't stop the others."""
    style, language, rate = (stage.parameters[name] for name in ("style", "language", "frame_rate"))
    found: object
    try:
        _require_known(style, language)
        clock = _clock(rate)
        found = [check(path, style, language or language_of(path), clock) for path in stage.inputs("subtitles")]
    except Wrong as error:
        found = {"wrong": str(error)}
    stage.output("checks").write_text(json.dumps(found, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def _require_known(style: str, language: str) -> None:
    if style not in style_profiles.STYLES:
        raise Wrong(f"no style {style!r}; there are: {', '.join(style_profiles.STYLES)}")
    if language and not langcodes.tag_is_valid(language):
        raise Wrong(f"{language!r} is no language code, such as en, es or zh-TW")


def _clock(frame_rate: float | str) -> frame_clock.Clock:
    try:
        return frame_clock.clock(frame_rate)
    except ValueError as error:
        raise Wrong(str(error)) from None


def check(path: Path, style: str, language: str, clock: frame_clock.Clock) -> dict:
    try:
        found = reader.read(path, language, clock.rate and float(clock.rate), tags="raw")
    except reader.Unreadable as error:
        return {"file": str(path), "problem": str(error)}
    except OSError as error:
        return {"file": str(path), "problem": f"it can't be read: {error.strerror}"}
    report = lint_report.report(found.cues, style_profiles.profile(style, language), language, clock)
    return {"file": str(path), "problem": None, "format": found.format, "encoding": found.encoding, **report}


def language_of(path: Path) -> str:
    """``pl`` of ``movie.pl.srt``; nothing where that part of the name is no language."""
    parts = path.name.split(".")
    tag = parts[-2] if len(parts) > 2 else ""
    return tag if tag.isascii() and len(tag) >= 2 and langcodes.tag_is_valid(tag) else ""
