# /// script
# [tool.pipeline.stage]
# environment = "common"
# modules = ["subtitling"]
# inputs = ["transcript"]
# [tool.pipeline.stage.parameters]
# style = "netflix"
# language = ""
# frame_rate = 0
# keep_cues = false
# [tool.pipeline.stage.outputs]
# srt = "*.srt"
# vtt = "*.vtt"
# ass = "*.ass"
# report = "report.json"
# [tool.pipeline.stage.ensure.report]
# schema = "config/schemas/subtitle_report.json"
# ///
"""Turn a transcript into subtitles: SubRip, WebVTT and SubStation Alpha, named by their language (``en.srt``).

A segment of the transcript has words with times, or a text alone, whose words then share its time by their length: a
translation is cut anew like this. Its ``spans``, pairs of seconds, say when that is spoken, if not all the time.

Parameters: ``style`` (``netflix`` or ``bbc``), ``language`` (the transcript's, unless given), ``frame_rate`` (``25`` or
``24000/1001``, where cues begin and end with frames; 0 where it isn't known, or varies), ``keep_cues`` (each segment is
a cue that exists: it keeps its times and gets lines of the style's length, as many as it takes).

``report.json``: how many cues there are, the share of them that leaves too little time to read, and each rule of the
style that one breaks. Lines too long, two cues at once and cues without text are never left, and more than two
lines only in cues that are kept: see the post-condition.
"""

import json
from typing import Any

import stagekit
from subtitling import cue_segmentation, existing_cues, frame_clock, lint_report, style_profiles, timed_words, writer
from subtitling.cues import Cue

SHOWN = 5  # numbers of cues


def run(stage: stagekit.Stage) -> None:
    """Cut, time, check and write; valid files without a cue where nothing was said."""
    with stage.input("transcript").open(encoding="utf-8") as file:
        transcript = json.load(file)
    language = stage.parameters["language"] or transcript["language"]
    profile, clock = chosen(stage.parameters["style"], language, stage.parameters["frame_rate"])
    kept = stage.parameters["keep_cues"]
    cues = cues_of(transcript, profile, language, None if kept else clock)
    for kind in writer.FORMATS:
        writer.save(cues, stage.output(kind, f"{language}.{kind}"), kind, profile.right_to_left)
    report = lint_report.report(cues, profile, language, clock) | {"kept": kept}
    tell(stage, report)
    stage.output("report").write_text(json.dumps(report, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def tell(stage: stagekit.Stage, report: dict[str, Any]) -> None:
    if not report["cues"]:
        stage.warn("the transcript is empty, so the subtitles have no cue")
    if tall := [each["cues"][0] for each in report["violations"] if each["rule"] == "lines"]:
        shown = ", ".join(map(str, tall[:SHOWN])) + (f" and {len(tall) - SHOWN} more" if len(tall) > SHOWN else "")
        stage.warn(f"the text of cue {shown} takes more lines than {report['style']} allows; --recut cuts it anew")


def cues_of(
    transcript: dict[str, Any], profile: style_profiles.Profile, language: str, clock: frame_clock.Clock | None
) -> list[Cue]:
    """Cut anew and timed by a clock; without one, as they are, in other lines."""
    if clock is None:
        return existing_cues.cues(transcript["segments"], profile, language)
    duration = round(transcript["duration_s"] * 1000)
    return cue_segmentation.cues(timed_words.of_transcript(transcript, profile), profile, language, clock, duration)


def chosen(style: str, language: str, frame_rate: float | str) -> tuple[style_profiles.Profile, frame_clock.Clock]:
    """Raises ``StageFailed`` where there is no such style or rate."""
    try:
        return style_profiles.profile(style, language), frame_clock.clock(frame_rate)
    except KeyError:
        raise stagekit.StageFailed(f"no style {style!r}; there are: {', '.join(style_profiles.STYLES)}") from None
    except ValueError as error:
        raise stagekit.StageFailed(str(error)) from None
