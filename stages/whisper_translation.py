# /// script
# [tool.pipeline.stage]
# environment = "whisper"
# modules = ["languages", "recognition", "subtitling", "translating"]
# inputs = ["audio"]
# models = ["recognizer"]
# start = ["worker", "cold"]
# [tool.pipeline.stage.parameters]
# source = "auto"
# target = "en"
# strict_language = false
# [tool.pipeline.stage.outputs]
# translation = "translation.*.json"
# text = "translation.*.txt"
# side_by_side = "side-by-side.*.txt"
# [tool.pipeline.stage.ensure.translation]
# schema = "config/schemas/translation.json"
# at_least = {"coverage.share" = 0.5, "coverage.weaker_half" = 0.4}
# [tool.pipeline.stage.resources]
# cpus = "all"
# gpus = 1
# cpu_will_do = true
# ///
"""Translate speech into English with Whisper itself, from the audio: into no other language, and by no glossary.

Speech is found, cut, recognised and judged as it is for a transcript, so that repetitions and phrases that nobody said
are dropped with their reasons, and a translation that goes empty half-way is a failure. It promises less coverage than
a transcript: the words of another language stand only near those that were said. Where the model understood a part of
the speech, 0.9 was covered, and 0.85 of the weaker half.

Where the speech turns out to be English, the text is that of a transcript.

Words have the times at which the model attended to the sound. The words that were said aren't known, so a segment has
no ``source``.
"""

from typing import Any, NamedTuple

import stagekit
from recognition import speech_to_text, transcripts
from translating import documents

ENGLISH = "en"
FROM_AUDIO = "made by Whisper from the audio, without a transcript: names and terms are as it heard them"
ENGLISH_ALREADY = "the speech is in English already, so it was written down as it is"


def run(stage: stagekit.Stage) -> None:
    """Translate the audio and write all three files."""
    source, target = stage.parameters["source"] or "auto", stage.parameters["target"]
    if target.split("-")[0] != ENGLISH:
        raise stagekit.StageFailed(
            f"Whisper translates into English only, not into '{target}'. Choose another translator"
        )
    recognition = speech_to_text.recognise(stage, source, speech_to_text.TRANSLATE)
    spoken = {"languages": recognition.origin.shares} if recognition.origin.shares else {}
    stage.about(language=recognition.origin.language, **recognition.check.facts, **spoken)
    documents.publish(stage, translation(recognition, target))


class WhisperIdentity(NamedTuple):
    """The engine and its model, for the document."""

    name: str
    model: str


def translation(recognition: speech_to_text.Recognition, target: str) -> dict[str, Any]:
    """``translation.json``; from English speech it is the transcript."""
    transcript = transcripts.document(
        recognition.result, recognition.activity.speech, recognition.origin, recognition.check.notes
    )
    engine = WhisperIdentity(f"{transcript['engine']} (translation from the audio)", transcript["model"])
    is_english = transcript["language"] == ENGLISH and "languages" not in transcript
    first = ENGLISH_ALREADY if is_english else FROM_AUDIO
    notes = [first, *transcript["notes"]] if transcript["segments"] else transcript["notes"]
    segments = [{key: value for key, value in each.items() if key != "language"} for each in transcript["segments"]]
    document = documents.translation_document(transcript, target, engine, segments, notes)
    return document | {key: transcript[key] for key in ("word_times", "dropped")}
