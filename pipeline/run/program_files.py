"""What was read of programs from PATH, in this run and in earlier ones: their digests, and the versions they gave."""

import contextlib
import time
from pathlib import Path

from pipeline.digests import content_digest
from pipeline.envs.program_versions import VersionAnswer
from pipeline.files import write_at_once
from pipeline.signatures import Signature, signature_of
from pipeline.values import Struct, ValidationError, decode, encode, field, replace


class ProgramFile(Struct, frozen=True):
    """A program whose file was read."""

    signature: Signature
    digest: str
    # What it answered, by the words that it was asked with; counts while the system's libraries are the same.
    libraries: Signature | None = None
    answers: dict[str, VersionAnswer] = field(default_factory=dict)


class ProgramFiles:
    def __init__(self, file: Path) -> None:
        """``file`` keeps it from run to run."""
        self._file = file
        self._read_now: dict[Path, ProgramFile | None] = {}  # None for one that can't be read
        self._unsaved: dict[str, ProgramFile] = {}

    def read(self, path: Path) -> ProgramFile | None:
        """Read once, and again where the file's signature has changed, or couldn't be trusted."""
        if path not in self._read_now:
            self._read_now[path] = self._fresh(path)
        return self._read_now[path]

    def _fresh(self, path: Path) -> ProgramFile | None:
        try:
            before, at = signature_of(path), time.time_ns()
            if (known := self._known().get(str(path))) and known.signature == before:
                return known
            fresh = ProgramFile(before, content_digest(path))
        except OSError:
            return None
        if before.is_settled(at):
            self._unsaved[str(path)] = fresh
        return fresh

    def answer(self, path: Path, words: str, libraries: Signature | None) -> VersionAnswer | None:
        known = self.read(path)
        return known.answers.get(words) if known and known.libraries == libraries else None

    def keep(self, path: Path, words: str, libraries: Signature | None, answer: VersionAnswer) -> None:
        known = self.read(path)
        if known is None or not (str(path) in self._unsaved or str(path) in self._known()):
            return  # its signature can't be trusted
        before = known.answers if known.libraries == libraries else {}
        changed = replace(known, libraries=libraries, answers={**before, words: answer})
        self._read_now[path] = self._unsaved[str(path)] = changed

    def save(self) -> None:
        if self._unsaved:
            with contextlib.suppress(OSError):
                self._file.parent.mkdir(parents=True, exist_ok=True)
                write_at_once(self._file, encode({**self._known(), **self._unsaved}))

    def _known(self) -> dict[str, ProgramFile]:
        try:
            return decode(self._file.read_bytes(), dict[str, ProgramFile])
        except (OSError, ValueError, ValidationError):
            return {}
