"""The programs that stages use and that aren't packages, such as ffmpeg: each by what it is, for the stages' keys.

A program from ``PATH`` is what is in its file when the job runs, since it may be upgraded at any time; that of an
environment is as it was built.
"""

import contextlib
import os
import time
from collections.abc import Mapping
from pathlib import Path

from pipeline.digests import content_digest
from pipeline.envs.variables import which
from pipeline.files import write_at_once
from pipeline.jobs.plan import Plan
from pipeline.project import Project
from pipeline.signatures import Signature, signature_of
from pipeline.values import Struct, ValidationError, decode, encode

MISSING = "not there"  # its stages don't run then


class ProgramFile(Struct, frozen=True):
    """A program whose file was read."""

    signature: Signature
    digest: str


class Programs:
    """Those of one job's environments; each is looked at once in a run."""

    def __init__(self, project: Project, plan: Plan) -> None:
        self._file = project.cache / "programs.json"
        self._plan = plan
        self._identities: dict[str, str] = {}
        self._read: dict[str, ProgramFile] = {}  # by path, in this run

    def save(self) -> None:
        """Remember what was read, as well as the disk allows."""
        if self._read:
            with contextlib.suppress(OSError):
                self._file.parent.mkdir(parents=True, exist_ok=True)
                write_at_once(self._file, encode({**self._known(), **self._read}))

    def of(self, environment: str) -> Mapping[str, str]:
        """By name, what tells a program from any other: its digest, or the key of the environment that provides it."""
        tools = self._plan.tools.get(environment, {})
        keys = self._plan.environment_keys
        return {name: keys.get(where) or self._from_path(name) for name, where in sorted(tools.items())}

    def _from_path(self, name: str) -> str:
        if name not in self._identities:
            found = which(name, os.environ)
            self._identities[name] = self._digest(Path(os.path.realpath(found))) if found else MISSING
        return self._identities[name]

    def _digest(self, path: Path) -> str:
        """Read once, and again where the file's signature has changed, or couldn't be trusted."""
        try:
            before, at = signature_of(path), time.time_ns()
            if (found := self._known().get(str(path))) and found.signature == before:
                return found.digest
            digest = content_digest(path)
        except OSError:
            return MISSING
        if before.is_settled(at):
            self._read[str(path)] = ProgramFile(before, digest)
        return digest

    def _known(self) -> dict[str, ProgramFile]:
        try:
            return decode(self._file.read_bytes(), dict[str, ProgramFile])
        except (OSError, ValueError, ValidationError):
            return {}
