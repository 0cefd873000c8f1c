"""A job's input: whether it can be read, what it is, and what ffprobe sees in it."""

import os
import stat
from dataclasses import dataclass
from pathlib import Path

from pipeline.config.catalog import Catalog
from pipeline.digests import sha256_of_file
from pipeline.envs.external.adoption import Adoption
from pipeline.envs.external.decision import Refuse
from pipeline.envs.path_programs import locate
from pipeline.errors import InputUnusable
from pipeline.jobs.plan import JobInput
from pipeline.media.probe import PROBER, Media, probe
from pipeline.text import printable


def readable(path: Path) -> Path:
    """The input's absolute path. Raises ``InputUnusable`` where it can't be opened, or isn't a plain file."""
    file = Path(os.path.abspath(path))
    shown = printable(str(file))
    try:
        _require_regular(file, shown)
        with file.open("rb") as opened:
            if not opened.read(1):
                raise InputUnusable(f"{shown} is empty")
    except FileNotFoundError as error:
        raise InputUnusable(f"there is no file {shown}") from error
    except OSError as error:
        raise InputUnusable(f"{shown} can't be read: {error.strerror}") from error
    return file


def _require_regular(file: Path, shown: str) -> None:
    """Before it is opened: a pipe that nobody writes to would be waited for."""
    mode = os.stat(file).st_mode
    if stat.S_ISDIR(mode):
        raise InputUnusable(f"{shown} is a folder; name a file in it")
    if not stat.S_ISREG(mode):
        raise InputUnusable(f"{shown} isn't a regular file; copy what it gives into one")


def describe(file: Path, duration: float | None) -> JobInput:
    status = file.stat()  # before the digest: what is written meanwhile shows as a change
    return JobInput(str(file), status.st_size, status.st_mtime_ns, sha256_of_file(file), duration)


@dataclass(frozen=True)
class Prober:
    """ffprobe, wherever this project has it."""

    catalog: Catalog
    adoption: Adoption

    def look(self, file: Path) -> Media | None:
        """What is in a movie; ``None`` where there is no ffprobe, which the look at what the plan needs then tells.

        Raises ``InputUnusable``.
        """
        program = self._program()
        return probe(file, program) if program else None

    def _program(self) -> Path | None:
        """One that an environment provides is built now, if that may be: the plan depends on what is in a movie."""
        tool = locate(PROBER, self.catalog.provider(PROBER), os.environ)
        if tool.path is not None or tool.provider is None:
            return tool.path
        choice = self.adoption.choose(tool.provider)
        if isinstance(choice, Refuse):
            return None
        return self.adoption.settle(tool.provider, choice).build.provided_tools / PROBER
