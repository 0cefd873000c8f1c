"""The job's input as its stages see it: ``jobs/ID/input/input.mp4``, whatever the file is called.

A result mustn't depend on the name that a person gave to a film, or a renamed film would have all of its stages run
again. So stages get a link whose name has only the suffix of the file, which a stage may have to know.
"""

import os
import re
import shutil
import stat
from pathlib import Path

from pipeline.files import replaced
from pipeline.jobs.job import Job

FOLDER = "input"
SUFFIX = re.compile(r"(?:\.tar)?\.[A-Za-z0-9_+-]{1,16}")


def name_for(file: Path) -> str:
    """``input`` with the file's suffix, where what follows the last point looks like one."""
    *before, last = file.suffixes or [""]
    suffix = f"{before[-1]}{last}" if before[-1:] == [".tar"] else last
    return f"input{suffix}" if SUFFIX.fullmatch(suffix) else "input"


def path_for(job: Job) -> Path:
    """Where the link is, or will be."""
    return job.folder / FOLDER / name_for(job.input)


def place(job: Job) -> None:
    """Make the link, unless it is there; a copy on a disk that has no links."""
    path = path_for(job)
    if _is_there(path, job):
        return
    path.parent.mkdir(exist_ok=True)
    with replaced(path, flush=False, temporary=".placing.tmp") as beside:
        beside.unlink(missing_ok=True)
        try:
            beside.symlink_to(job.input)
        except (OSError, NotImplementedError):
            shutil.copy2(job.input, beside)


def _is_there(path: Path, job: Job) -> bool:
    try:
        status = os.lstat(path)
        if stat.S_ISLNK(status.st_mode):
            return str(path.readlink()) == str(job.input)
    except OSError:
        return False
    return (status.st_size, status.st_mtime_ns) == (job.plan.input.size, job.plan.input.mtime_ns)


def with_real_path(job: Job, text: str) -> str:
    """A stage's words, with the input as the person knows it."""
    return text.replace(str(path_for(job)), str(job.input))
