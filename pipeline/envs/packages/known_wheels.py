"""What the wheels of earlier locks would install, kept in the user's cache, so that no index is asked about them again.

A pin's hashes say which files may be meant, and the Python which of them is taken, so a note never becomes wrong. It is
a hint: one that can't be read is made again, and a disk that can't be written to costs time alone.
"""

import contextlib
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from pipeline.digests import tagged_digest
from pipeline.envs.interpreters import BaseInterpreter
from pipeline.envs.lockfiles.lockfile import Pin
from pipeline.envs.packages.wheel_contents import WheelContents
from pipeline.files import write_at_once
from pipeline.values import Struct, decode, encode

NOTES = 1000  # more than that are too many: the oldest half goes


class WheelNote(Struct, frozen=True):
    """Of one pin on one Python."""

    contents: WheelContents | None  # None where no wheel is taken: then only a build can tell


@dataclass(frozen=True)
class KnownWheels:
    folder: Path

    def of(self, pin: Pin, python: BaseInterpreter) -> WheelNote | None:
        """``None`` where nothing is known."""
        try:
            return decode(self._file(pin, python).read_bytes(), WheelNote)
        except (OSError, ValueError):
            return None

    def keep(self, pin: Pin, python: BaseInterpreter, contents: WheelContents | None) -> None:
        """Raises nothing."""
        if not pin.sha256 or not self.folder.is_absolute():
            return
        with contextlib.suppress(OSError):
            self.folder.mkdir(parents=True, exist_ok=True)
            write_at_once(self._file(pin, python), encode(WheelNote(contents)))
            self._make_room()

    def _file(self, pin: Pin, python: BaseInterpreter) -> Path:
        files = [pin.name, pin.version, sorted(pin.sha256), pin.may_be_wheel, pin.may_be_source]
        digest = tagged_digest("wheel", [*files, python.version, python.abi, _machine()])
        return self.folder / f"{digest.rpartition(':')[2]}.json"

    def _make_room(self) -> None:
        notes = list(os.scandir(self.folder))
        if len(notes) > NOTES:
            _remove(sorted(notes, key=lambda note: note.stat().st_mtime)[: len(notes) // 2])


def _remove(notes: "Iterable[os.DirEntry[str]]") -> None:
    for note in notes:
        with contextlib.suppress(FileNotFoundError):  # another process does the same
            Path(note).unlink()


def _machine() -> list[str]:
    """With the C library, since wheels are for one version of it and later ones."""
    import sysconfig

    name = "CS_GNU_LIBC_VERSION"
    library = os.confstr(name) if name in getattr(os, "confstr_names", {}) else None
    return [sysconfig.get_platform(), library or ""]
