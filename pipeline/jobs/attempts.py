"""Attempts at a stage: each in a folder of its own, committed by one rename, adopted after a crash.

``stages/NAME/N/`` holds ``invocation.json``, ``outputs/``, ``work/`` while it runs, and ``result.json`` once the
outputs are on the disk. An attempt with a valid result counts; one without is run again under the next number.
"""

import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from pipeline.digests import content_digest
from pipeline.errors import PipelineError
from pipeline.files import dump_json, read_json, sync_file, sync_folder, write_whole
from pipeline.jobs.job import Job

RESULT = "result.json"
LARGE = 16 << 20  # bytes; flushing and reading what is smaller takes less than starting a thread is worth


class OutputsMissing(Exception):
    """The stage ended well but didn't leave what it declares."""


class Superseded(PipelineError):
    """A later attempt at the same stage has begun; this one's result no longer counts."""


@dataclass(frozen=True)
class Output:
    path: Path
    digest: str


@dataclass(frozen=True)
class Result:
    """What a committed attempt left."""

    attempt: int
    key: str
    key_input: Mapping[str, Any]
    outputs: Mapping[str, Output]
    seconds: float
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class Attempt:
    stage: str
    number: int
    folder: Path

    @property
    def invocation(self) -> Path:
        return self.folder / "invocation.json"

    @property
    def outputs(self) -> Path:
        return self.folder / "outputs"

    @property
    def work(self) -> Path:
        return self.folder / "work"

    def commit(
        self,
        declared: Mapping[str, str],
        key: str,
        key_input: Mapping[str, Any],
        seconds: float,
        warnings: tuple[str, ...],
    ) -> Result:
        """Make the outputs durable, then the record that says so. Raises ``OutputsMissing``, ``Superseded``."""
        outputs = {name: _find(self.outputs, name, pattern) for name, pattern in declared.items()}
        shutil.rmtree(self.work, ignore_errors=True)  # the stage may have removed it, or locked a part of it
        digests = _digest_and_sync(list(outputs.values()))
        if outputs:
            sync_folder(self.outputs)
        record = {
            "schema": 1,
            "stage": self.stage,
            "attempt": self.number,
            "key": key,
            "key_input": key_input,
            "seconds": round(seconds, 3),
            "warnings": list(warnings),
            "outputs": {name: _describe(path, digests[path]) for name, path in outputs.items()},
        }
        if max(_numbers(self.folder.parent)) != self.number:
            raise Superseded(f"stage '{self.stage}' was begun anew by somebody else, so attempt {self.number} is void")
        write_whole(self.folder / RESULT, dump_json(record))
        sync_folder(self.folder.parent)
        return _result(self.folder, record)


def begin(job: Job, stage: str) -> Attempt:
    """The next attempt's empty folder. What earlier ones left without a result is removed: it can be large."""
    parent = job.attempts(stage)
    if not parent.is_dir():
        parent.mkdir(parents=True)
        sync_folder(parent.parent)
    earlier = _numbers(parent)
    number = max(earlier, default=0) + 1
    attempt = Attempt(stage, number, parent / str(number))
    for folder in (attempt.folder, attempt.outputs, attempt.work):
        folder.mkdir()
    for each in earlier:
        if not (parent / str(each) / RESULT).exists():
            shutil.rmtree(parent / str(each), ignore_errors=True)
    return attempt


def latest_result(job: Job, stage: str) -> Result | None:
    """The last committed attempt whose outputs are still as they were recorded, by size and time."""
    parent = job.attempts(stage)
    for number in sorted(_numbers(parent), reverse=True):
        folder = parent / str(number)
        try:
            record = read_json(folder / RESULT)
            result = _result(folder, record)
            unchanged = all(_unchanged(folder / "outputs", entry) for entry in record["outputs"].values())
        except (OSError, ValueError, LookupError, TypeError, AttributeError):  # none, or not one that we wrote
            continue
        if unchanged and result.attempt == number:
            return result
    return None


def _digest_and_sync(paths: Sequence[Path]) -> dict[Path, str]:
    """Flush files to the disk and take their digests, at once where a file is large enough for that to count."""
    digests = {}
    for path in paths:
        if path.stat().st_size < LARGE:
            sync_file(path)
            digests[path] = content_digest(path)
            continue
        from concurrent.futures import ThreadPoolExecutor

        with ThreadPoolExecutor(1) as beside:
            flushed = beside.submit(sync_file, path)
            digests[path] = content_digest(path)
            flushed.result()
    return digests


def _result(folder: Path, record: Mapping[str, Any]) -> Result:
    outputs = {
        name: Output(folder / "outputs" / entry["file"], entry["digest"]) for name, entry in record["outputs"].items()
    }
    return Result(
        record["attempt"], record["key"], record["key_input"], outputs, record["seconds"], tuple(record["warnings"])
    )


def _find(folder: Path, name: str, pattern: str) -> Path:
    found = [entry for entry in _names(folder) if fnmatchcase(entry, pattern)]
    if len(found) != 1:
        what = "isn't there" if not found else f"is there {len(found)} times"
        raise OutputsMissing(f"it ended well, but its output '{name}' ({pattern}) {what}")
    path = folder / found[0]
    if path.is_symlink() or not path.is_file():
        raise OutputsMissing(f"it ended well, but its output '{name}' ({found[0]}) isn't a regular file")
    return path


def _describe(path: Path, digest: str) -> dict[str, Any]:
    status = path.stat()
    return {
        "file": path.name,
        "size": status.st_size,
        "mtime_ns": status.st_mtime_ns,
        "digest": digest,
    }


def _unchanged(folder: Path, entry: Mapping[str, Any]) -> bool:
    try:
        status = os.stat(folder / entry["file"])
    except OSError:
        return False
    return [status.st_size, status.st_mtime_ns] == [entry["size"], entry["mtime_ns"]]


def _numbers(parent: Path) -> list[int]:
    return [int(name) for name in _names(parent) if name.isdecimal()]


def _names(folder: Path) -> list[str]:
    try:
        return os.listdir(folder)
    except (FileNotFoundError, NotADirectoryError):
        return []
