# /// script
# [tool.pipeline.stage]
# environment = "whisperx"
# modules = ["recognition"]
# inputs = ["audio"]
# models = ["recognizer"]
# optional_models = ["speakers"]
# start = ["worker", "cold"]
# # What aligns words comes from a hub that may answer tomorrow and not today. The key can't tell, so no other job gets
# # this result.
# cache = false
# [tool.pipeline.stage.parameters]
# language = "auto"
# diarize = false
# [tool.pipeline.stage.outputs]
# transcript = "transcript.json"
# text = "transcript.txt"
# [tool.pipeline.stage.ensure.transcript]
# schema = "config/schemas/transcript.json"
# at_least = {"coverage.share" = 0.6, "coverage.weaker_half" = 0.5}
# [tool.pipeline.stage.resources]
# cpus = "all"
# ///
"""Recognise speech with WhisperX: the form of ``asr``, but words aligned with the sound, and speakers if asked for.

The recogniser and the model that tells speakers apart come from local folders, and WhisperX brings along the one that
finds speech. What aligns words is taken from the hub, or from what was fetched of it before. Where there is none, words
have the times of the recogniser's attention, and the transcript's notes say so.

Speech that got no words, and text that isn't believed, are recognised once more by faster-whisper with the same model.
"""

import math
import os
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from typing import Any

import stagekit
from recognition import model_hub

BATCH = 8
SILENCE = 60  # seconds that a download may stand still
ALIGNERS = "https://download.pytorch.org"
SENTENCES = "https://raw.githubusercontent.com"  # where nltk fetches from
FAILURES = (
    OSError,
    ValueError,
    RuntimeError,
    LookupError,
    AttributeError,
    TypeError,
)  # of fetching and loading a model


model_hub.go_offline_without_hub()

import nltk  # noqa: E402
import torch  # noqa: E402
import torchaudio  # noqa: E402
from recognition import models, transcripts, two_pass, voice_activity, whisper, windows  # noqa: E402
from recognition.diarization import Turn, told_apart  # noqa: E402
from recognition.intervals import Interval  # noqa: E402
from recognition.segments import Segment, Word  # noqa: E402
from whisperx import alignment, asr  # noqa: E402
from whisperx.diarize import DiarizationPipeline  # noqa: E402


def run(stage: stagekit.Stage) -> None:
    """Transcribe the audio and write both forms."""
    torch.set_num_threads(stage.cpus)
    samples = whisper.read_audio(stage.input("audio"))
    duration = len(samples) / whisper.SAMPLE_RATE
    probabilities = whisper.speech_probabilities(samples, stage.cpus)
    spoken = voice_activity.stretches(probabilities)
    folder, device = stage.model("recognizer"), "cuda" if torch.cuda.is_available() else "cpu"
    pipeline = stage.memo((folder, device, stage.cpus), lambda: load(folder, device, stage.cpus))
    audio = samples.astype("float32") / 32768
    language = models.language_for(pipeline.model, stage.parameters["language"], folder.name)
    ear = whisper.Recogniser(pipeline.model, samples, 1, language)
    notes, aligned, first = [], frozenset[Interval](), []
    if spoken:
        ear.find_language(windows.cut(spoken, probabilities, duration))
        found = pipeline.transcribe(audio, batch_size=BATCH, language=ear.language, progress_callback=told(stage))
        first, aligned, notes = timed(found, pipeline.model, samples, audio, device)
    heard = two_pass.completed(first, two_pass.Sound(spoken, probabilities, duration), ear.hear)
    if stage.parameters["diarize"] and heard.segments:
        heard = two_pass.Heard(told_apart(heard.segments, speaker_turns(stage, audio, device)), heard.dropped)
    word_times, more = times_of(heard.segments, aligned)
    write(stage, heard, spoken, ear, (word_times, [*notes, *more], duration))


def load(folder: Any, device: str, cpus: int) -> Any:
    compute = "float16" if device == "cuda" else "int8"
    with models.loading(folder):
        return asr.load_model(str(folder), device, compute_type=compute, threads=cpus, local_files_only=True)


def told(stage: stagekit.Stage) -> Any:
    return lambda percent: stage.progress(percent / 100)


