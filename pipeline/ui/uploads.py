"""Films that are dropped on the page. A browser doesn't say where a file lies, and it may be on another machine, so
its content is copied into the project's folder ``uploads``, where it stays until a person removes it.
"""

import contextlib
import shutil
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from shlex import quote

from pipeline.errors import NotReady, UsageError
from pipeline.files import replaced
from pipeline.project import ProjectFolder
from pipeline.scaffold.portable_names import FORBIDDEN, problem
from pipeline.sizes import show_size
from pipeline.text import printable
from pipeline.ui.messages import Upload

FOLDER = "uploads"
PART = ".upload"  # ends the name of a file that isn't whole yet
LARGEST = 256 << 30  # bytes
SPARE = 1 << 30  # bytes that are left on the disk
FORGOTTEN_SECONDS = 24 * 3600  # after which what a killed server has left is removed
PIECE = 1 << 20
LONGEST = 150  # characters of a name, which others are made of


class UploadFolder:
    """Of one project. Its methods may be called by several threads at once."""

    def __init__(self, project: ProjectFolder) -> None:
        self.path = project.root / FOLDER
        self._lock = threading.Lock()
        self._expected = 0  # bytes that are still to come

    def require_room(self, size: int) -> None:
        """Raises ``UsageError`` for a size that isn't taken, ``NotReady`` where the disk has no room for it."""
        if not 0 < size <= LARGEST:
            raise UsageError(f"a file of {show_size(size)} can't be copied here; give its path", "prepare-job FILE")
        folder = self.path if self.path.is_dir() else self.path.parent
        free = shutil.disk_usage(folder).free - self._expected
        if size + SPARE > free:
            raise NotReady(
                f"the file has {show_size(size)}, and the disk of {printable(str(self.path))} has {show_size(free)} "
                f"left, of which {show_size(SPARE)} are kept free; give the file's path instead, which copies nothing",
                "prepare-job FILE",
            )

    def receive(self, name: str, upload: Upload) -> Path:
        """The whole file, under this name or one like it. Nothing is left of one that is broken off.

        Raises as ``require_room``, and ``UsageError`` where the content ends early.
        """
        with self._room_for(upload.size):
            self.path.mkdir(exist_ok=True)
            self._remove_forgotten()
            target = self._reserved(portable(name))
            try:
                with replaced(target, temporary=f".{target.name}{PART}") as part:
                    _copy(upload, part)
            except BaseException:
                target.unlink(missing_ok=True)
                raise
            return target

    @contextlib.contextmanager
    def _room_for(self, size: int) -> Iterator[None]:
        with self._lock:
            self.require_room(size)
            self._expected += size
        try:
            yield
        finally:
            with self._lock:
                self._expected -= size

    def _reserved(self, name: str) -> Path:
        """A name that no other file has, nor gets meanwhile."""
        whole = Path(name)
        for number in range(1, 10_000):
            path = self.path / (name if number == 1 else f"{whole.stem}-{number}{whole.suffix}")
            with contextlib.suppress(FileExistsError):
                path.touch(exist_ok=False)
                return path
        here = printable(str(self.path))
        raise UsageError(f"there are too many files called {printable(name)} in {here}", f"ls {quote(str(self.path))}")

    def _remove_forgotten(self) -> None:
        for part in self.path.glob(f".*{PART}"):
            with contextlib.suppress(OSError):
                if time.time() - part.stat().st_mtime > FORGOTTEN_SECONDS:
                    part.unlink()


def _copy(upload: Upload, path: Path) -> None:
    """Raises ``UsageError`` where the content ends early."""
    with path.open("wb") as file:
        while piece := upload.source.read(min(PIECE, upload.size - file.tell())):
            file.write(piece)
        if file.tell() < upload.size:
            raise UsageError("the file didn't come whole; drop it once more", "pipeline ui --edit")


def portable(name: str) -> str:
    """The name as every system can have it."""
    text = "".join("_" if each in FORBIDDEN or not each.isprintable() else each for each in name).strip(" .-~")
    stem, dot, suffix = text.rpartition(".")
    text = f"{stem[:LONGEST]}.{suffix[:20]}" if dot else text[:LONGEST]
    while len(text.encode("utf-8", "surrogateescape")) > LONGEST:
        stem, dot, suffix = text.rpartition(".")
        text = f"{stem[:-1]}.{suffix}" if dot and stem else text[:-1]
    return f"film_{text}" if problem(text) else text
