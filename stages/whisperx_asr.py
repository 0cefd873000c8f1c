# /// script
# [tool.pipeline.stage]
# environment = "whisperx"
# modules = ["languages", "recognition", "word_alignment"]
# inputs = ["audio"]
# models = ["recognizer"]
# optional_models = ["speakers", "aligner"]
# start = ["worker", "cold"]
# # Without an aligner, the alignment model comes from a hub that may answer tomorrow and not today. The key doesn't
# # show it, so no other job gets this result.
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
alignment model is that of the slot ``aligner``, else from the hub or an earlier download. Where there is none, words
have the times of the recogniser's attention, and the transcript's notes say so.

Speech without words, and text that can't be trusted, is recognised once more by faster-whisper with the same model.
All of the speech is recognised in one language; where others are heard, a note says so.

WhisperX takes an array, so a long sound is given to it in blocks, which end at pauses. Telling speakers apart needs all
of the sound at once.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import stagekit
from recognition import model_hub

BATCH = 8  # windows on the CPU
LISTENED_WINDOWS = 16  # from all over the film, in which other languages are heard
ONE_LANGUAGE = "; WhisperX recognises all of a film in one language, and --asr faster-whisper each part in its own"

model_hub.go_offline_without_hub()

import torch  # noqa: E402
from recognition import (  # noqa: E402
    compute,
    language_check,
    model_errors,
    models,
    several_languages,
    sound_blocks,
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
from recognition.intervals import intersection  # noqa: E402
from recognition.model_holder import ModelHolder  # noqa: E402
from recognition.segments import Segment  # noqa: E402
from recognition.waveform import Waveform  # noqa: E402
from whisperx import asr  # noqa: E402
from whisperx.diarize import DiarizationPipeline  # noqa: E402
from word_alignment import aligners, word_times  # noqa: E402
from word_alignment.word_times import RecognisedBlock, WordTimes  # noqa: E402


@dataclass(frozen=True)
class WhisperXResult:
    """What was recognised, and what gave its words their times."""

    speech: two_pass.RecognisedSpeech
    recogniser: whisper.Recogniser
    times: WordTimes
    notes: tuple[str, ...]  # on the language


def run(stage: stagekit.Stage) -> None:
    """Transcribe the audio and write both files."""
    torch.set_num_threads(stage.cpus)
    sound = waveform.open_audio(stage.input("audio"))
    probabilities = whisper.speech_probabilities(sound, stage.cpus)
    activity = two_pass.SpeechActivity(voice_activity.speech_intervals(probabilities), probabilities, sound.duration)
    folder = stage.model("recognizer")
    ways, card = models.ways(folder, on_cpu(stage.cpus), os.environ)
    steps = ComputeSteps(ways, stage.warn)
    holder = stage.memo(folder, lambda: ModelHolder(lambda way: load(folder, way)))
    found = steps.once(lambda way: recognised(stage, sound, activity, holder.get(way), way))
    result = found.speech
    if stage.parameters["diarize"] and result.segments:
        # What tells speakers apart needs other memory than what recognises, and goes on with the CPU by itself.
        ways = (steps.now, *[way for way in steps.ways[1:] if not way.is_gpu][:1])
        turns = ComputeSteps(ways, stage.warn).once(lambda way: speaker_turns(stage, sound, way.device))
        result = two_pass.RecognisedSpeech(split_by_speaker(result.segments, turns), result.dropped)
    write(stage, result, activity, found)
    stage.about(computed_on=steps.facts(card))


def recognised(
    stage: stagekit.Stage, sound: Waveform, activity: two_pass.SpeechActivity, pipeline: Any, way: Compute
) -> WhisperXResult:
    """All of the speech in one language. It is done again from its beginning where memory or a device fails."""
    folder = stage.model("recognizer")
    language = models.language_for(pipeline.model, stage.parameters["language"], folder.name)
    recogniser = whisper.Recogniser(pipeline.model, sound, 1, language)
    cut = windows.cut(activity.speech, activity.probabilities, activity.duration)
    is_strict = stage.parameters.get("strict_language", False)  # which an older plan doesn't have
    check = language_check.check(recogniser, cut, stage.parameters["language"], is_strict, folder.name)
    stage.about(**check.facts)
    times = WordTimes(recogniser, way.device, aligner_folder(stage))
    first: list[Segment] = []
    others: tuple[str, ...] = ()
    if activity.speech:
        recogniser.find_language(cut)
        if recogniser.is_multilingual and not check.notes:
            recogniser.listen_on(cut, LISTENED_WINDOWS)
            others = several_languages.notes_on_others(activity, recogniser, ONE_LANGUAGE)
        for block in blocks(stage, activity, pipeline, recogniser, way.windows):
            first += times.segments(block)
    result = two_pass.add_second_pass(first, activity, recogniser.recognise)
    return WhisperXResult(result, recogniser, times, (*check.notes, *others))


def blocks(
    stage: stagekit.Stage,
    activity: two_pass.SpeechActivity,
    pipeline: Any,
    recogniser: whisper.Recogniser,
    batch: int,
) -> Iterator[RecognisedBlock]:
    """What WhisperX recognises, block after block, without those in which nobody speaks. ``batch``: windows at a time.

    ``recogniser`` has the sound and the language.
    """
    for start, end in sound_blocks.cut(activity.speech, activity.probabilities, activity.duration):
        if not intersection(activity.speech, [(start, end)]):
            continue

        def progress(percent: float, start: float = start, end: float = end) -> None:
            stage.progress((start + (end - start) * percent / 100) / activity.duration)

        audio = waveform.of_pieces(recogniser.sound, [(start, end)])
        found = pipeline.transcribe(audio, batch_size=batch, language=recogniser.language, progress_callback=progress)
        yield RecognisedBlock(start, audio, found["segments"])


def aligner_folder(stage: stagekit.Stage) -> Path | None:
    """Where the model is that aligns the named language; ``None`` where the library has to look for one."""
    try:
        return stage.model("aligner")
    except KeyError:
        return None


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


def speaker_turns(stage: stagekit.Stage, sound: Waveform, device: str) -> list[SpeakerTurn]:
    """Who speaks when. Raises ``StageFailed`` where the model can't be loaded."""
    folder = stage.model("speakers")
    try:
        find = stage.memo((folder, device), lambda: DiarizationPipeline(str(folder), device=device))
    except aligners.FAILURES as error:
        what = f"the model in {folder} can't be loaded: {aligners.first_line(error)}"
        raise stagekit.StageFailed(f"{what}. Download it again, or do without --diarize") from error
    return [
        SpeakerTurn(float(row.start), float(row.end), str(row.speaker))
        for row in find(waveform.whole(sound)).itertuples()
    ]


def write(
    stage: stagekit.Stage,
    result: two_pass.RecognisedSpeech,
    activity: two_pass.SpeechActivity,
    found: WhisperXResult,
) -> None:
    """Both files. ``result``: the speech of what was ``found``, with speakers where they were wanted."""
    times, more = word_times.origin_of(result.segments, found.times.aligned)
    recogniser = found.recogniser
    known = result.segments or stage.parameters["language"] != "auto"
    origin = transcripts.TranscriptOrigin(
        f"whisperx {version('whisperx')}",
        stage.model("recognizer").name,
        recogniser.language if known and recogniser.language else "und",
        recogniser.language_probability if result.segments else 0.0,
        activity.duration,
        times,
        recogniser.sound.is_silent(),
    )
    notes = [*found.notes, *found.times.notes, *more]
    transcript = transcripts.document(result, activity.speech, origin, notes)
    for note in transcript["notes"]:
        stage.warn(note)
    stage.about(
        engine=transcript["engine"],
        language=transcript["language"],
        content=transcript["content"],
        notes=transcript["notes"],
    )
    transcripts.save(transcript, stage.output("transcript"), stage.output("text"))
