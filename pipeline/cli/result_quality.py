"""How good a job's subtitles are, in a line for each language: what its stages have written into their reports."""

import contextlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pipeline.jobs import attempts
from pipeline.jobs.job import PlannedJob
from pipeline.jobs.job_editor import JobEditor
from pipeline.jobs.state import JobState
from pipeline.text import counted

REPORT, TRANSCRIPT = "report", "transcript"  # names of outputs
NO_MODEL = "none"  # of a transcript that was made of subtitles
LARGEST = 64 << 20  # bytes that are read of one


def lines(job: PlannedJob, state: JobState) -> list[str]:
    """Such as ``en: 11 cues, 99% of the speech has words, no rule broken``; none where there are no subtitles."""
    heard = _coverage(job, state)
    return [_line(report, heard if number == 0 else None) for number, report in enumerate(_reports(job, state))]


def speed(job: PlannedJob, seconds: float) -> str:
    """Such as ``3.4 x real time``; empty where the input has no length."""
    length = job.plan.input.duration_s
    return f"{length / seconds:.1f} x real time" if length and seconds > 0 else ""


def _line(report: Mapping[str, Any], heard: float | None) -> str:
    broken = sum(report["broken"].values())
    rules = f"{counted(broken, 'rule')} broken" if broken else "no rule broken"
    words = [] if heard is None else [f"{heard:.0%} of the speech has words"]
    return f"{report['language']}: {', '.join([counted(report['cues'], 'cue'), *words, rules])}"


def _reports(job: PlannedJob, state: JobState) -> Iterator[Mapping[str, Any]]:
    """Of the stages that made subtitles, in the plan's order."""
    for stage, value in _outputs(job, state, REPORT):
        if isinstance(value.get("broken"), dict) and {"language", "cues"} <= value.keys():
            yield {**value, **_as_edited(job, state, stage)}


def _as_edited(job: PlannedJob, state: JobState, stage: str) -> dict[str, Any]:
    """What is other than reported where a person has edited the subtitles."""
    event = state.edits.get(stage)
    about = JobEditor(job).about_of(event) if event else {}
    return {name: about[name] for name in ("cues", "broken") if name in about}


def _coverage(job: PlannedJob, state: JobState) -> float | None:
    """The share of the speech that has words; ``None`` where nothing was recognised, or there is no speech."""
    for _, value in _outputs(job, state, TRANSCRIPT):
        coverage = value.get("coverage", {})
        share = coverage.get("share")
        was_heard = value.get("model") != NO_MODEL and coverage.get("speech_s") != 0
        if isinstance(share, int | float) and was_heard:
            return float(share)
    return None


def _outputs(job: PlannedJob, state: JobState, name: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Stages, with the JSON objects that they have written as their output of this name, as far as they can be read."""
    for stage in job.stages:
        committed = state.stage(stage.name).committed
        if committed is None or not stage.outputs.get(name, "").endswith(".json"):
            continue
        with contextlib.suppress(OSError, ValueError):
            value = json.loads(_bytes(attempts.of_event(job, committed).outputs[name].path))
            if isinstance(value, dict):
                yield stage.name, value


def _bytes(path: Path) -> bytes:
    """Raises ``ValueError`` for a file that is too large to be read for a line."""
    if path.stat().st_size > LARGEST:
        raise ValueError
    return path.read_bytes()
