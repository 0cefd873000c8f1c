"""From an audio to what is said in it, with one Whisper model: what transcribing and translating have in common."""

from dataclasses import dataclass
from typing import Any

import stagekit

from recognition import models, two_pass, voice_activity, whisper
from recognition.transcripts import Origin

ENGLISH = "en"  # what Whisper translates into


@dataclass(frozen=True)
class Task:
    """What Whisper is to do, and which speech without words it then does once more."""

    name: str
    holes: two_pass.Holes


TRANSCRIBE = Task("transcribe", two_pass.HOLES)
TRANSLATE = Task("translate", two_pass.LOOSE)


@dataclass(frozen=True)
class Hearing:
    """What was heard, of which sound, and by whom."""

    heard: two_pass.Heard
    sound: two_pass.Sound
    origin: Origin


def hear(stage: stagekit.Stage, language: str, task: Task) -> Hearing:
    """The stage's input ``audio``, by its model ``recognizer``."""
    samples = whisper.read_audio(stage.input("audio"))
    sound = _sound(samples, stage.cpus)
    folder = stage.model("recognizer")
    workers, threads = models.layout(len(sound.cut(sound.speech)), stage.cpus)
    model = stage.memo((folder, workers, threads), lambda: models.load_model(folder, workers, threads))
    if task == TRANSLATE:
        models.require_multilingual(model, folder.name)
    wanted = models.language_for(model, language, folder.name)
    ear = whisper.Recogniser(model, samples, workers, wanted, task.name, stage.progress)
    ear.find_language(sound.cut(sound.speech))
    if ear.language == ENGLISH:  # there is nothing to translate, so the text is that of a transcript
        task, ear.task = TRANSCRIBE, TRANSCRIBE.name
    heard = two_pass.listen(sound, ear.hear, task.holes)
    # A language that was found in what turned out to be none is none.
    said = ear.language if (heard.segments or language != "auto") and ear.language else "und"
    probability = ear.language_probability if heard.segments else 0.0
    return Hearing(heard, sound, Origin(whisper.ENGINE, folder.name, said, probability, sound.duration, "attention"))


def _sound(samples: Any, cpus: int) -> two_pass.Sound:
    probabilities = whisper.speech_probabilities(samples, cpus)
    return two_pass.Sound(voice_activity.stretches(probabilities), probabilities, len(samples) / whisper.SAMPLE_RATE)
