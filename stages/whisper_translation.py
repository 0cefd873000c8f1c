# /// script
# [tool.pipeline.stage]
# environment = "whisper"
# modules = ["recognition", "subtitling", "translating"]
# inputs = ["audio"]
# models = ["recognizer"]
# start = ["worker", "cold"]
# [tool.pipeline.stage.parameters]
# source = "auto"
# target = "en"
# [tool.pipeline.stage.outputs]
# translation = "translation.*.json"
# text = "translation.*.txt"
# side_by_side = "side-by-side.*.txt"
# [tool.pipeline.stage.ensure.translation]
# schema = "config/schemas/translation.json"
# at_least = {"coverage.share" = 0.5, "coverage.weaker_half" = 0.4}
# [tool.pipeline.stage.resources]
# cpus = "all"
# ///
"""Translate speech into English with Whisper itself, from the audio: into no other language, and by no glossary.

Speech is found, cut, listened to and judged as it is for recognition, so that loops and phrases that nobody said are
dropped with their reasons, and a translation that goes empty half-way is a failure. It promises less than a transcript:
the words of another language stand only near those that were said. Of speech that the model understood in part, 0.9
was covered and 0.85 of the weaker half.

Where the speech turns out to be English, the text is that of a transcript.

Words have the times at which the model attended to the sound; what was said isn't written down, so a segment has no
``source``.
"""

from typing import Any, NamedTuple

import stagekit
from recognition import speech_to_text, transcripts
from translating import documents

ENGLISH = "en"
FROM_AUDIO = "made by Whisper from the audio, without a transcript: names and terms are as it heard them"
ENGLISH_ALREADY = "the speech is in English already, so it was written down as it is"


def run(stage: stagekit.Stage) -> None:
    """Translate the audio and write all three forms."""
    source, target = stage.parameters["source"] or "auto", stage.parameters["target"]
    if target.split("-")[0] != ENGLISH:
        raise stagekit.StageFailed(
            f"Whisper translates into English only, not into '{target}'. Choose another translator"
        )
    documents.leave(stage, translation(speech_to_text.hear(stage, source, speech_to_text.TRANSLATE), target))


class Made(NamedTuple):
    name: str
    model: str


def translation(found: speech_to_text.Hearing, target: str) -> dict[str, Any]:
    """The document. A source that is English already was only written down."""
    heard = transcripts.document(found.heard, found.sound.speech, found.origin)
    made = Made(f"{heard['engine']} (translation from the audio)", heard["model"])
    told = ENGLISH_ALREADY if heard["language"] == ENGLISH else FROM_AUDIO
    notes = [told, *heard["notes"]] if heard["segments"] else heard["notes"]
    document = documents.translation(heard, target, made, heard["segments"], notes)
    return document | {key: heard[key] for key in ("word_times", "dropped")}
