# /// script
# [tool.pipeline.stage]
# environment = "whisper"
# modules = ["recognition"]
# inputs = ["audio"]
# models = ["recognizer"]
# start = ["worker", "cold"]
# [tool.pipeline.stage.parameters]
# language = "auto"
# [tool.pipeline.stage.outputs]
# transcript = "transcript.json"
# text = "transcript.txt"
# [tool.pipeline.stage.ensure.transcript]
# schema = "config/schemas/transcript.json"
# at_least = {"coverage.share" = 0.6, "coverage.weaker_half" = 0.5}
# [tool.pipeline.stage.resources]
# cpus = "all"
# ///
"""Recognise speech with faster-whisper.

``transcript.json``: language (a Whisper code; ``und`` where nothing was said and none was given), segments with words,
where speech was found, how much of it got words, and what was recognised and not believed. Times are seconds from the
start of the audio, rounded to milliseconds, and never go back. A word keeps its leading space, so that joining words
gives text in any script. ``transcript.txt``: the text alone, in paragraphs.

Speech is found first, cut at its pauses, and recognised in as many pieces at once as there are CPUs. That is done in
one process since the pieces then share one copy of the model, need no file each, and wait for nobody to start.
"""

import stagekit
from recognition import listening, speech, transcripts, whisper, windows


def run(stage: stagekit.Stage) -> None:
    """Transcribe the audio and write both forms."""
    samples = whisper.read_audio(stage.input("audio"))
    duration = len(samples) / whisper.SAMPLE_RATE
    probabilities = whisper.speech_probabilities(samples, stage.cpus)
    spoken = speech.stretches(probabilities)
    ear = recogniser(stage, samples, len(windows.cut(spoken, probabilities, duration)))
    heard = listening.listen(spoken, probabilities, duration, ear.hear)
    transcript = transcripts.document(heard, spoken, origin(stage, ear, heard, duration))
    for note in transcript["notes"]:
        stage.warn(note)
    stage.about(engine=transcript["engine"], notes=transcript["notes"])
    transcripts.save(transcript, stage.output("transcript"), stage.output("text"))


def recogniser(stage: stagekit.Stage, samples: object, count: int) -> whisper.Recogniser:
    """For so many windows, with the model that a worker may have already."""
    folder = stage.model("recognizer")
    workers, threads = whisper.layout(count, stage.cpus)
    model = stage.memo((folder, workers, threads), lambda: whisper.load_model(folder, workers, threads))
    language = whisper.language_for(model, stage.parameters["language"], folder.name)
    return whisper.Recogniser(model, samples, workers, language, report=stage.progress)


def origin(
    stage: stagekit.Stage, ear: whisper.Recogniser, heard: listening.Heard, duration: float
) -> transcripts.Origin:
    """A language that was found in what turned out to be none is none."""
    said = bool(heard.segments) or stage.parameters["language"] != "auto"
    language = ear.language if said and ear.language else "und"
    probability = ear.language_probability if heard.segments else 0.0
    name = stage.model("recognizer").name
    return transcripts.Origin(whisper.ENGINE, name, language, probability, duration, "attention")
