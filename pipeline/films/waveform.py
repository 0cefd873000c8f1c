"""The waveform of a job's sound: its peaks as ``demux`` made them, or made once for a job from before it did."""

import time
from contextlib import suppress
from pathlib import Path

from pipeline.config.catalog import Catalog
from pipeline.errors import NotReady, UsageError
from pipeline.files import write_whole
from pipeline.jobs import film_outputs
from pipeline.jobs.job import PlannedJob
from pipeline.jobs.records import Output
from pipeline.locks import exclusive
from pipeline.project import ProjectFolder
from pipeline.run import single_stage

STAGE = "sound_peaks"
FOLDER = "peaks"
MOST_BYTES = 256 << 20  # of all in the cache; an hour has 0.7 MB
YOUNG_SECONDS = 60  # in which somebody may be reading what was just made
SECONDS = 1800.0  # that the longest recording may take


def peaks_of(project: ProjectFolder, job: PlannedJob) -> Output:
    """A file with two signed bytes, the least and the greatest sample, for each hundredth of a second.

    Raises ``UsageError`` where the job has no sound, and as ``single_stage.run``.
    """
    if made := film_outputs.peaks(job):
        return made
    sound = film_outputs.sound(job)
    if sound is None:
        raise UsageError(f"{job.id} has no sound of its film yet", f"run-pipeline -j {job.id}")
    folder = project.cache / FOLDER
    path = folder / f"{sound.digest.partition(':')[2]}.bin"
    if not path.exists():
        _make(project, sound, path)
    status = path.stat()
    return Output(path, f"peaks-{sound.digest}", status.st_size, status.st_mtime_ns)


def _make(project: ProjectFolder, sound: Output, path: Path) -> None:
    """By one process at a time. The oldest of others make room."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with exclusive(path.parent / "lock", on_wait=lambda _: None):
            if path.exists():
                return
            with single_stage.run(Catalog(project), STAGE, {"audio": [sound.path]}, {}, SECONDS) as outputs:
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
