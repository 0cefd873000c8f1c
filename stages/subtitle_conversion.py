# /// script
# [tool.pipeline.stage]
# environment = "common"
# modules = ["subtitling"]
# inputs = ["subtitles"]
# [tool.pipeline.stage.parameters]
# format = "ttml"
# language = ""
# frame_rate = 0
# [tool.pipeline.stage.outputs]
# file = "*.[!j]*"
# report = "report.json"
# ///
"""Write subtitles in another format: for players, for broadcasters, or to be read.

Input: ``subtitles``, a file in any format that is read. The output is called as that, with the format's suffix.

Parameters: ``format``, one of srt, vtt, ass, ttml (IMSC 1.1), scc, stl (of the EBU), microdvd, txt, karaoke-ass and
karaoke-vtt; ``language`` of the text, else what the name begins with, or the file says; ``frame_rate`` (``25`` or
``24000/1001``) for formats that count frames. The words of karaoke have the times that the file says.

Warnings say what the new file doesn't have. What no warning can make good, as letters that the format lacks, is an
error. ``report.json``: ``cues``, their number, and ``notes``, the warnings.
"""

import json
from collections.abc import Sequence

import stagekit
from subtitling import frame_clock, reader, style_profiles
from subtitling.exports.export_formats import EXPORT_FORMATS
from subtitling.exports.written_file import ExportOptions, Unwritable, counted

ADVICE = "pipeline subtitles convert --help   names the formats"


def run(stage: stagekit.Stage) -> None:
    """Read, write, and tell what was lost."""
    source, wish = stage.input("subtitles"), stage.parameters
    if wish["format"] not in EXPORT_FORMATS:
        raise stagekit.StageFailed(f"no format {wish['format']!r}; there are: {', '.join(EXPORT_FORMATS)}")
    target = EXPORT_FORMATS[wish["format"]]
    try:
        rate = frame_clock.clock_of_rate(wish["frame_rate"]).rate
        found = reader.read(source, wish["language"], float(rate) if rate else None)
    except (reader.Unreadable, ValueError) as error:
        raise stagekit.InputUnusable(f"{source} can't be read: {error}\n{ADVICE}") from None
    language = wish["language"] or found.language or source.name.partition(".")[0]
    options = ExportOptions(language, rate, style_profiles.is_right_to_left(language), source.stem, found.words)
    cues = [cue for cue in found.cues if cue.text.strip()]
    try:
        written = target.write(cues, options)
    except Unwritable as error:
        raise stagekit.InputUnusable(f"{source} can't be written as {wish['format']}: {error}\n{ADVICE}") from None
    late = counted([cue for cue in cues if cue.end <= cue.start], "ended before they began")
    notes = [*found.notes, *late, *_lost_words(found, wish["format"]), *found.losses, *written.notes]
    for note in notes:
        stage.warn(f"{wish['format']}: {note}")
    stage.output("file", f"{source.stem}.{target.suffix}").write_bytes(written.data)
    told = json.dumps({"cues": len(cues), "notes": notes}, ensure_ascii=False, indent=1)
    stage.output("report").write_text(f"{told}\n", encoding="utf-8")


def _lost_words(found: reader.SubtitleFile, kind: str) -> Sequence[str]:
    """A note, where a karaoke file loses what makes it one."""
    karaoke = [each for each in EXPORT_FORMATS if each.startswith("karaoke")]
    return (
        [f"lost the times of words ({' and '.join(karaoke)} have them)"] if found.words and kind not in karaoke else []
    )
