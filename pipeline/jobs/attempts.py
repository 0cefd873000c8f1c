"""Attempts at a stage: each in a folder of its own, its outputs on the disk before anything counts on them.

``stages/NAME/N/`` holds ``invocation.json``, ``outputs/``, ``work/`` where the stage asked for it, and ``result.json``.
What commits an attempt is the journal's ``stage_finished``, which has the outputs' digests. A record whose line is
missing, since the run died between the two, is adopted if the outputs are what it says.
"""

import os
import stat
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from pipeline.digests import content_digest
from pipeline.errors import PipelineError
from pipeline.files import clear, sync_file, sync_folder, try_remove_tree, write_at_once
from pipeline.jobs import attempt_folders, output_files
from pipeline.jobs.events import StageFinished
from pipeline.jobs.job import JobFolder
from pipeline.jobs.records import Key, Output, Result, ResultRecord, outputs_in
from pipeline.values import Struct, ValidationError, decode, encode

RESULT = "result.json"
OUTPUTS = "outputs"
SCRATCH = "scratch"  # temporary files of a confined stage (sdk/confinement.py)
NOTHING: Mapping[str, Any] = {}
LARGE = 16 << 20  # bytes; flushing and reading what is smaller takes less than starting a thread is worth


class StaleAttempt(PipelineError):
    """A later attempt at the same stage has begun; this one's result no longer counts."""


class Attempt(Struct, frozen=True, dict=True):
    """A try at a stage, in a folder of its own."""

    stage: str
    number: int
    folder: Path

    @cached_property
    def invocation(self) -> Path:
        return self.folder / "invocation.json"

    @cached_property
    def outputs(self) -> Path:
        return self.folder / OUTPUTS

    @cached_property
    def work(self) -> Path:
        return self.folder / "work"

    def discard(self) -> None:
        """Leave nothing of an attempt that won't be made."""
        try_remove_tree(self.folder)

    def find(self, declared: Mapping[str, str], inputs: Sequence[Path] = ()) -> dict[str, Path]:
        """The files of the declared outputs. Raises ``OutputsMissing``.

        A link to one of the stage's ``inputs`` becomes a copy of it; other links are no outputs. Where a folder of the
        attempt has become a link, what is behind it isn't ours, and may be a person's own.
        """
        for folder in (self.outputs, self.folder, self.folder.parent):
            if folder.is_symlink():
                raise output_files.OutputsMissing(f"it ended well, but its folder {folder} is a link to another one")
        return {name: output_files.find(self.outputs, name, pattern, inputs) for name, pattern in declared.items()}

    def commit(  # noqa: PLR0913, PLR0917  # what a record has
        self,
        outputs: Mapping[str, Path],
        key: Key,
        seconds: float,
        warnings: tuple[str, ...] = (),
        about: Mapping[str, Any] = NOTHING,
        digests: Mapping[str, str] | None = None,
    ) -> Result:
        """Make the outputs durable and record them. ``digests``, by output, where they are known to be right.

        Raises ``StaleAttempt``, and ``OutputsMissing`` for a directory that can't be an output.
        """
        for folder in (self.work, self.folder / SCRATCH):
            if folder.exists():
                try_remove_tree(folder)  # the stage may have locked a part of it
        if digests is None:  # the store's own links are known and checked
            output_files.detach(outputs.values())
        durable = {
            name: _make_durable(name, path, digests[name] if digests else None) for name, path in outputs.items()
        }
        if outputs:
            for folder in (self.outputs, self.folder, self.folder.parent):
                sync_folder(folder)
        if max(_numbers(self.folder.parent)) != self.number:
            raise StaleAttempt(f"another process began stage '{self.stage}' again, so attempt {self.number} is void")
        result = Result(self.number, key.digest, durable, round(seconds, 3), warnings, dict(about))
        self.record(result, key)
        return result

    def record(self, result: Result, key: Key) -> None:
        """Write ``result.json``. Raises ``OSError``."""
        write_at_once(self.folder / RESULT, encode(_record(self.stage, result, key)))


