# /// script
# [tool.pipeline.stage]
# environment = "common"
# modules = ["subtitling"]
# inputs = ["subtitles"]
# [tool.pipeline.stage.parameters]
# language = ""
# style = "netflix"
# frame_rate = 0
# cues = []
# [tool.pipeline.stage.outputs]
# cues = "cues.json"
# ///
"""The cues of subtitles that a stage of ours has written, or others, and the rules of the style that they break.

Input: ``subtitles``, a WebVTT file of ours, or none. Parameters: ``language`` of the text, ``style`` and
``frame_rate`` as in subtitle_generation. ``cues``: instead of the file, objects with ``start`` and ``end`` in seconds
and ``text``.

``cues.json``: ``cues``, and ``violations``, as in subtitle_generation's report; their cues are numbers from 1.
"""

import json

import stagekit
from subtitling import frame_clock, lint_report, style_profiles, told_cues


def run(stage: stagekit.Stage) -> None:
    """Read and check."""
    wish = stage.parameters
    language = wish["language"]
    files = stage.inputs("subtitles")
    cues = told_cues.of_own_file(files[0], language) if files else [told_cues.cue(each) for each in wish["cues"]]
    profile = style_profiles.profile_of(wish["style"], language)
    report = lint_report.report(cues, profile, language, frame_clock.clock_of_rate(wish["frame_rate"]))
    found = {"cues": [told_cues.told(cue) for cue in cues], "violations": report["violations"]}
    stage.output("cues").write_text(json.dumps(found, ensure_ascii=False) + "\n", encoding="utf-8")
