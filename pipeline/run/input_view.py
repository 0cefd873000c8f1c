"""What stages read as the job's input: a copy of the person's file, or a link where a copy would take long.

A stage that writes to its input writes to the copy. A large file on a disk without reflinks is only linked, and the
stage's process can't write to it (``linked_input.py``). Where the system can't keep it from that, or a worker is to
read it, the file is copied if that takes seconds and the disk has room for it; else it is linked all the same, and
compared after each stage.
"""

import os
import time
from pathlib import Path

from pipeline.files import clear, reflink, replaced
from pipeline.jobs import attempt_folders
from pipeline.jobs.input_name import path_for
from pipeline.jobs.job import PlannedJob
from pipeline.run import linked_input
from pipeline.run.output_signatures import OutputSignatures
from pipeline.signatures import settled_signature_of

COPY_UP_TO = 16 << 20  # bytes
COPY_UNPROTECTED_UP_TO = 2 << 30  # bytes; a disk takes seconds for these, recognition takes minutes
ROOM = 2  # times its size that must be left on the disk then: stages may leave a movie or two
CHUNK = 1 << 20  # bytes


def place(job: PlannedJob, signatures: OutputSignatures) -> None:
    """Make it, unless it is there. Raises ``OSError``, and ``InputError`` where the input has changed meanwhile."""
    path = path_for(job)
    if _is_there(path, job, signatures):
        return
    at = time.time_ns()
    attempt_folders.make(path.parent, job.folder)
    clear(path)
    with replaced(path, flush=False, temporary=".placing.tmp") as beside:
        clear(beside)
        if not _shares(job, beside):
            _copy(job.input, beside)
        if not beside.is_symlink():
            os.utime(beside, ns=(job.plan.input.mtime_ns, job.plan.input.mtime_ns))
            job.require_input()  # what was copied is what the job was prepared for
    if path.is_symlink():
        return
    if job.plan.input.size > COPY_UP_TO:  # to wait an instant takes less than to read it
        signatures.note_read(path, settled_signature_of(path), time.time_ns())
    else:
        signatures.note([path], at)


def linked_file(job: PlannedJob) -> Path | None:
    """The person's file, where stages read that by a link."""
    path = path_for(job)
    return job.input if path.is_symlink() else None


def discard_copy(path: Path) -> None:
    """The next stage gets another one, whatever a stage has put in its place. Raises ``OSError``."""
    if path.parent.is_symlink():
        clear(path.parent)
    elif not path.is_symlink():
        clear(path)


def release(job: PlannedJob) -> None:
    """Free the room of a large copy, which no stage of a finished job needs. Raises ``OSError``."""
    path = path_for(job)
    if job.plan.input.size > COPY_UP_TO and not path.parent.is_symlink() and path.is_file() and not path.is_symlink():
        clear(path)


def _is_there(path: Path, job: PlannedJob, signatures: OutputSignatures) -> bool:
    """A copy of which nothing is known is made again: that takes less than to read both."""
    try:
        if path.is_symlink():
            return str(path.readlink()) == str(job.input) and not path.parent.is_symlink()
    except OSError:
        return False
    return signatures.known(path) is not None


def _shares(job: PlannedJob, target: Path) -> bool:
    """Whether it could be had without a copy of its bytes, as it should."""
    size = job.plan.input.size
    if size <= COPY_UP_TO:
        return False
    if _reflink(job, target):
        return True
    if size > COPY_UNPROTECTED_UP_TO or size * (1 + ROOM) > _free(job.folder):
        return _link(job, target)
    return not _is_read_in_worker(job) and linked_input.can_protect(job.input) and _link(job, target)


def _is_read_in_worker(job: PlannedJob) -> bool:
    """A worker serves other stages, too, so that it can't be bound for one of them; to start a process instead costs
    more than a copy where the worker holds a model."""
    return any(stage.takes_job_input and stage.way(None) == "worker" for stage in job.stages)


def _free(folder: Path) -> int:
    """Bytes; none where that can't be told."""
    if not hasattr(os, "statvfs"):
        return 0
    status = os.statvfs(folder)
    return status.f_bavail * status.f_frsize


def _copy(source: Path, target: Path) -> None:
    """Without shutil, which brings the compression libraries with it: nearly every run begins here."""
    with source.open("rb") as reading, target.open("wb") as writing:
        while chunk := reading.read(CHUNK):
            writing.write(chunk)


def _reflink(job: PlannedJob, target: Path) -> bool:
    try:
        return reflink(job.input, target)
    except OSError:
        return False


def _link(job: PlannedJob, target: Path) -> bool:
    try:
        target.symlink_to(job.input)
    except (OSError, NotImplementedError):
        return False
    return True
