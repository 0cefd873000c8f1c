"""What a job's stages have made of its film, found by the stage that makes it."""

from collections.abc import Iterator

from pipeline.jobs import attempts
from pipeline.jobs.job import PlannedJob
from pipeline.jobs.records import Output

SOUND_STAGE = "demux"
TRANSCRIPT = "transcript.json"


def sound(job: PlannedJob) -> Output | None:
    """The audio track as WAV; ``None`` where it was never taken out of the film, or isn't there any more."""
    return _first(job, SOUND_STAGE, "audio")


def takes_sound(job: PlannedJob) -> bool:
    """Whether a stage of the job takes the sound out of the film; a job made from subtitles has none."""
    return any(stage.uses == SOUND_STAGE for stage in job.stages)


def peaks(job: PlannedJob) -> Output | None:
    """The peaks of the sound; ``None`` for a job of an earlier version, too."""
    return _first(job, SOUND_STAGE, "peaks")


def transcript(job: PlannedJob) -> Output | None:
    """As a stage has recognised it, whatever people have made of the subtitles since."""
    return next((each for _, _, each in _all(job) if each.path.name == TRANSCRIPT), None)


def _first(job: PlannedJob, uses: str, output: str) -> Output | None:
    return next((each for stage, name, each in _all(job) if (stage, name) == (uses, output)), None)


def _all(job: PlannedJob) -> Iterator[tuple[str, str, Output]]:
    """What each stage uses, and its outputs that are still as they were committed."""
    for stage in job.stages:
        committed = job.loaded.stage(stage.name).committed
        made = attempts.of_event(job, committed).outputs if committed else {}
        yield from ((stage.uses, name, output) for name, output in made.items() if output.is_unchanged())
