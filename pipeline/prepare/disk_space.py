"""Whether the disk has room for what a job will write, by an estimate."""

import shutil
from pathlib import Path

from pipeline.config.workflows import DiskUse
from pipeline.errors import NotReady
from pipeline.media.probe import Media
from pipeline.project import ProjectFolder
from pipeline.sizes import show_size
from pipeline.text import printable

SPARE = 64 << 20  # bytes for transcripts, subtitles and logs, which are small and not in the estimate


def estimate(disk: DiskUse, size: int, duration: float | None) -> int:
    """Bytes that a job will write; 0 where the workflow says nothing about its use of the disk.

    ``size`` of the input in bytes, ``duration`` in seconds.
    """
    seconds = duration or 0.0
    return round(disk.per_second * seconds + disk.of_input * size)


def free(project: ProjectFolder) -> int:
    """Bytes on the disk that jobs are on."""
    folder = next(each for each in (project.jobs, *project.jobs.parents) if each.is_dir())
    return shutil.disk_usage(folder).free


def require(project: ProjectFolder, disk: DiskUse, file: Path, media: Media | None, reserved: int) -> int:
    """The bytes that the job will write. ``reserved`` bytes are left for jobs that were prepared before it.

    Raises ``NotReady`` where the disk that jobs are on doesn't have them.
    """
    needed = estimate(disk, file.stat().st_size, media.duration_s if media else None)
    if not needed:
        return 0
    there = free(project)
    if needed + SPARE > there - reserved:
        rest = f", {show_size(reserved)} for the jobs prepared before it" if reserved else ""
        raise NotReady(
            f"the job will write about {show_size(needed)}; with {show_size(SPARE)} to spare{rest}, that is more than "
            f"the {show_size(there)} that the disk of {printable(str(project.jobs))} has left",
            "make room on that disk, or let 'paths' in config/pipeline.yaml put jobs on another one",
        )
    return needed
