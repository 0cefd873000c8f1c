# /// script
# [tool.pipeline.stage]
# environment = "whisperx"
# modules = ["languages", "recognition"]
# inputs = ["audio"]
# models = ["recognizer"]
# optional_models = ["speakers"]
# start = ["worker", "cold"]
# # The alignment model comes from a hub that may answer tomorrow and not today. The key doesn't show it, so no other
# # job gets this result.
# cache = false
# [tool.pipeline.stage.parameters]
# language = "auto"
# diarize = false
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
"""Recognise speech with WhisperX: the files of ``asr``, with words aligned with the sound, and speakers if wanted.

The recogniser and the diarization model come from local folders; WhisperX contains the model that finds speech. The
alignment model comes from the hub, or from an earlier download. Where there is none, words have the times of the
recogniser's attention, and the transcript's notes say so.

Speech without words, and text that can't be trusted, is recognised once more by faster-whisper with the same model.
"""

import math
import os
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

import stagekit
from recognition import model_hub

BATCH = 8  # windows on the CPU
STALLED_SECONDS = 60  # that a download may wait for the next byte
ALIGNMENT_MODELS = "https://download.pytorch.org"
SENTENCE_MODELS = "https://raw.githubusercontent.com"  # from which nltk fetches
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
from recognition import (  # noqa: E402
    compute,
    language_check,
    model_errors,
    models,
    transcripts,
    two_pass,
    voice_activity,
    waveform,
    whisper,
    windows,
)
from recognition.compute import Compute  # noqa: E402
from recognition.compute_steps import ComputeSteps  # noqa: E402
from recognition.diarization import SpeakerTurn, split_by_speaker  # noqa: E402
from recognition.intervals import Interval  # noqa: E402
from recognition.model_holder import ModelHolder  # noqa: E402
from recognition.segments import Segment, SpokenWord  # noqa: E402
from whisperx import alignment, asr  # noqa: E402
from whisperx.diarize import DiarizationPipeline  # noqa: E402


@dataclass(frozen=True)
class WhisperXResult:
    """What was recognised, and where the times of its words are from: those in ``aligned`` from the sound."""

    speech: two_pass.RecognisedSpeech
    recogniser: whisper.Recogniser
    aligned: frozenset[Interval]
    notes: tuple[str, ...]


def run(stage: stagekit.Stage) -> None:
    """Transcribe the audio and write both files."""
    torch.set_num_threads(stage.cpus)
    samples = waveform.read_audio(stage.input("audio"))
    probabilities = whisper.speech_probabilities(samples, stage.cpus)
    speech = voice_activity.speech_intervals(probabilities)
    activity = two_pass.SpeechActivity(speech, probabilities, len(samples) / waveform.SAMPLE_RATE)
    folder = stage.model("recognizer")
    ways, card = models.ways(folder, on_cpu(stage.cpus), os.environ)
    steps = ComputeSteps(ways, stage.warn)
    holder = stage.memo(folder, lambda: ModelHolder(lambda way: load(folder, way)))
    found = steps.once(lambda way: recognised(stage, samples, activity, holder.get(way), way))
    result = found.speech
    if stage.parameters["diarize"] and result.segments:
        # What tells speakers apart needs other memory than what recognises, and goes on with the CPU by itself.
        ways = (steps.now, *[way for way in steps.ways[1:] if not way.is_gpu][:1])
        turns = ComputeSteps(ways, stage.warn).once(lambda way: speaker_turns(stage, audio_of(samples), way.device))
        result = two_pass.RecognisedSpeech(split_by_speaker(result.segments, turns), result.dropped)
    word_times, more = word_times_of(result.segments, found.aligned)
    write(stage, result, speech, found.recogniser, (word_times, [*found.notes, *more], activity.duration))
    stage.about(computed_on=steps.facts(card))