def timed(
    found: dict[str, Any], model: Any, samples: Any, audio: Any, device: str
) -> tuple[list[Segment], frozenset[Interval], list[str]]:
    """Segments with words that have times, which of those are from the sound, and what to tell of it."""
    parts, language = [part for part in found["segments"] if part["text"].strip()], found["language"]
    if not parts:
        return [], frozenset(), []
    try:
        with patient():
            aligned = alignment.align(parts, *aligner(language, device), audio, device)["segments"]
    except FAILURES as error:
        note = "words can't be aligned with the sound, so their times are those of the recogniser's attention"
        return attended(parts, model, samples, language), frozenset(), [f"{note} ({reason(error)})"]
    done = [part for part in aligned if part["words"] and math.isfinite(part["start"]) and math.isfinite(part["end"])]
    left = [part for part in parts if not any(part["start"] <= each["start"] < part["end"] for each in done)]
    note = [f"{len(left)} of {len(parts)} segments couldn't be aligned with the sound"] if left else []
    sounding = from_alignment(done, spaced(language))
    segments = sounding + attended(left, model, samples, language)
    aligned_times = frozenset((word.start, word.end) for segment in sounding for word in segment.words)
    return sorted(segments, key=lambda segment: segment.start), aligned_times, note


def times_of(segments: Sequence[Segment], aligned: frozenset[Interval]) -> tuple[str, list[str]]:
    """Where the times of most words are from, as words are dropped and others recognised after the alignment."""
    words = [word for segment in segments for word in segment.words]
    others = sum((word.start, word.end) not in aligned for word in words)
    told = f"{others} of {len(words)} words have the times of the recogniser's attention, not of the sound"
    notes = [told] if aligned and others else []
    return "aligned" if aligned and 2 * others <= len(words) else "attention", notes


def aligner(language: str, device: str) -> tuple[Any, Any]:
    """What isn't on this machine and can't be fetched would be waited for for minutes."""
    name = alignment.DEFAULT_ALIGN_MODELS_TORCH.get(language)
    if name is not None:  # else it is from the hub whose libraries know that they are offline
        file = getattr(torchaudio.pipelines, name)._path  # noqa: SLF001  # the one place that has its name
        if not os.path.exists(os.path.join(torch.hub.get_dir(), "checkpoints", file)):
            model_hub.require(f"the alignment model {file}", ALIGNERS)
    try:
        nltk.data.find("tokenizers/punkt_tab")
    except LookupError:
        model_hub.require("what finds the ends of sentences (punkt_tab)", SENTENCES)
    model, details = alignment.load_align_model(language, device)
    return model, details


@contextmanager
def patient() -> Iterator[None]:
    """Downloads have no limit of their own, and one that stands still would stand for ever."""
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(SILENCE)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)


def attended(parts: Sequence[dict[str, Any]], model: Any, samples: Any, language: str) -> list[Segment]:
    whole = [(part["start"], part["end"], part["text"], part.get("avg_logprob", 0.0)) for part in parts]
    return whisper.attended(model, samples, whole, language)


def reason(error: Exception) -> str:
    return next((line.strip() for line in str(error).splitlines() if line.strip("* \n")), type(error).__name__)


def spaced(language: str) -> bool:
    """Whether words are parted by spaces, which alignment takes away."""
    return language not in alignment.LANGUAGES_WITHOUT_SPACES


def from_alignment(segments: Sequence[dict[str, Any]], spaces: bool) -> list[Segment]:
    """A word that has no time of its own has that of its neighbour before it."""
    found = []
    for segment in segments:
        words: list[Word] = []
        clock = float(segment["start"])
        for word in segment["words"]:
            start = float(word.get("start", clock))
            clock = max(float(word.get("end", start)), start)
            text = f" {word['word']}" if spaces else word["word"]
            words.append(Word(start, clock, text, float(word.get("score", 0.0))))
        times = float(segment["start"]), float(segment["end"])
        found.append(Segment(*times, segment["text"].strip(), tuple(words), float(segment.get("avg_logprob", 0.0))))
    return found


def speaker_turns(stage: stagekit.Stage, audio: Any, device: str) -> list[Turn]:
    """Who speaks when."""
    folder = stage.model("speakers")
    try:
        find = stage.memo((folder, device), lambda: DiarizationPipeline(str(folder), device=device))
    except FAILURES as error:
        advice = "Download it again, or do without --diarize"
        raise stagekit.StageFailed(f"the model in {folder} can't be loaded: {reason(error)}. {advice}") from error
    return [Turn(float(row.start), float(row.end), str(row.speaker)) for row in find(audio).itertuples()]


def write(
    stage: stagekit.Stage,
    heard: two_pass.Heard,
    spoken: list[Interval],
    ear: whisper.Recogniser,
    facts: tuple[str, list[str], float],
) -> None:
    word_times, notes, duration = facts
    known = heard.segments or stage.parameters["language"] != "auto"
    origin = transcripts.Origin(
        f"whisperx {version('whisperx')}",
        stage.model("recognizer").name,
        ear.language if known and ear.language else "und",
        ear.language_probability if heard.segments else 0.0,
        duration,
        word_times,
    )
    transcript = transcripts.document(heard, spoken, origin, notes)
    for note in transcript["notes"]:
        stage.warn(note)
    stage.about(engine=transcript["engine"], notes=transcript["notes"])
    transcripts.save(transcript, stage.output("transcript"), stage.output("text"))
