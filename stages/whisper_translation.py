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
# [tool.pipeline.stage.resources]
# cpus = "all"
# ///
"""Translate speech into English with Whisper itself, from the audio: into no other language, and by no glossary.

Words have the times at which the model attended to the sound; what was said isn't written down, so a segment has no
``source``.
"""

import math
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import numpy
import stagekit
from faster_whisper import WhisperModel
from recognition import whisper
from translating import documents
from translating.scripts import clean

ENGLISH = "en"
FROM_AUDIO = "made by Whisper from the audio, without a transcript: names and terms are as it heard them"


def run(stage: stagekit.Stage) -> None:
    """Translate the audio and write all three forms."""
    source, target = stage.parameters["source"] or "auto", stage.parameters["target"]
    if target.split("-")[0] != ENGLISH:
        raise stagekit.StageFailed(
            f"Whisper translates into English only, not into '{target}'. Choose another translator"
        )
    samples = whisper.read_audio(stage.input("audio")).astype(numpy.float32) / 32768
    duration = len(samples) / whisper.SAMPLE_RATE
    folder = stage.model("recognizer")
    model = stage.memo((folder, stage.cpus), lambda: whisper.load_model(folder, 1, stage.cpus))
    _check(model, source, folder.name)
    found, info = model.transcribe(
        samples,
        task="translate",
        language=None if source == "auto" else source,
        beam_size=whisper.BEAM_SIZE,
        vad_filter=True,
        word_timestamps=True,
    )
    segments = list(tidy(_reporting(stage, found, duration), duration))
    documents.leave(stage, translation(segments, info, target, duration, folder.name))


def _check(model: WhisperModel, source: str, name: str) -> None:
    """A model for English alone has no task to translate, and would write down whatever it seems to hear."""
    if not model.model.is_multilingual:
        what = f"model {name} is for English only and can't translate"
        raise stagekit.StageFailed(f"{what}. Choose a multilingual one with --param model=NAME")
    if source != "auto" and model.hf_tokenizer.token_to_id(f"<|{source}|>") is None:
        raise stagekit.StageFailed(f"model {name} doesn't recognise language {source!r}")


def _reporting(stage: stagekit.Stage, segments: Iterable[Any], duration: float) -> Iterator[Any]:
    for segment in segments:
        stage.progress(segment.end / duration, segment.text.strip())
        yield segment


def tidy(segments: Iterable[Any], duration: float) -> Iterator[dict[str, Any]]:
    """Library segments to plain values: within the audio, in order, without blanks."""
    clock = 0.0
    for segment in segments:
        words = []
        for word in segment.words or ():
            if word.word.strip():
                start = min(max(word.start, clock), duration)
                clock = min(max(word.end, start), duration)
                words.append(_word(start, clock, word.word, word.probability))
        if words:
            text = clean("".join(word["word"] for word in words))
            yield {"start": words[0]["start"], "end": words[-1]["end"], "text": text, "words": words}
        elif clean(segment.text):
            start = min(max(segment.start, clock), duration)
            clock = min(max(segment.end, start), duration)
            yield {"start": round(start, 3), "end": round(clock, 3), "text": clean(segment.text)}


def _word(start: float, end: float, text: str, probability: float) -> dict[str, Any]:
    likely = round(float(probability), 4) if math.isfinite(probability) else 0.0
    return {"start": round(start, 3), "end": round(end, 3), "word": text, "probability": likely}


class Made(NamedTuple):
    name: str
    model: str


def translation(segments: list[dict[str, Any]], info: Any, target: str, duration: float, model: str) -> dict[str, Any]:
    """The document. A source that is English already was only written down."""
    heard = {"language": info.language if segments else "und", "duration_s": round(duration, 3)}
    made = Made(f"{whisper.ENGINE} (translation from the audio)", model)
    notes = [FROM_AUDIO] if segments else ["no speech was recognised; the translation is empty"]
    if segments and info.language == ENGLISH:
        notes = ["the speech is in English already, so it was written down as it is"]
    document = documents.translation(heard, target, made, segments, notes)
    return document | {"word_times": "attention" if segments else "none"}
