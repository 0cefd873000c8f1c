"""The waveform of a job's sound: its peaks as ``demux`` made them.

They are made once for a job from before ``demux`` did, and from the film itself for one that needed no sound, since its
subtitles existed.
"""

import time
from contextlib import suppress
from pathlib import Path

from pipeline.config.catalog import Catalog
from pipeline.digests import sha256_of_bytes
from pipeline.errors import NotReady, UsageError
from pipeline.files import write_whole
from pipeline.jobs import film_outputs
from pipeline.jobs.job import PlannedJob
from pipeline.jobs.records import Output
from pipeline.locks import exclusive
from pipeline.project import ProjectFolder
from pipeline.run import single_stage
from pipeline.values import Struct

STAGE = "sound_peaks"
FOLDER = "peaks"
MOST_BYTES = 256 << 20  # of all in the cache; an hour has 0.7 MB
YOUNG_SECONDS = 60  # in which somebody may be reading what was just made
SECONDS = 1800.0  # that the longest recording may take


class _Source(Struct, frozen=True):
    """What the peaks are made from: the stage that does it, and what it gets."""

    name: str  # the same for the same sound
    stage: str
    inputs: dict[str, list[Path]]
    parameters: dict[str, str]


def peaks_of(project: ProjectFolder, job: PlannedJob) -> Output:
    """A file with two signed bytes, the least and the greatest sample, for each hundredth of a second.

    Raises ``UsageError`` where the job has no sound yet, and ``InputError``, ``NotReady`` and ``StageError``.
    """
    if made := film_outputs.peaks(job):
        return made
    source = _source(job)
    path = project.cache / FOLDER / f"{source.name}.bin"
    if not path.exists():
        _make(project, source, path)
    status = path.stat()
    return Output(path, f"peaks-{source.name}", status.st_size, status.st_mtime_ns)


def _source(job: PlannedJob) -> _Source:
    """Raises ``UsageError`` and ``InputError``."""
    if sound := film_outputs.sound(job):
        return _Source(sound.digest.partition(":")[2], STAGE, {"audio": [sound.path]}, {})
    if film_outputs.takes_sound(job):
        raise UsageError(f"{job.id} has no sound of its film yet", f"run-pipeline -j {job.id}")
    job.require_input()
    track = str(job.plan.parameters.get("audio_track") or "")
    digest = sha256_of_bytes(f"{job.plan.input.digest} {track}".encode())
    inputs = {"media": [job.input]}
    return _Source(digest.partition(":")[2], film_outputs.SOUND_STAGE, inputs, {"audio_track": track})


def _make(project: ProjectFolder, source: _Source, path: Path) -> None:
    """By one process at a time. The oldest of others make room."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with exclusive(path.parent / "lock", on_wait=lambda _: None):
            if path.exists():
                return
            call = source.inputs, source.parameters
            with single_stage.run(Catalog(project), source.stage, *call, SECONDS, path.parent) as outputs:
                data = outputs["peaks"].read_bytes()
            write_whole(path, data)
            _make_room(path)
    except OSError as error:
        raise NotReady(f"the peaks of the sound can't be kept in {path.parent}: {error.strerror}") from error


def _make_room(newest: Path) -> None:
    files = [(path, path.stat()) for path in newest.parent.glob("*.bin")]
    total = sum(status.st_size for _, status in files)
    for path, status in sorted(files, key=lambda each: each[1].st_mtime_ns):
        if total <= MOST_BYTES or path == newest or time.time() - status.st_mtime < YOUNG_SECONDS:
            continue
        with suppress(OSError):
            path.unlink()
            total -= status.st_size
