"""An output of 50,000 small files, against ``cp -r`` and ``sync`` of the same folder, in the same run.

directory        the commit of an attempt that left it, until it is on the disk and in the store of results
directory_reuse  the same result for another job, out of the store, until it is on the disk there
directory_reads  files that are read for that

What is made stays until all is measured, unless the disk has no inodes for that. On ext4 without a journal, inodes that
were freed in the last minutes make each new one slow to find: the same ``cp -r`` took 1.7 seconds of the kernel's time,
and 17 after such a removal. It makes fifty thousand inodes and the store of results none, so that a removal before it
hides what a commit costs.
"""

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from measuring import Failed, median_ratios, timed
from own_project_parts import OwnProjectBench

from pipeline.cache.store import ResultStore
from pipeline.directories import tree_reader
from pipeline.directories.scan import TreeItem
from pipeline.jobs.attempts import Attempt
from pipeline.jobs.records import Key, Result, StoredResult

FOLDERS = 50
FILES = 1000  # in each
SIZE = 1000  # bytes of each
INODES = 3 * FOLDERS * FILES  # that a round may need
KEY = Key("sha256:" + "d" * 64, {"part": 1})
DECLARED = {"tiles": "tiles/"}
LIMITS = {"directory": 1.5, "directory_reuse": 1.5, "directory_reads": 0.0}


def measure(bench: OwnProjectBench) -> None:
    contest = DirectoryContest(bench.folder / "directory")
    try:
        names = ["directory", "directory_reuse"]
        bench.figures.measure_all(names, lambda: dict(zip(names, contest.ratios(bench.pairs), strict=True)))
        bench.figures.measure("directory_reads", contest.reads)
    finally:
        shutil.rmtree(contest.folder, ignore_errors=True)


class DirectoryContest:
    """Each side makes what it needs anew outside of the time that is measured."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._rounds = 0

    def ratios(self, pairs: int) -> list[float]:
        return median_ratios(pairs, [self._commit, self._reuse], self._copy)

    def reads(self) -> float:
        """How many files are read for a job that takes the directory out of the store."""
        store, folder = self._stored()
        with _counted() as read:
            _taken(store, folder)
        return float(len(read))

    def _copy(self) -> float:
        source, folder = self.folder / "source", self._fresh()
        if not source.exists():
            _fill(source / "tiles")
        subprocess.run(["sync"], check=True)
        return timed(["sh", "-c", 'cp -r "$0" "$1" && sync', source / "tiles", folder / "copy"])

    def _commit(self) -> float:
        folder = self._fresh()
        attempt = _attempt(folder)
        subprocess.run(["sync"], check=True)
        _fill(attempt.outputs / "tiles")
        start = time.perf_counter()
        _committed(attempt, ResultStore(folder / "results"))
        return time.perf_counter() - start

    def _reuse(self) -> float:
        store, folder = self._stored()
        start = time.perf_counter()
        _taken(store, folder)
        return time.perf_counter() - start

    def _stored(self) -> tuple[ResultStore, Path]:
        folder = self._fresh()
        attempt, store = _attempt(folder), ResultStore(folder / "results")
        _fill(attempt.outputs / "tiles")
        _committed(attempt, store)
        subprocess.run(["sync"], check=True)
        return store, folder

    def _fresh(self) -> Path:
        self._rounds += 1
        self.folder.mkdir(exist_ok=True)
        disk = os.statvfs(self.folder)
        if disk.f_files and disk.f_favail < INODES:
            for number in range(1, self._rounds):
                shutil.rmtree(self.folder / str(number), ignore_errors=True)
            subprocess.run(["sync"], check=True)
        folder = self.folder / str(self._rounds)
        folder.mkdir(parents=True)
        return folder


def _attempt(folder: Path, number: int = 1) -> Attempt:
    attempt = Attempt("draw", number, folder / f"stages/draw/{number}")
    attempt.outputs.mkdir(parents=True)
    return attempt


def _committed(attempt: Attempt, store: ResultStore) -> Result:
    """As a run commits what a stage has left, and shares it."""
    result = attempt.commit(attempt.find(DECLARED), KEY, 1.0)
    outputs, name = result.outputs, "tiles"
    record = StoredResult("draw", "job", result.attempt, result.key, 1.0, result.output_records, KEY.parts)
    known = {name: signature for name, each in outputs.items() if (signature := each.signature)}
    store.put(result.key, record, {name: outputs[name].path}, known)
    return result


def _taken(store: ResultStore, folder: Path) -> None:
    attempt = _attempt(folder, 2)
    stored = store.take(KEY.digest, attempt.outputs)
    if stored is None:
        raise Failed("the store of results doesn't have what was put there")
    digests = {name: each.digest for name, each in stored.outputs.items()}
    attempt.commit(
        {name: attempt.outputs / each.file for name, each in stored.outputs.items()}, KEY, 1.0, (), {}, digests
    )


@contextmanager
def _counted() -> Iterator[list[str]]:
    """The files of directories that are read meanwhile."""
    read: list[str] = []
    digest = tree_reader.file_digest

    def noted(directory: str, file: TreeItem) -> str:
        read.append(file.path)
        return digest(directory, file)

    tree_reader.file_digest = noted
    try:
        yield read
    finally:
        tree_reader.file_digest = digest


def _fill(folder: Path) -> None:
    for number in range(FOLDERS):
        below = folder / f"{number:03}"
        below.mkdir(parents=True)
        for file in range(FILES):
            (below / f"{file:04}.bin").write_bytes(os.urandom(SIZE))