def recognised(
    stage: stagekit.Stage, samples: Any, activity: two_pass.SpeechActivity, pipeline: Any, way: Compute
) -> WhisperXResult:
    """All of the speech in one language. It is done again from its beginning where memory or a device fails."""
    folder = stage.model("recognizer")
    language = models.language_for(pipeline.model, stage.parameters["language"], folder.name)
    recogniser = whisper.Recogniser(pipeline.model, samples, 1, language)
    cut = windows.cut(activity.speech, activity.probabilities, activity.duration)
    is_strict = stage.parameters.get("strict_language", False)  # which an older plan doesn't have
    check = language_check.check(recogniser, cut, stage.parameters["language"], is_strict, folder.name)
    stage.about(**check.facts)
    notes, aligned, first = [], frozenset[Interval](), []
    if activity.speech:
        recogniser.find_language(cut)
        audio = audio_of(samples)
        found = pipeline.transcribe(
            audio, batch_size=way.windows, language=recogniser.language, progress_callback=progress(stage)
        )
        first, aligned, notes = with_word_times(found, pipeline.model, samples, audio, way.device)
    result = two_pass.add_second_pass(first, activity, recogniser.recognise)
    return WhisperXResult(result, recogniser, aligned, (*check.notes, *notes))


def audio_of(samples: Any) -> Any:
    """As WhisperX takes it: from -1 to 1."""
    return samples.astype("float32") / 32768


def on_cpu(cpus: int) -> tuple[Compute, ...]:
    """Several windows at a time, which share all CPUs, and one after the other for too little memory."""
    return tuple(Compute(compute.CPU, "int8", windows, cpus) for windows in (BATCH, 1))


def load(folder: Any, way: Compute) -> Any:
    """WhisperX's pipeline for the model in ``folder``. Raises ``StageFailed``."""
    models.require_files(folder)
    with model_errors.load_errors(folder):
        return asr.load_model(
            str(folder), way.device, compute_type=way.kind, threads=way.threads, local_files_only=True
        )


def progress(stage: stagekit.Stage) -> Any:
    """A callback for WhisperX, which tells its progress in percent."""
    return lambda percent: stage.progress(percent / 100)


def with_word_times(
    found: dict[str, Any], model: Any, samples: Any, audio: Any, device: str
) -> tuple[list[Segment], frozenset[Interval], list[str]]:
    """Segments whose words have times, those times that are from the sound, and notes for the transcript.

    ``found`` is WhisperX's result: ``language``, and ``segments`` with ``start``, ``end`` (seconds) and ``text``.
    """
    parts, language = [part for part in found["segments"] if part["text"].strip()], found["language"]
    if not parts:
        return [], frozenset(), []
    try:
        with download_timeout():
            aligned = alignment.align(parts, *alignment_model(language, device), audio, device)["segments"]
    except FAILURES as error:
        note = "words can't be aligned with the sound, so their times are those of the recogniser's attention"
        return attention_times(parts, model, samples, language), frozenset(), [f"{note} ({first_line(error)})"]
    done = [part for part in aligned if part["words"] and math.isfinite(part["start"]) and math.isfinite(part["end"])]
    left = [part for part in parts if not any(part["start"] <= each["start"] < part["end"] for each in done)]
    note = [f"{len(left)} of {len(parts)} segments couldn't be aligned with the sound"] if left else []
    from_sound = segments_of_alignment(done, has_spaces(language))
    segments = from_sound + attention_times(left, model, samples, language)
    aligned_times = frozenset((word.start, word.end) for segment in from_sound for word in segment.words)
    return sorted(segments, key=lambda segment: segment.start), aligned_times, note


def word_times_of(segments: Sequence[Segment], aligned: frozenset[Interval]) -> tuple[str, list[str]]:
    """Where the times of most words are from: ``aligned`` or ``attention``. And a note, if it isn't so for all.

    After the alignment, the second pass drops words and adds others.
    """
    words = [word for segment in segments for word in segment.words]
    others = sum((word.start, word.end) not in aligned for word in words)
    note = f"{others} of {len(words)} words have the times of the recogniser's attention, not of the sound"
    notes = [note] if aligned and others else []
    return "aligned" if aligned and 2 * others <= len(words) else "attention", notes


