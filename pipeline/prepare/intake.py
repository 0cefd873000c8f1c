"""Movies in folders: which files are meant, which have arrived whole, and which were seen to before."""

import glob
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import InputUnusable, PipelineError, UsageError
from pipeline.jobs.job import Job, load
from pipeline.jobs.state import Status
from pipeline.jobs.store import JobStore
from pipeline.text import printable

# Known endings of movies and recordings. In a folder only these are looked at; whether one is what it says, ffprobe
# decides. A file that is named by itself may end in anything.
VIDEO = "3gp asf avi dv f4v flv m2ts m4v mkv mov mp4 mpeg mpg mts mxf ogm ogv rm rmvb ts vob webm wmv"
AUDIO = "aac ac3 aif aiff amr eac3 flac m4a m4b mka mp2 mp3 oga ogg opus wav wma"
SUFFIXES = frozenset(f".{name}" for kind in (VIDEO, AUDIO) for name in kind.split())
MOST = 100_000  # files of one command
OURS = (".subtitled.", ".burned.")  # in the names of movies that we have made


def named(words: Sequence[Path], recursive: bool) -> list[Path]:
    """Files, the media files of folders, and what globs stand for; each once, in order.

    Raises ``InputUnusable`` for a folder without any, ``UsageError`` for a glob that fits nothing.
    """
    found: dict[Path, None] = {}
    for word in words:
        for path in _of(word, recursive):
            found.setdefault(Path(os.path.abspath(path)))
            if len(found) > MOST:
                raise UsageError(f"there are more than {MOST} files", "name folders that hold fewer")
    return list(found)


def is_several(words: Sequence[Path]) -> bool:
    """Whether there may be more than one file, or none: then one that can't be prepared doesn't stop the others."""
    return len(words) != 1 or words[0].is_dir() or (not words[0].exists() and glob.has_magic(str(words[0])))


def _of(word: Path, recursive: bool) -> Iterator[Path]:
    if word.is_dir():
        files = list(in_folder(word, recursive))
        if not files:
            deeper = not recursive and next(in_folder(word, recursive=True), None) is not None
            shown = printable(str(word))
            raise InputUnusable(
                f"there is no movie or recording in {shown}" + (", only in folders below it" if deeper else ""),
                "give --recursive to look there" if deeper else "name a file by itself if it has another ending",
            )
        yield from files
    elif not word.exists() and glob.has_magic(str(word)):
        fitting = [Path(each) for each in sorted(glob.glob(str(word), recursive=True))]  # noqa: PTH207  # any root
        files = [each for each in fitting if each.is_file()]
        if not files:
            raise UsageError(f"no file fits {printable(str(word))}", "see what ls shows for it")
        yield from files
    else:
        yield word


def in_folder(folder: Path, recursive: bool) -> Iterator[Path]:
    """Media files in order of name. Hidden ones, and those that are still being fetched, have other endings."""
    folders = []
    try:
        with os.scandir(folder) as scan:
            entries = sorted(scan, key=lambda entry: entry.name)
    except OSError as error:
        raise InputUnusable(f"the folder {printable(str(folder))} can't be read: {error.strerror}") from error
    for entry in entries:
        if entry.name.startswith("."):
            continue
        if entry.is_dir(follow_symlinks=False):
            folders.append(entry.path)
        elif Path(entry.name).suffix.lower() in SUFFIXES and not any(mark in entry.name for mark in OURS):
            yield Path(entry.path)
    if recursive:
        for each in folders:
            yield from in_folder(Path(each), recursive)


def signature(path: Path) -> tuple[int, int] | None:
    """What changes while a file is written; ``None`` where it is gone."""
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_size, status.st_mtime_ns


def is_being_written(path: Path) -> bool:
    """Whether a process has the file open for writing, as far as we may see that (on Linux, of our own processes)."""
    import psutil

    try:
        wanted = os.stat(path)
    except OSError:
        return False
    for process in psutil.process_iter():
        try:
            opened = process.open_files()
        except (psutil.Error, OSError):
            continue  # another user's, or gone
        for each in opened:
            if _writes(getattr(each, "mode", "r")) and _is_same(each.path, wanted):
                return True
    return False


def _writes(mode: str) -> bool:
    return any(letter in mode for letter in "wa+")


def _is_same(path: str, wanted: os.stat_result) -> bool:
    try:
        found = os.stat(path)
    except OSError:
        return False
    return (found.st_dev, found.st_ino) == (wanted.st_dev, wanted.st_ino)


@dataclass(frozen=True)
class Done:
    """A job that there is for a file, as it is now, and the same wishes."""

    folder: Path
    status: Status


class Known:
    """The jobs that there are, by their inputs and what was asked for: what was seen to isn't seen to again."""

    def __init__(self, store: JobStore) -> None:
        self._store = store
        self._seen: set[str] = set()
        self._jobs: dict[str, list[Job]] = {}  # by path of the input

    def find(self, file: Path, workflow: str, wishes: Mapping[str, str]) -> Done | None:
        """The newest job for this file. ``wishes`` are parameters as typed."""
        self._look()
        now = signature(file)
        for job in reversed(self._jobs.get(str(file), [])):
            then = job.plan.input
            same = job.plan.workflow == workflow and job.plan.asked == wishes
            if same and (then.size, then.mtime_ns) == now:
                return Done(job.folder, load(job.folder).loaded.status)
        return None

    def _look(self) -> None:
        for id in self._store.ids():
            if id in self._seen:
                continue
            self._seen.add(id)
            try:
                job = self._store.find(id)
            except (PipelineError, OSError):  # 'pipeline job list' tells those that are damaged
                continue
            self._jobs.setdefault(str(job.input), []).append(job)
