"""Deliverables next to the input, as players want subtitles: ``movie.es.srt`` beside ``movie.mkv``.

They are copies of what stands in the job's output folder, so whatever becomes of them, the job keeps its own. A file
that was there and isn't ours is left alone, and so is one of ours that a person has changed. A job that was prepared
with ``--overwrite`` replaces both, once.
"""

import contextlib
import filecmp
import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from pipeline.files import dump_json, read_json, replaced, sync_folder, write_whole
from pipeline.jobs.job import PlannedJob
from pipeline.jobs.results import Results
from pipeline.permissions import share_as
from pipeline.text import printable
from pipeline.values import Struct, field

RECORD = "beside.json"  # in the job's folder: what was put there, by size and time


class Placement(Struct, frozen=True):
    """What became of the files that go next to the input."""

    has_put: bool = False  # whether any file is there that wasn't
    told: list[str] = field(default_factory=list)  # what a person should know


def put(job: PlannedJob, results: Results, delivered: Sequence[Path]) -> Placement:
    """Put what the job says next to its input. Nothing of it fails the job.

    ``delivered`` are the paths of all outputs to deliver, in order.
    """
    wanted = job.plan.beside
    if wanted is None:
        return Placement()
    told, ours, has_put, shown = [], _record(job), False, printable(str(job.output))
    for source in _chosen(job, results, delivered, wanted.outputs):
        target = job.input.with_name(source.name)
        if source.is_dir():
            told.append(f"{printable(source.name)} is a folder, which stays in {shown}")
            continue
        try:
            if _is_read(job, target):
                told.append(f"{printable(target.name)} is what the job reads, so it stays; its own is in {shown}")
            elif _is_free(target, source, ours.get(target.name), wanted.overwrite):
                _copy(source, target, job.input)
                ours[target.name] = signature(target)
                has_put = True
            elif not filecmp.cmp(source, target, shallow=False):
                stays = f"{printable(target.name)} was there and stays as it is (--overwrite replaces it)"
                told.append(f"{stays}; the new one is in {shown}")
        except OSError as error:
            told.append(f"{printable(str(target))} can't be written: {error.strerror}; the subtitles are in output")
    if ours:
        write_whole(job.folder / RECORD, dump_json(ours))
        with contextlib.suppress(OSError):
            sync_folder(job.input.parent)
    return Placement(has_put, told)


def forget(job: PlannedJob) -> None:
    """Take what stands beside the input for somebody else's: a job that may overwrite puts its own there again."""
    (job.folder / RECORD).unlink(missing_ok=True)


def take(job: PlannedJob, file: Path, before: Sequence[int]) -> None:
    """A person's change of what the job has put there was accepted, so it is the job's own again. ``before``: the
    file's ``signature`` when it was read."""
    ours = _record(job)
    if file.parent.samefile(job.input.parent) and file.name in ours:
        write_whole(job.folder / RECORD, dump_json({**ours, file.name: list(before)}))


def has_put(job: PlannedJob, file: Path) -> bool:
    """Whether the job has put this file beside its input, and nobody has changed it since."""
    try:
        return _record(job).get(file.name) == signature(file)
    except OSError:
        return False


def _chosen(job: PlannedJob, results: Results, delivered: Sequence[Path], outputs: Sequence[str]) -> list[Path]:
    paths, chosen = iter(delivered), []
    for reference in job.plan.deliver:
        of_reference = [path for _, path in zip(results.outputs(reference), paths, strict=False)]
        if reference in outputs:
            chosen += of_reference
    return list(dict.fromkeys(chosen))


def _is_read(job: PlannedJob, target: Path) -> bool:
    """Whether the job was made of this file: of subtitles that a person named."""
    named = [value.get("file") for value in job.plan.parameters.values() if isinstance(value, Mapping)]
    return any(target.exists() and os.path.exists(file) and target.samefile(file) for file in named if file)


def _is_free(target: Path, source: Path, ours: object, overwrite: bool) -> bool:
    try:
        found = signature(target)
    except FileNotFoundError:
        return True
    may_replace = found == ours or (overwrite and ours is None)
    return may_replace and not filecmp.cmp(source, target, shallow=False)


def _copy(source: Path, target: Path, movie: Path) -> None:
    # A short name, as the file's may be a long one; hidden, so that no player or watcher takes it.
    with replaced(target, temporary=f".{os.urandom(6).hex()}.part") as beside:
        shutil.copyfile(source, beside)
        share_as(beside, movie)  # a job is private, but a player may run as another user


def _record(job: PlannedJob) -> dict[str, object]:
    try:
        record = read_json(job.folder / RECORD)
    except (OSError, ValueError):
        return {}
    return dict(record) if isinstance(record, Mapping) else {}


def signature(path: Path) -> list[int]:
    """Its size and time. Raises ``OSError``."""
    status = os.lstat(path)
    return [status.st_size, status.st_mtime_ns]
