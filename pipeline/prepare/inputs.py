"""A job's input: whether it can be read, its digest, and what ffprobe says of it."""

import os
import stat
from dataclasses import dataclass
from pathlib import Path

from pipeline.config.catalog import Catalog
from pipeline.digests import sha256_of_file
from pipeline.envs.choice.decision import Refuse
from pipeline.envs.choice.finder import EnvironmentFinder
from pipeline.envs.provided_programs import locate
from pipeline.errors import InputError
from pipeline.jobs.plan import JobInput
from pipeline.media.probe import PROBER, Media, probe, require_audio
from pipeline.signatures import settled_signature_of
from pipeline.text import printable


def readable(path: Path) -> Path:
    """The input's absolute path. Raises ``InputError`` for what can't be read, is empty, or isn't a regular file."""
    file = Path(os.path.abspath(path))
    shown = printable(str(file))
    try:
        _require_regular(file, shown)
        with file.open("rb") as opened:
            if not opened.read(1):
                raise InputError(f"{shown} is empty")
    except FileNotFoundError as error:
        raise InputError(f"there is no file {shown}") from error
    except OSError as error:
        raise InputError(f"{shown} can't be read: {error.strerror}") from error
    return file


def _require_regular(file: Path, shown: str) -> None:
    """Checked before the file is opened: opening a pipe waits until another process writes to it."""
    mode = os.stat(file).st_mode
    if stat.S_ISDIR(mode):
        raise InputError(f"{shown} is a folder; name a file in it")
    if not stat.S_ISREG(mode):
        raise InputError(f"{shown} isn't a regular file; copy its content into one")


def describe(file: Path, duration: float | None) -> JobInput:
    """Reads the whole file. ``duration`` is in seconds. Raises ``OSError``."""
    # Before the digest, so that a file which is written meanwhile counts as changed.
    found = settled_signature_of(file)
    return JobInput(str(file), found.size, found.mtime_ns, sha256_of_file(file), duration, found.ctime_ns)


@dataclass(frozen=True)
class Prober:
    """ffprobe, from ``PATH`` or from an environment that provides it."""

    catalog: Catalog
    finder: EnvironmentFinder

    def look(self, file: Path) -> Media | None:
        """What is in a movie; ``None`` without ffprobe, which ``readiness`` then reports as missing.

        Raises ``InputError`` for what is no media, and for a file without an audio stream.
        """
        program = self._program()
        if program is None:
            return None
        media = probe(file, program)
        require_audio(file, media)
        return media

    def _program(self) -> Path | None:
        """With ``--build``, an environment that provides it is built now: the plan depends on what is in the movie."""
        tool = locate(PROBER, self.catalog.provider(PROBER), os.environ)
        if tool.path is not None or tool.provider is None:
            return tool.path
        choice = self.finder.choose(tool.provider)
        if isinstance(choice, Refuse):
            return None
        return self.finder.settle(tool.provider, choice).build.provided_tools / PROBER