def _record(stage: str, result: Result, key: Key) -> ResultRecord:
    return ResultRecord(
        1,
        stage,
        result.attempt,
        result.key,
        result.seconds,
        result.output_records,
        key.parts,
        result.warnings,
        result.about,
    )


def begin(job: JobFolder, stage: str, with_outputs: bool = True) -> Attempt:
    """The next attempt's empty folder. What earlier ones left without a result is removed: it can be large."""
    parent = job.attempts(stage)
    earlier: list[int] = []
    try:
        if parent.parent.is_symlink():  # a stage's doing
            clear(parent.parent)
        parent.mkdir(parents=True)  # a person may have removed more than one attempt
    except (FileExistsError, NotADirectoryError):
        attempt_folders.make(parent, job.folder)
        earlier = _numbers(parent)
    number = max(earlier, default=0) + 1
    left = [each for each in earlier if not (parent / str(each) / RESULT).exists()]
    attempt = Attempt(stage, number, parent / str(number))
    attempt.folder.mkdir()
    if with_outputs:
        attempt.outputs.mkdir()
        if left == earlier:  # a run that was killed may have made the folder and not come to this
            sync_folder(parent.parent)
    for each in left:
        try_remove_tree(parent / str(each))
    return attempt


def of_event(job: JobFolder, event: StageFinished) -> Result:
    """The result that a line of the journal tells of."""
    folder = job.attempts(event.stage).joinpath(str(event.attempt), OUTPUTS)
    outputs = outputs_in(folder, event.outputs)
    return Result(event.attempt, event.key, outputs, event.seconds, event.warnings, event.about)


def unrecorded(job: JobFolder, stage: str, after: int) -> Result | None:
    """A result newer than attempt ``after`` whose line in the journal is missing. Its outputs are read: the run died
    before it could vouch for them."""
    parent = job.attempts(stage)
    for number in sorted(_numbers(parent), reverse=True):
        if number <= after:
            break
        result = None if _is_linked(parent / str(number), job) else _recorded(parent / str(number))
        if result is not None and result.attempt == number and result.is_unchanged(read=True):
            return result
    return None


def key_input(job: JobFolder, stage: str, attempt: int) -> Mapping[str, Any] | None:
    """The parts of a committed attempt's key, for those who ask why; ``None`` where the record is gone."""
    record = _read(job.attempts(stage) / str(attempt))
    return record.key_input if record else None


def _recorded(folder: Path) -> Result | None:
    record = _read(folder)
    if record is None:
        return None
    outputs = outputs_in(folder / OUTPUTS, record.outputs)
    return Result(record.attempt, record.key, outputs, record.seconds, record.warnings, record.about)


def _is_linked(folder: Path, job: JobFolder) -> bool:
    """Whether a stage has put a link in the place of an attempt's folder, or of one above it."""
    return (folder / OUTPUTS).is_symlink() or attempt_folders.link_above(folder / RESULT, job.folder) is not None


def _read(folder: Path) -> ResultRecord | None:
    """An attempt's record; ``None`` where there is none, or not one that we wrote."""
    try:
        return decode((folder / RESULT).read_bytes(), ResultRecord)
    except (OSError, ValueError, ValidationError):
        return None


def _make_durable(name: str, path: Path, digest: str | None) -> Output:
    """Flush a file to the disk and take its digest, at once where it is large enough for that to count."""
    status = os.stat(path)
    if stat.S_ISDIR(status.st_mode):
        from pipeline.jobs import output_directories  # most stages leave none

        return output_directories.make_durable(name, path, digest)
    if digest is not None or status.st_size < LARGE:
        sync_file(path)
        digest = digest or content_digest(path)
    else:
        from concurrent.futures import ThreadPoolExecutor

        with ThreadPoolExecutor(1) as beside:
            flushed = beside.submit(sync_file, path)
            digest = content_digest(path)
            flushed.result()
    return Output(path, digest, status.st_size, status.st_mtime_ns)


def _numbers(parent: Path) -> list[int]:
    return [int(name) for name in _names(parent) if name.isdecimal()]


def _names(folder: Path) -> list[str]:
    try:
        return os.listdir(folder)
    except (FileNotFoundError, NotADirectoryError):
        return []
