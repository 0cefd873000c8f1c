# /// script
# [tool.pipeline.stage]
# environment = "whisper"
# modules = ["languages", "recognition"]
# inputs = ["audio"]
# models = ["recognizer"]
# start = ["worker", "cold"]
# [tool.pipeline.stage.parameters]
# language = "auto"
# strict_language = false
# [tool.pipeline.stage.outputs]
# transcript = "transcript.json"
# text = "transcript.txt"
# [tool.pipeline.stage.ensure.transcript]
# schema = "config/schemas/transcript.json"
# at_least = {"coverage.share" = 0.6, "coverage.weaker_half" = 0.5}
# [tool.pipeline.stage.resources]
# cpus = "all"
# gpus = 1
# cpu_will_do = true
# ///
"""Recognise speech with faster-whisper.

``transcript.json``: language (a Whisper code; ``und`` where nothing was said and none was given), segments with words,
where speech was found, how much of it got words, and recognised text that was dropped. Times are seconds from the
start of the audio, rounded to milliseconds, and never go back. A word keeps its leading space, so that joining words
gives text in any script. ``transcript.txt``: the text alone, in paragraphs.

Speech is found first, cut at its pauses into windows, and as many windows as there are CPUs are recognised at a time.
One process does it all, so that they share one copy of the model, need no files, and wait for no other process.
"""

import stagekit
from recognition import speech_to_text, transcripts


def run(stage: stagekit.Stage) -> None:
    """Transcribe the audio and write both files."""
    recognition = speech_to_text.recognise(stage, stage.parameters["language"], speech_to_text.TRANSCRIBE)
    check = recognition.check
    transcript = transcripts.document(recognition.result, recognition.activity.speech, recognition.origin, check.notes)
    for note in transcript["notes"]:
        stage.warn(note)
    shares = {"languages": transcript["languages"]} if "languages" in transcript else {}
    stage.about(
        engine=transcript["engine"],
        language=transcript["language"],
        content=transcript["content"],
        notes=transcript["notes"],
        **check.facts,
        **shares,
    )
    transcripts.save(transcript, stage.output("transcript"), stage.output("text"))
