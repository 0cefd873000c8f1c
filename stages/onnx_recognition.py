# /// script
# [tool.pipeline.stage]
# environment = "onnx-asr"
# modules = ["languages", "recognition"]
# inputs = ["audio"]
# models = ["recognizer", "speech_detector"]
# start = ["worker", "cold"]
# [tool.pipeline.stage.parameters]
# language = "auto"
# languages = []
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
"""Recognise speech with a model in ONNX form, such as Parakeet, Canary or Moonshine: the files of ``asr``.

The audio is cut as for the other engines, and what they recognised is judged by the same rules. Parakeet gives times
for its tokens, so that its words have those of the sound. Canary and Moonshine give none: their windows are short, and
words share the time of the speech in a window by their letters.

``languages`` are those that the model is known to have; empty where nobody knows. Parakeet doesn't say which language
it recognised, so that it is taken from the text, and so is whether that is the language that was named.
"""

import os
from dataclasses import replace
from typing import Any

import languages
import stagekit
from recognition import (
    graphics_cards,
    language_evidence,
    onnx_models,
    silero,
    speech_detection,
    text_language,
    transcripts,
    two_pass,
    voice_activity,
    waveform,
)
from recognition.compute_steps import ComputeSteps
from recognition.intervals import length
from recognition.language_evidence import LanguageEvidence
from recognition.model_holder import ModelHolder
from recognition.onnx_models import OnnxFolder
from recognition.onnx_recogniser import OnnxRecogniser
from recognition.recognised_text import SpeechModel
from recognition.waveform import Waveform

AUTO, UNDETERMINED = "auto", "und"
ESTIMATED = "the model gives no times for its words; they are estimated within each piece of speech"


def run(stage: stagekit.Stage) -> None:
    """Transcribe the audio and write both files."""
    sound = waveform.open_audio(stage.input("audio"))
    activity = speech_activity(stage, sound)
    folder = onnx_models.read(stage.model("recognizer"))
    card = graphics_cards.first_card(os.environ) if onnx_models.has_cuda() else None
    windows = activity.cut_windows(activity.speech)
    steps = ComputeSteps(onnx_models.ways(folder, card, len(windows), stage.cpus), stage.warn)
    models = stage.memo(folder, lambda: ModelHolder(lambda way: onnx_models.load(folder, way)))
    model = steps.once(models.get)
    language = language_for(model, stage, folder)
    recogniser = OnnxRecogniser(models, steps, sound, activity.speech, language, stage.progress)
    result = two_pass.recognise(replace(activity, limits=model.limits), recogniser.recognise)
    origin, notes = origin_of(stage, model, recogniser, result, activity.duration)
    write(stage, transcripts.document(result, activity.speech, origin, notes))
    stage.about(computed_on=steps.facts(card.name if card else ""))


def speech_activity(stage: stagekit.Stage, sound: Waveform) -> two_pass.SpeechActivity:
    folder = stage.model("speech_detector")
    detector = stage.memo(("speech_detector", folder), lambda: silero.load(folder))
    probabilities = speech_detection.speech_probabilities(sound, stage.cpus, detector)
    speech = voice_activity.speech_intervals(probabilities)
    return two_pass.SpeechActivity(speech, probabilities, sound.duration)


def language_for(model: SpeechModel, stage: stagekit.Stage, folder: OnnxFolder) -> str | None:
    """The language that the model is told; ``None`` where it finds it by itself.

    Raises ``StageFailed`` for a language that the model doesn't have, and where it must be told one and isn't.
    """
    wanted, known = stage.parameters["language"], stage.parameters["languages"]
    if wanted != AUTO and known and wanted not in known:
        what = f"model {folder.folder.name} doesn't recognise language {wanted!r}, only {', '.join(known)}"
        raise stagekit.StageFailed(f"{what}. Choose another with --param model=NAME")
    if wanted != AUTO:
        return str(wanted)
    if model.needs_language and len(known) != 1:
        what = f"model {folder.folder.name} can't find out which language is spoken"
        raise stagekit.StageFailed(f"{what}. Name it with -s CODE, such as -s de")
    return str(known[0]) if len(known) == 1 else None


def origin_of(
    stage: stagekit.Stage,
    model: SpeechModel,
    recogniser: OnnxRecogniser,
    result: two_pass.RecognisedSpeech,
    duration: float,
) -> tuple[transcripts.TranscriptOrigin, list[str]]:
    """What the transcript says of itself, and notes for a person."""
    text = " ".join(segment.text for segment in result.segments)
    language, probability, notes = language_of(stage, text, length(recogniser.speech))
    if result.segments and not model.has_times:
        notes.append(ESTIMATED)
    origin = transcripts.TranscriptOrigin(
        model.engine,
        stage.model("recognizer").name,
        language,
        probability,
        duration,
        "aligned" if model.has_times else "estimated",
        recogniser.sound.is_silent(),
    )
    return origin, notes


def language_of(stage: stagekit.Stage, text: str, seconds: float) -> tuple[str, float, list[str]]:
    """The code of the language, its probability, and what a person should know of it. ``seconds``: those of the speech.

    Raises ``InputUnusable`` where the text is clearly in another language than the one that was named, and this is to
    be refused.
    """
    wanted, known = stage.parameters["language"], stage.parameters["languages"]
    if not text:
        return (UNDETERMINED if wanted == AUTO else wanted), 0.0, []
    if wanted == AUTO:
        if len(known) == 1:
            return known[0], 1.0, []
        return (*LanguageEvidence(text_language.probabilities(text, known), 1, seconds).likeliest, [])
    evidence = LanguageEvidence(text_language.probabilities(text), 1, seconds)
    spoken = language_evidence.contradiction(evidence, wanted)
    if spoken is None:
        return wanted, 1.0, []
    what = (
        f"the recognised text is {languages.shown(spoken)}, with a probability of {evidence.probabilities[spoken]:.2f}"
    )
    what += f", and not {languages.shown(wanted)}, which was named"
    if stage.parameters["strict_language"]:
        raise stagekit.InputUnusable(what, {"language": spoken})
    return wanted, 1.0, [f"{what}. Say -s {spoken}, or leave -s out"]


def write(stage: stagekit.Stage, transcript: dict[str, Any]) -> None:
    for note in transcript["notes"]:
        stage.warn(note)
    stage.about(
        engine=transcript["engine"],
        language=transcript["language"],
        content=transcript["content"],
        notes=transcript["notes"],
    )
    transcripts.save(transcript, stage.output("transcript"), stage.output("text"))
