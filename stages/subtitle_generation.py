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
# flags = ""
# [tool.pipeline.stage.outputs]
# srt = "*.srt"
# vtt = "*.vtt"
# ass = "*.ass"
# report = "report.json"
# [tool.pipeline.stage.ensure.report]
# schema = "config/schemas/subtitle_report.json"
# ///
"""Turn a transcript into subtitles: SubRip, WebVTT and SubStation Alpha, named by their language (``en.srt``).

``flags`` say what the subtitles are for, and stand in the names, too: ``forced,sdh`` gives ``en.forced.sdh.srt``.

A segment of the transcript has words with times, or only text, as a translation has; then the words share its time by
their length. Its ``spans``, pairs of seconds, say when that text is spoken, if not all the time.

Parameters: ``style`` (``netflix`` or ``bbc``), ``language`` (the transcript's if empty), ``frame_rate`` (``25`` or
``24000/1001``: cues start and end with frames; 0 if it isn't known, or varies), ``keep_cues`` (each segment is an
existing cue: it keeps its times, and gets as many lines of the style's length as it needs). A segment with an
``alignment`` (on a keypad of numbers) above the bottom row is a sign or the like, and always keeps its times and place;
so does one that begins while another one is spoken.

``report.json``: the number of cues, the share of them that is too fast to read, and each violation of the style's
rules. There are never lines that are too long, or cues without text, and more than two lines, or cues that overlap in
one row of the picture, only in existing cues: see the post-condition.
"""

import json
from typing import Any

import stagekit
from subtitling import cue_segmentation, existing_cues, frame_clock, lint_report, style_profiles, timed_words, writer
from subtitling.cues import BOTTOM_CENTRE, Cue

SHOWN = 5  # numbers of cues
AT_ONCE = 0.5  # seconds of speech that are left when something else begins
LAST_OF_BOTTOM = 3  # the highest alignment in the bottom row


def run(stage: stagekit.Stage) -> None:
    """Cut, time, check and write; without any text, the files are valid and have no cue."""
    with stage.input("transcript").open(encoding="utf-8") as file:
        transcript = json.load(file)
    language = stage.parameters["language"] or transcript["language"]
    profile, clock = profile_and_clock(stage.parameters["style"], language, stage.parameters["frame_rate"])
    kept = stage.parameters["keep_cues"]
    placed, spoken = (transcript["segments"], []) if kept else divide(transcript["segments"])
    cues = existing_cues.cues_of_segments(placed, profile, language)
    cues += cues_of({**transcript, "segments": spoken}, profile, language, clock)
    cues.sort(key=lambda cue: (cue.start, cue.end))
    name = ".".join([language, *(flag for flag in stage.parameters["flags"].split(",") if flag)])
    for kind in writer.FORMATS:
        writer.save(cues, stage.output(kind, f"{name}.{kind}"), kind, profile.right_to_left)
    report = lint_report.report(cues, profile, language, clock) | {"kept": bool(kept or placed)}
    warn(stage, report)
    stage.output("report").write_text(json.dumps(report, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def warn(stage: stagekit.Stage, report: dict[str, Any]) -> None:
    """Warnings for no cue, and for cues with too many lines."""
    if not report["cues"]:
        stage.warn("the transcript is empty, so the subtitles have no cue")
    if tall := [each["cues"][0] for each in report["violations"] if each["rule"] == "lines"]:
        shown = ", ".join(map(str, tall[:SHOWN])) + (f" and {len(tall) - SHOWN} more" if len(tall) > SHOWN else "")
        stage.warn(f"the text of cue {shown} takes more lines than {report['style']} allows; --recut makes new cues")


def divide(segments: list[dict[str, Any]]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The segments that are shown beside speech and keep their times, and the speech itself.

    They stand above the bottom of the picture, as signs do, or begin long before the speech is over: interjections.
    """
    placed, spoken, until = list[dict[str, Any]](), list[dict[str, Any]](), 0.0
    for segment in segments:
        is_above = segment.get("alignment", BOTTOM_CENTRE) > LAST_OF_BOTTOM
        if is_above or ("words" not in segment and segment["start"] < until - AT_ONCE):
            placed.append(segment)
        else:
            spoken.append(segment)
            until = max(until, segment["end"] if "words" not in segment else 0.0)
    return placed, spoken


def cues_of(
    transcript: dict[str, Any], profile: style_profiles.StyleProfile, language: str, clock: frame_clock.FrameClock
) -> list[Cue]:
    """Cues cut from the words and timed by a clock."""
    duration = round(transcript["duration_s"] * 1000)
    words = timed_words.of_transcript(transcript, profile)
    return cue_segmentation.cues_of_words(words, profile, language, clock, duration)


def profile_and_clock(
    style: str, language: str, frame_rate: float | str
) -> tuple[style_profiles.StyleProfile, frame_clock.FrameClock]:
    """The style's limits and the movie's clock. Raises ``StageFailed`` for an unknown style or an invalid rate."""
    try:
        return style_profiles.profile_of(style, language), frame_clock.clock_of_rate(frame_rate)
    except KeyError:
        raise stagekit.StageFailed(f"no style {style!r}; there are: {', '.join(style_profiles.STYLES)}") from None
    except ValueError as error:
        raise stagekit.StageFailed(str(error)) from None
