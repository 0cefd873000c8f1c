"""From an audio file to recognised text with one Whisper model: the same steps for transcribing and translating."""

from dataclasses import dataclass
from typing import Any

import stagekit

from recognition import compute, language_check, models, two_pass, voice_activity, waveform, whisper
from recognition.language_check import LanguageCheck
from recognition.transcripts import TranscriptOrigin

ENGLISH = "en"  # the language that Whisper translates into


@dataclass(frozen=True)
class WhisperTask:
    """What Whisper does with speech (its own name for it), and which gaps it then recognises once more."""

    name: str
    gaps: two_pass.GapLimits


TRANSCRIBE = WhisperTask("transcribe", two_pass.TRANSCRIPT_GAPS)
TRANSLATE = WhisperTask("translate", two_pass.TRANSLATION_GAPS)


@dataclass(frozen=True)
class Recognition:
    """The recognised text, where speech is in the audio, what recognised it, and what was found of its language."""

    result: two_pass.RecognisedSpeech
    activity: two_pass.SpeechActivity
    origin: TranscriptOrigin
    check: LanguageCheck


def recognise(stage: stagekit.Stage, language: str, task: WhisperTask) -> Recognition:
    """Recognise the stage's input ``audio`` with its model ``recognizer``.

    ``language``: a Whisper code, or ``auto``. Raises ``StageFailed`` for an audio in another format, a model that can't
    be loaded, and a language or task that the model doesn't have; with the parameter ``strict_language``,
    ``InputUnusable`` where another language is spoken.
    """
    samples = waveform.read_audio(stage.input("audio"))
    activity = _speech_activity(samples, stage.cpus)
    folder = stage.model("recognizer")
    workers, threads = compute.parallelism(len(activity.cut_windows(activity.speech)), stage.cpus)
    model = stage.memo((folder, workers, threads), lambda: models.load_model(folder, workers, threads))
    if task == TRANSLATE:
        models.require_multilingual(model, folder.name)
    wanted = models.language_for(model, language, folder.name)
    recogniser = whisper.Recogniser(model, samples, workers, wanted, task.name, stage.progress)
    windows = activity.cut_windows(activity.speech)
    # A job that was prepared by an older version has no such parameter.
    check = language_check.check(
        recogniser, windows, language, stage.parameters.get("strict_language", False), folder.name
    )
    recogniser.find_language(windows)
    if recogniser.language == ENGLISH:  # there is nothing to translate, so the text is that of a transcript
        task, recogniser.task = TRANSCRIBE, TRANSCRIBE.name
    result = two_pass.recognise(activity, recogniser.recognise, task.gaps)
    # Where no text is left, the language that was found means nothing.
    spoken = recogniser.language if (result.segments or language != "auto") and recogniser.language else "und"
    probability = recogniser.language_probability if result.segments else 0.0
    silent = waveform.is_silent(samples)
    origin = TranscriptOrigin(whisper.ENGINE, folder.name, spoken, probability, activity.duration, "attention", silent)
    return Recognition(result, activity, origin, check)


def _speech_activity(samples: Any, cpus: int) -> two_pass.SpeechActivity:
    probabilities = whisper.speech_probabilities(samples, cpus)
    speech = voice_activity.speech_intervals(probabilities)
    return two_pass.SpeechActivity(speech, probabilities, len(samples) / waveform.SAMPLE_RATE)
