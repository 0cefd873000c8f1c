# /// script
# [tool.pipeline.stage]
# environment = "whisper"
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
# [tool.pipeline.stage.resources]
# cpus = "all"
# ///
"""Recognise speech with faster-whisper.

``transcript.json``: language (a Whisper code; ``und`` where nothing was said and none was given), segments
and words. Times are seconds from the start of the audio, rounded to milliseconds, and never go back.
A word keeps its leading space, so that joining words gives text in any script.
``transcript.txt``: the text alone, in paragraphs.
"""

import json
import math
import wave
from collections.abc import Iterable, Iterator
from pathlib import Path

import ctranslate2
import numpy
import stagekit
from faster_whisper import WhisperModel
from faster_whisper.transcribe import Segment

SCHEMA = 1
SAMPLE_RATE = 16_000
BEAM_SIZE = 5
PARAGRAPH_PAUSE = 2.0  # seconds
PARAGRAPH_LENGTH = 600  # characters, from which the next sentence starts a new one
SENTENCE_ENDS = (".", "!", "?", "…", "。", "！", "？", "؟", "।")


def run(stage: stagekit.Stage) -> None:
    """Transcribe the audio and write both forms."""
    samples = read_audio(stage.input("audio"))
    duration = len(samples) / SAMPLE_RATE
    language = stage.parameters["language"]
    folder = stage.model("recognizer")
    model = stage.memo((folder, stage.cpus), lambda: _load_model(folder, stage.cpus))
    if language != "auto":
        _check_language(model, language, stage.model("recognizer").name)
    found, info = _transcribe(model, samples, None if language == "auto" else language)
    segments = tidy(_reporting(stage, found, duration), duration)
    transcript = {
        "schema": SCHEMA,
        "language": info.language if segments or language != "auto" else "und",
        "language_probability": _probability(info.language_probability) if segments else 0.0,
        "duration_s": round(duration, 3),
        "model": stage.model("recognizer").name,
        "segments": segments,
    }
    if not segments:
        stage.warn("no speech was recognised; the transcript is empty")
    _write(stage, transcript)


def read_audio(path: Path) -> numpy.ndarray:
    """A 16 kHz mono 16 bit WAV as float32 samples from -1 to 1."""
    with wave.open(str(path), "rb") as file:
        found, wanted = (file.getframerate(), file.getnchannels(), file.getsampwidth()), (SAMPLE_RATE, 1, 2)
        if found != wanted:
            what = f"{path}: rate, channels and bytes per sample are {found}, not {wanted}"
            raise stagekit.StageFailed(f"{what}. Connect this input to demux.audio in the workflow")
        frames = file.readframes(file.getnframes())
    samples = numpy.frombuffer(frames, dtype="<i2").astype(numpy.float32)
    samples /= 32768
    return samples


def _load_model(folder: Path, cpus: int) -> WhisperModel:
    device, compute = ("cuda", "float16") if ctranslate2.get_cuda_device_count() else ("cpu", "int8")
    return WhisperModel(str(folder), device=device, compute_type=compute, cpu_threads=cpus, local_files_only=True)


def _check_language(model: WhisperModel, language: str, name: str) -> None:
    """An English-only model would transcribe any language as English, with no more than a log line."""
    multilingual = model.model.is_multilingual
    known = model.hf_tokenizer.token_to_id(f"<|{language}|>") is not None if multilingual else language == "en"
    if not known:
        what = f"model {name} doesn't recognise language {language!r}{'' if multilingual else ', only English'}"
        raise stagekit.StageFailed(f"{what}. Choose another with --param model=NAME")


def _transcribe(model: WhisperModel, samples: numpy.ndarray, language: str | None) -> tuple:
    return model.transcribe(samples, language=language, beam_size=BEAM_SIZE, vad_filter=True, word_timestamps=True)


def _reporting(stage: stagekit.Stage, segments: Iterable, duration: float) -> Iterator:
    """The same segments, telling how far the recognition is; the library computes them while they are read."""
    for segment in segments:
        stage.progress(segment.end / duration, segment.text.strip())
        yield segment


def tidy(segments: Iterable, duration: float) -> list[dict]:
    """Library segments to plain values: within the audio, in order, without blanks."""
    clock, tidied = 0.0, []
    for segment in segments:
        words = []
        for word in _words_of(segment):
            start = min(max(word["start"], clock), duration)
            clock = min(max(word["end"], start), duration)
            words.append({**word, "start": round(start, 3), "end": round(clock, 3)})
        if words:
            text = "".join(word["word"] for word in words).strip()
            tidied.append({"start": words[0]["start"], "end": words[-1]["end"], "text": text, "words": words})
    return tidied


def _words_of(segment: Segment) -> Iterator[dict]:
    """The words of a segment. Where the library could align none, the whole text counts as one."""
    for word in segment.words or ():
        if word.word.strip():
            yield _word(word.start, word.end, word.word, word.probability)
    if not segment.words and segment.text.strip():
        yield _word(segment.start, segment.end, segment.text, math.exp(segment.avg_logprob))


def _word(start: float, end: float, text: str, probability: float) -> dict:
    return {"start": start, "end": end, "word": text, "probability": _probability(probability)}


def _probability(value: float) -> float:
    return round(float(value), 4) if math.isfinite(value) else 0.0


def paragraphs(segments: list[dict]) -> Iterator[str]:
    """Text in paragraphs, parted where the speaker pauses, or at a sentence's end once one is long."""
    text, clock = "", None
    for segment in segments:
        for word in segment["words"]:
            paused = clock is not None and word["start"] - clock >= PARAGRAPH_PAUSE
            if text and (paused or (len(text) > PARAGRAPH_LENGTH and text.endswith(SENTENCE_ENDS))):
                yield text.strip()
                text = ""
            text += word["word"]
            clock = word["end"]
    if text:
        yield text.strip()


def _write(stage: stagekit.Stage, transcript: dict) -> None:
    with stage.output("transcript").open("w", encoding="utf-8", newline="\n") as file:
        json.dump(transcript, file, ensure_ascii=False, allow_nan=False, indent=1)
        file.write("\n")
    with stage.output("text").open("w", encoding="utf-8", newline="\n") as file:
        print(*paragraphs(transcript["segments"]), sep="\n\n", file=file)
