# /// script
# [tool.pipeline.stage]
# environment = "common"
# modules = ["subtitling"]
# inputs = ["document", "subtitles"]
# [tool.pipeline.stage.outputs]
# document = "*.json"
# ///
"""Write a transcript or a translation with the names that its speakers have in the subtitles.

Inputs: ``document``, whose segments say who speaks; ``subtitles``, WebVTT as a person may have edited it, of one or
several languages, of which that of the document counts. Where there is none, the document stays as it is.
"""

import json
from pathlib import Path

import stagekit
from subtitling import speaker_names, told_cues


def run(stage: stagekit.Stage) -> None:
    """All but the names of speakers is as it was."""
    source = stage.input("document")
    document = json.loads(source.read_text(encoding="utf-8"))
    language = document["language"]
    fitting = [file for file in stage.inputs("subtitles") if language_of(file) == language]
    if fitting:
        cues = told_cues.of_own_file(fitting[0], language)
        document = {**document, "segments": speaker_names.named(document["segments"], cues)}
    elif any(segment.get("speaker") for segment in document["segments"]):
        stage.warn(f"there are no subtitles in its language, {language}, by which speakers could be named")
    written = json.dumps(document, ensure_ascii=False, allow_nan=False, indent=1)
    stage.output("document", source.name).write_text(f"{written}\n", encoding="utf-8")


def language_of(file: Path) -> str:
    """``en`` of ``en.forced.vtt``."""
    return file.name.partition(".")[0]
