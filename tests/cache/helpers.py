"""Results for tests: committed outputs as a job leaves them, and the store they go to."""

import hashlib
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from pipeline.cache.materialize import COPY_UP_TO
from pipeline.cache.record import folder_of
from pipeline.cache.store import ResultStore
from pipeline.digests import content_digest
from pipeline.jobs.records import OutputRecord, StoredResult
from tests.conftest import REPOSITORY

HOUR = 3600
LARGE = "x" * (COPY_UP_TO + 1)  # content that is linked, not copied


def key_of(name: str) -> str:
    return "sha256:" + hashlib.sha256(name.encode()).hexdigest()


def outputs(folder: Path, files: Mapping[str, str]) -> dict[str, Path]:
    """Files as a stage leaves them; an output is named after its file's stem."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name).unlink(missing_ok=True)  # the store may have its bytes
        (folder / name).write_text(content)
    return {Path(name).stem: folder / name for name in files}


def record(key: str, paths: Mapping[str, Path]) -> StoredResult:
    records = {
        name: OutputRecord(path.name, path.stat().st_size, path.stat().st_mtime_ns, content_digest(path))
        for name, path in paths.items()
    }
    return StoredResult("copy", "job-1", 1, key, 0.5, records, {"part": 1})


def put(store: ResultStore, name: str, **files: str) -> str:
    """Put a result whose files stand in a folder beside the store; returns its key."""
    key = key_of(name)
    paths = outputs(store.root.parent / f"job-{name}", {f"{stem}.txt": content for stem, content in files.items()})
    store.put(key, record(key, paths), paths)
    return key


def taken(store: ResultStore, key: str, folder: Path) -> dict[str, str] | None:
    """The contents by file name of what a job gets; ``None`` where it gets nothing, and then no file."""
    folder.mkdir(parents=True)
    result = store.take(key, folder)
    found = {path.name: path.read_text() for path in folder.iterdir()}
    assert result is not None or not found
    return None if result is None else found


def entry(store: ResultStore, key: str) -> Path:
    return folder_of(store.root, key)


def litter(store: ResultStore) -> list[str]:
    """What stands beside the entries, apart from the measurement."""
    if not store.root.is_dir():
        return []
    return [name for name in os.listdir(store.root) if name.startswith(".") and name != ".measured.json"]


def make_old(path: Path, seconds: float = 2 * HOUR) -> None:
    then = path.lstat().st_mtime - seconds
    os.utime(path, (then, then))


def python(code: str, *words: str | Path) -> "subprocess.Popen[bytes]":
    """Code in a process of its own, which sees this package and these helpers."""
    return subprocess.Popen(
        [sys.executable, "-c", code, *map(str, words)],
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )


def finished(*children: "subprocess.Popen[bytes]", seconds: float = 120) -> list[str]:
    """What each printed; all must have ended well, and none is left."""
    try:
        told = [child.communicate(timeout=seconds)[0].decode() for child in children]
    finally:
        for child in children:
            child.kill()
            child.wait()
    assert [child.returncode for child in children] == [0] * len(children), told
    return told
