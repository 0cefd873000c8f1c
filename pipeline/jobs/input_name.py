"""The name under which stages see the job's input: ``jobs/ID/input/input.mp4``, whatever the file is called.

A result mustn't depend on the name that a person gave to a film, or a renamed film would have all of its stages run
again. So the name has only the suffix of the file, which a stage may have to know.
"""

import re
from pathlib import Path

from pipeline.jobs.job import PlannedJob

FOLDER = "input"
SUFFIX = re.compile(r"(?:\.tar)?\.[A-Za-z0-9_+-]{1,16}")


def name_for(file: Path) -> str:
    """``input`` with the file's suffix, where what follows the last point looks like one."""
    *before, last = file.suffixes or [""]
    suffix = f"{before[-1]}{last}" if before[-1:] == [".tar"] else last
    return f"input{suffix}" if SUFFIX.fullmatch(suffix) else "input"


def path_for(job: PlannedJob) -> Path:
    """Where the stages find it."""
    return job.folder / FOLDER / name_for(job.input)


def with_real_path(job: PlannedJob, text: str) -> str:
    """A stage's words, with the input as the person knows it."""
    return text.replace(str(path_for(job)), str(job.input))


def without_place(job: PlannedJob, text: str) -> str:
    """Words that are kept with a result, which other jobs may take: they don't name one job's file."""
    return text.replace(str(path_for(job)), name_for(job.input))
