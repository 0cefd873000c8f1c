# /// script
# [tool.pipeline.stage]
# environment = "whisperx"
# modules = ["recognition"]
# inputs = ["audio"]
# models = ["recognizer"]
# start = ["worker", "cold"]
# # What alignment and speakers need may be on a hub today and not tomorrow, so no other job gets this result.
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

The recogniser comes from a local folder and finds speech with the model that WhisperX brings along. Models for
alignment and speakers are taken from the hub, or from what was fetched of it before. Where there are none, words have
the times of the recogniser's attention, or no speakers, and the transcript's notes say so.

Speech that got no words, and text that isn't believed, are recognised once more by faster-whisper with the same model.
"""

import math
import os
import socket
from collections.abc import Sequence
from importlib.metadata import version
from typing import Any
from urllib.parse import urlsplit

import stagekit

HUB = "https://huggingface.co"
PATIENCE = 5  # seconds for a hub to take a connection; the libraries' own attempts take minutes
BATCH = 8
SPEAKERS = "pyannote/speaker-diarization-community-1"
FAILURES = (
    OSError,
    ValueError,
    RuntimeError,
    LookupError,
    AttributeError,
    TypeError,
)  # of fetching and loading a model


def hub_answers() -> bool:
    """Whether it is worth asking it for a model."""
    place = urlsplit(os.environ.get("HF_ENDPOINT") or HUB)
    try:
        socket.create_connection((place.hostname, place.port or 443), PATIENCE).close()
    except (OSError, ValueError):
        return False
    return True


# The libraries read it when they are imported. It is this process's own variable, and nobody else's.
if "HF_HUB_OFFLINE" not in os.environ and not hub_answers():
    os.environ["HF_HUB_OFFLINE"] = "1"

import nltk  # noqa: E402
import torch  # noqa: E402
import torchaudio  # noqa: E402
from recognition import listening, speech, transcripts, whisper  # noqa: E402
from recognition.heard import Segment, Word  # noqa: E402
from recognition.intervals import Interval  # noqa: E402
from recognition.speakers import Turn, told_apart  # noqa: E402
from whisperx import alignment, asr  # noqa: E402


def run(stage: stagekit.Stage) -> None:
    """Transcribe the audio and write both forms."""
    samples = whisper.read_audio(stage.input("audio"))
    duration = len(samples) / whisper.SAMPLE_RATE
    probabilities = whisper.speech_probabilities(samples, stage.cpus)
    spoken = speech.stretches(probabilities)
    folder, device = stage.model("recognizer"), "cuda" if torch.cuda.is_available() else "cpu"
    pipeline = stage.memo((folder, device, stage.cpus), lambda: load(folder, device, stage.cpus))
    audio = samples.astype("float32") / 32768
    language = whisper.language_for(pipeline.model, stage.parameters["language"], folder.name)
    notes, word_times, first = [], "none", []
    if spoken:
        found = pipeline.transcribe(audio, batch_size=BATCH, language=language, progress_callback=told(stage))
        language = found["language"]
        first, word_times, notes = timed(found, pipeline.model, samples, audio, device)
    ear = whisper.Recogniser(pipeline.model, samples, 1, language)
    heard = listening.completed(first, listening.Sound(spoken, probabilities, duration), ear.hear)
    if stage.parameters["diarize"] and heard.segments:
        turns, missing = speaker_turns(audio, device)
        heard = listening.Heard(told_apart(heard.segments, turns), heard.dropped)
        notes += missing
    write(stage, heard, spoken, (language or "", word_times, notes, duration))


def load(folder: Any, device: str, cpus: int) -> Any:
    whisper.require_whole(folder)
    compute = "float16" if device == "cuda" else "int8"
    return asr.load_model(str(folder), device, compute_type=compute, threads=cpus, local_files_only=True)


def told(stage: stagekit.Stage) -> Any:
    return lambda percent: stage.progress(percent / 100)


def timed(
    found: dict[str, Any], model: Any, samples: Any, audio: Any, device: str
) -> tuple[list[Segment], str, list[str]]:
    """Segments with words that have times, where those are from, and what to tell of it."""
    parts, language = [part for part in found["segments"] if part["text"].strip()], found["language"]
    if not parts:
        return [], "attention", []
    try:
        require_aligner(language)
        aligned = alignment.align(parts, *alignment.load_align_model(language, device), audio, device)["segments"]
    except FAILURES as error:
        note = "words can't be aligned with the sound, so their times are those of the recogniser's attention"
        return attended(parts, model, samples, language), "attention", [f"{note} ({reason(error)})"]
    done = [part for part in aligned if part["words"] and math.isfinite(part["start"]) and math.isfinite(part["end"])]
    left = [part for part in parts if not any(part["start"] <= each["start"] < part["end"] for each in done)]
    note = [f"{len(left)} of {len(parts)} segments couldn't be aligned with the sound"] if left else []
    segments = from_alignment(done, spaced(language)) + attended(left, model, samples, language)
    return sorted(segments, key=lambda segment: segment.start), "aligned", note


def require_aligner(language: str) -> None:
    """What isn't on this machine, while the hub doesn't answer, would be waited for for minutes."""
    if os.environ.get("HF_HUB_OFFLINE") != "1":
        return
    nltk.data.find("tokenizers/punkt_tab")
    name = alignment.DEFAULT_ALIGN_MODELS_TORCH.get(language)
    if name is None:
        return  # from the hub, which knows that it is offline
    file = getattr(torchaudio.pipelines, name)._path  # noqa: SLF001  # the one place that has its name
    if not os.path.exists(os.path.join(torch.hub.get_dir(), "checkpoints", file)):
        raise LookupError(f"the alignment model {file} isn't here, and the hub doesn't answer")


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


def speaker_turns(audio: Any, device: str) -> tuple[list[Turn], list[str]]:
    """Who speaks when, and what to tell where that can't be found."""
    from whisperx.diarize import DiarizationPipeline

    try:
        table = DiarizationPipeline(token=os.environ.get("HF_TOKEN"), device=device)(audio)
    except FAILURES as error:
        how = f"accept the terms at {HUB}/{SPEAKERS}, set HF_TOKEN, and run again where the hub can be reached"
        return [], [f"speakers aren't told apart, since {SPEAKERS} can't be loaded ({reason(error)}): {how}"]
    return [Turn(float(row.start), float(row.end), str(row.speaker)) for row in table.itertuples()], []


def write(
    stage: stagekit.Stage,
    heard: listening.Heard,
    spoken: list[Interval],
    facts: tuple[str, str, list[str], float],
) -> None:
    language, word_times, notes, duration = facts
    known = heard.segments or stage.parameters["language"] != "auto"
    language = (language or stage.parameters["language"]) if known else "und"
    # WhisperX doesn't tell how sure it is of a language.
    origin = transcripts.Origin(
        f"whisperx {version('whisperx')}", stage.model("recognizer").name, language, 1.0 if heard.segments else 0.0,
        duration, word_times,
    )  # fmt: skip
    transcript = transcripts.document(heard, spoken, origin, notes)
    for note in transcript["notes"]:
        stage.warn(note)
    stage.about(engine=transcript["engine"], notes=transcript["notes"])
    transcripts.save(transcript, stage.output("transcript"), stage.output("text"))
