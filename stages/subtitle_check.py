# /// script
# [tool.pipeline.stage]
# environment = "common"
# modules = ["subtitling"]
# inputs = ["subtitles"]
# [tool.pipeline.stage.parameters]
# style = "netflix"
# language = ""
# languages = []
# frame_rate = 0
# [tool.pipeline.stage.outputs]
# checks = "checks.json"
# ///
"""Check subtitle files of any origin against a style.

``checks.json``: a list with an entry for each file, in order. ``file`` is its path; ``problem`` is the reason why it
can't be read, or ``null``, and then there are ``format``, ``encoding``, and the keys of subtitle_generation's
``report.json``. If a parameter is invalid, it is an object instead, whose ``wrong`` gives the reason: that is no fault
of a file, nor of the stage.

The parameters are those of subtitle_generation. ``languages``: those that the names of the files say, a code or
nothing for each; they count where there is no ``language``.
"""

import json
from pathlib import Path

import langcodes
import stagekit
from subtitling import frame_clock, lint_report, reader, style_profiles


class InvalidParameter(Exception):
    """An invalid parameter; the message lists the valid values."""


def run(stage: stagekit.Stage) -> None:
    """Check each file. One that can't be read gets an entry with the reason, and the others are checked."""
    style, language, rate = (stage.parameters[name] for name in ("style", "language", "frame_rate"))
    checks: object
    try:
        _require_known(style, language)
        clock = _clock(rate)
        files = stage.inputs("subtitles")
        named = stage.parameters["languages"] or [""] * len(files)
        checks = [check(path, style, language or own, clock) for path, own in zip(files, named, strict=True)]
    except InvalidParameter as error:
        checks = {"wrong": str(error)}
    stage.output("checks").write_text(json.dumps(checks, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def _require_known(style: str, language: str) -> None:
    if style not in style_profiles.STYLES:
        raise InvalidParameter(f"no style {style!r}; there are: {', '.join(style_profiles.STYLES)}")
    if language and not langcodes.tag_is_valid(language):
        raise InvalidParameter(f"{language!r} is no language code, such as en, es or zh-TW")


def _clock(frame_rate: float | str) -> frame_clock.FrameClock:
    try:
        return frame_clock.clock_of_rate(frame_rate)
    except ValueError as error:
        raise InvalidParameter(str(error)) from None


def check(path: Path, style: str, language: str, clock: frame_clock.FrameClock) -> dict:
    """A file's entry."""
    try:
        subtitles = reader.read(path, language, clock.rate and float(clock.rate), tags="raw")
    except reader.Unreadable as error:
        return {"file": str(path), "problem": str(error)}
    except OSError as error:
        return {"file": str(path), "problem": f"it can't be read: {error.strerror}"}
    language = language or subtitles.language
    report = lint_report.report(subtitles.cues, style_profiles.profile_of(style, language), language, clock)
    return {"file": str(path), "problem": None, "format": subtitles.format, "encoding": subtitles.encoding} | {
        "confidence": round(subtitles.confidence, 3),
        "notes": list(subtitles.notes),
        "left_out": subtitles.left_out,
        **report,
    }
