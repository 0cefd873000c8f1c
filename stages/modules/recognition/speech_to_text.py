"""From an audio file to recognised text with one Whisper model: the same steps for transcribing and translating."""

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import stagekit

from recognition import compute, language_check, models, several_languages, two_pass, voice_activity, waveform, whisper
from recognition.compute import Compute
from recognition.compute_steps import ComputeSteps
from recognition.language_check import LanguageCheck
from recognition.model_holder import ModelHolder
from recognition.stepped_recogniser import SteppedRecogniser
from recognition.transcripts import TranscriptOrigin
from recognition.waveform import Waveform

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


def recognise(stage: stagekit.Stage, language: str, task: WhisperTask, on_cpu: tuple[Compute, ...] = ()) -> Recognition:
    """Recognise the stage's input ``audio`` with its model ``recognizer``.

    ``language``: a Whisper code, or ``auto``. ``on_cpu``: the ways to compute without a GPU, so that a model which is
    loaded for one of them fits; if empty, the best for this audio. Raises ``StageFailed`` for an audio in another
    format, a model that can't be loaded, and a language or task that the model doesn't have; with the parameter
    ``strict_language``, ``InputUnusable`` where another language is spoken.
    """
    sound = waveform.open_audio(stage.input("audio"))
    activity = _speech_activity(sound, stage.cpus)
    windows = activity.cut_windows(activity.speech)
    ways = on_cpu or compute.on_cpu(len(windows), stage.cpus)
    stepped, facts = _recogniser(stage, sound, ways, language, task)
    recogniser = stepped.recogniser
    is_strict = stage.parameters.get("strict_language", False)  # which a job of an older version doesn't have
    name = stage.model("recognizer").name
    check = stepped.run(lambda each: language_check.check(each, windows, language, is_strict, name))
    stepped.run(lambda each: each.find_language(windows))
    spoken = _recognised(activity, stepped, task, language)
    if language != "auto" and not check.notes:
        check = replace(check, notes=several_languages.notes_on_others(activity, recogniser))
    segments = spoken.result.segments
    doubts = stepped.run(lambda each: language_check.notes_on_english(each, activity, segments, name))
    check = replace(check, notes=(*check.notes, *doubts))
    stage.about(computed_on=facts())
    main = next(iter(spoken.shares), recogniser.language)
    # Where no text is left, the language that was found means nothing.
    shown = main if (spoken.result.segments or language != "auto") and main else "und"
    probability = several_languages.probability_of(shown, recogniser) if spoken.result.segments else 0.0
    about = name, shown, probability, activity.duration, "attention", sound.is_silent(), spoken.shares
    return Recognition(spoken.result, activity, TranscriptOrigin(whisper.ENGINE, *about), check)


def load(stage: stagekit.Stage, on_cpu: tuple[Compute, ...]) -> Any:
    """The stage's model ``recognizer``, loaded before anything is recognised. Raises ``StageFailed``."""
    folder = stage.model("recognizer")
    ways, _ = models.ways(folder, on_cpu, os.environ)
    return ComputeSteps(ways, stage.warn).once(_holder(stage, folder).get)


def spoken_language(stage: stagekit.Stage, on_cpu: tuple[Compute, ...]) -> tuple[str, float] | None:
    """The language of the stage's input ``audio`` (a Whisper code) with its probability; ``None`` without speech.

    Raises ``StageFailed`` as ``recognise`` does.
    """
    sound = waveform.open_audio(stage.input("audio"))
    activity = _speech_activity(sound, stage.cpus)
    windows = activity.cut_windows(activity.speech)
    if not windows:
        return None
    stepped, _ = _recogniser(stage, sound, on_cpu, "auto", TRANSCRIBE)
    stepped.run(lambda each: each.find_language(windows))
    found = stepped.recogniser
    return (found.language, found.language_probability) if found.language else None


def _holder(stage: stagekit.Stage, folder: Path) -> ModelHolder[Any]:
    holder: ModelHolder[Any] = stage.memo(folder, lambda: ModelHolder(lambda way: models.load_model(folder, way)))
    return holder


def _recognised(
    activity: two_pass.SpeechActivity, stepped: SteppedRecogniser, task: WhisperTask, language: str
) -> several_languages.MultilingualSpeech:
    """All of the speech: in one language if a person has named it, else each part in its own."""

    def in_language(part: two_pass.SpeechActivity, spoken: str) -> two_pass.RecognisedSpeech:
        own = _task_for(spoken, task)
        return two_pass.recognise(part, stepped.in_language(spoken, own.name).recognise, own.gaps)

    own = _task_for(stepped.recogniser.language, task)
    stepped.recogniser.task = own.name
    first = two_pass.recognise(activity, stepped.recognise, own.gaps)
    if language != "auto":
        return several_languages.MultilingualSpeech(first, {})
    return several_languages.recognise(activity, stepped, first, in_language)


def _task_for(language: str | None, task: WhisperTask) -> WhisperTask:
    """In English there is nothing to translate, so the text is that of a transcript."""
    return TRANSCRIBE if language == ENGLISH else task


def _recogniser(
    stage: stagekit.Stage, sound: Waveform, on_cpu: tuple[Compute, ...], language: str, task: WhisperTask
) -> tuple[SteppedRecogniser, Callable[[], dict[str, Any]]]:
    """The recogniser, and what gives facts about the way in which it computed at last. Raises ``StageFailed``."""
    folder = stage.model("recognizer")
    ways, card = models.ways(folder, on_cpu, os.environ)
    steps = ComputeSteps(ways, stage.warn)
    holder = _holder(stage, folder)

    def languages_of(way: Compute) -> str | None:
        model = holder.get(way)
        if task == TRANSLATE:
            models.require_multilingual(model, folder.name)
        return models.language_for(model, language, folder.name)

    wanted = steps.once(languages_of)
    recogniser = whisper.Recogniser(None, sound, 1, wanted, task.name, stage.progress)
    return SteppedRecogniser(holder, steps, recogniser), lambda: steps.facts(card)


def _speech_activity(sound: Waveform, cpus: int) -> two_pass.SpeechActivity:
    probabilities = whisper.speech_probabilities(sound, cpus)
    speech = voice_activity.speech_intervals(probabilities)
    return two_pass.SpeechActivity(speech, probabilities, sound.duration)
