"""A finished job's deliverables: ``output/`` holds them under names made from the input's."""

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from pipeline.jobs.attempts import Result
from pipeline.jobs.job import Job
from pipeline.references import split

COPY_UP_TO = 64 << 20  # bytes; a person may edit a subtitle in place, so small files don't share their content
LONGEST_NAME = 255  # bytes, on nearly every file system


def deliver(job: Job, results: Mapping[str, Result], anew: bool) -> list[Path]:
    """Put each deliverable there; ``anew`` replaces what stands there already. Returns the paths in order."""
    job.output.mkdir(exist_ok=True)
    placed = []
    for reference in job.document["deliver"]:
        name, output = split(reference)
        source = results[name].outputs[output].path
        target = job.output / _name(job.input.stem, source.name)
        if anew or not target.exists():
            _place(source, target)
        placed.append(target)
    return placed


def _name(title: str, output: str) -> str:
    """The input's name without its suffix, shortened where the file system would refuse the whole."""
    room = LONGEST_NAME - len(os.fsencode(f".{output}"))
    while len(os.fsencode(title)) > room:
        title = title[:-1]
    return f"{title}.{output}"


def _place(source: Path, target: Path) -> None:
    beside = target.with_name(f".{os.getpid()}.tmp")
    beside.unlink(missing_ok=True)
    try:
        if source.stat().st_size > COPY_UP_TO:
            os.link(source, beside)
        else:
            shutil.copyfile(source, beside)
    except OSError:
        shutil.copyfile(source, beside)  # a file system without links, or another one
    os.replace(beside, target)