def alignment_model(language: str, device: str) -> tuple[Any, Any]:
    """The model for a language and its details. Raises one of ``FAILURES``.

    What isn't on this machine is looked for only if its server answers; the libraries would wait for minutes.
    """
    name = alignment.DEFAULT_ALIGN_MODELS_TORCH.get(language)
    if name is not None:  # else it is from the hub, whose libraries know whether they are offline
        file = getattr(torchaudio.pipelines, name)._path  # noqa: SLF001  # the one place that has its name
        if not os.path.exists(os.path.join(torch.hub.get_dir(), "checkpoints", file)):
            model_hub.require_reachable(f"the alignment model {file}", ALIGNMENT_MODELS)
    try:
        nltk.data.find("tokenizers/punkt_tab")
    except LookupError:
        model_hub.require_reachable("what finds the ends of sentences (punkt_tab)", SENTENCE_MODELS)
    model, details = alignment.load_align_model(language, device)
    return model, details


@contextmanager
def download_timeout() -> Iterator[None]:
    """The libraries' downloads have no time limit: without this, one that stalls would never end."""
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(STALLED_SECONDS)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)


def attention_times(parts: Sequence[dict[str, Any]], model: Any, samples: Any, language: str) -> list[Segment]:
    whole = [(part["start"], part["end"], part["text"], part.get("avg_logprob", 0.0)) for part in parts]
    return whisper.with_attention_times(model, samples, whole, language)


def first_line(error: Exception) -> str:
    return next((line.strip() for line in str(error).splitlines() if line.strip("* \n")), type(error).__name__)


def has_spaces(language: str) -> bool:
    """Whether spaces separate the words. Alignment removes them."""
    return language not in alignment.LANGUAGES_WITHOUT_SPACES


def segments_of_alignment(segments: Sequence[dict[str, Any]], spaces: bool) -> list[Segment]:
    """WhisperX's aligned segments as ours. A word without a time gets the end of the word before."""
    found = []
    for segment in segments:
        words: list[SpokenWord] = []
        clock = float(segment["start"])
        for word in segment["words"]:
            start = float(word.get("start", clock))
            clock = max(float(word.get("end", start)), start)
            text = f" {word['word']}" if spaces else word["word"]
            words.append(SpokenWord(start, clock, text, float(word.get("score", 0.0))))
        times = float(segment["start"]), float(segment["end"])
        found.append(Segment(*times, segment["text"].strip(), tuple(words), float(segment.get("avg_logprob", 0.0))))
    return found


def speaker_turns(stage: stagekit.Stage, audio: Any, device: str) -> list[SpeakerTurn]:
    """Who speaks when. Raises ``StageFailed`` where the model can't be loaded."""
    folder = stage.model("speakers")
    try:
        find = stage.memo((folder, device), lambda: DiarizationPipeline(str(folder), device=device))
    except FAILURES as error:
        advice = "Download it again, or do without --diarize"
        raise stagekit.StageFailed(f"the model in {folder} can't be loaded: {first_line(error)}. {advice}") from error
    return [SpeakerTurn(float(row.start), float(row.end), str(row.speaker)) for row in find(audio).itertuples()]


def write(
    stage: stagekit.Stage,
    result: two_pass.RecognisedSpeech,
    speech: list[Interval],
    recogniser: whisper.Recogniser,
    facts: tuple[str, list[str], float],
) -> None:
    """Both files. ``facts``: where word times are from, notes, and the seconds of the audio."""
    word_times, notes, duration = facts
    known = result.segments or stage.parameters["language"] != "auto"
    origin = transcripts.TranscriptOrigin(
        f"whisperx {version('whisperx')}",
        stage.model("recognizer").name,
        recogniser.language if known and recogniser.language else "und",
        recogniser.language_probability if result.segments else 0.0,
        duration,
        word_times,
        waveform.is_silent(recogniser.samples),
    )
    transcript = transcripts.document(result, speech, origin, notes)
    for note in transcript["notes"]:
        stage.warn(note)
    stage.about(
        engine=transcript["engine"],
        language=transcript["language"],
        content=transcript["content"],
        notes=transcript["notes"],
    )
    transcripts.save(transcript, stage.output("transcript"), stage.output("text"))
