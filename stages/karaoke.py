# /// script
# [tool.pipeline.stage]
# environment = "common"
# modules = ["subtitling"]
# inputs = ["subtitles", "transcript"]
# [tool.pipeline.stage.parameters]
# format = "karaoke-ass"
# [tool.pipeline.stage.outputs]
# file = "*.*"
# ///
"""Write subtitles in which each word has the time at which it is spoken or sung: ``en.karaoke.ass``.

Inputs: ``subtitles``, whose text and cues count, also where a person has edited them; ``transcript``, whose words have
the times. A word that isn't among those that were heard, as in a translation, gets a share of the time by its length,
and a warning says so.

Parameter: ``format``, ``karaoke-ass`` (SubStation's ``\\k``) or ``karaoke-vtt`` (WebVTT's time stamps).
"""

import json

import stagekit
from subtitling import reader
from subtitling.exports import word_times
from subtitling.exports.export_formats import EXPORT_FORMATS
from subtitling.exports.written_file import ExportOptions


def run(stage: stagekit.Stage) -> None:
    """Give each word of each cue its time."""
    source, kind = stage.input("subtitles"), stage.parameters["format"]
    target = EXPORT_FORMATS[kind]
    with stage.input("transcript").open(encoding="utf-8") as file:
        words = word_times.of_transcript(json.load(file))
    written = target.write(reader.read(source).cues, ExportOptions(words=words))
    for note in written.notes:
        stage.warn(f"{kind}: {note}")
    stage.output("file", f"{source.stem}.{target.suffix}").write_bytes(written.data)
