"""Looks at what a new lock would install here, before it is written: what no resolver sees is told at once.

Only what can be known without downloading packages is found; a build looks at what is installed.
"""

import os
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path

from pipeline.envs import interpreters
from pipeline.envs.builder import package_conflicts
from pipeline.envs.builder.package_conflicts import Operation
from pipeline.envs.credentials import Credentials, credentials
from pipeline.envs.definition import Definition
from pipeline.envs.interpreters import BaseInterpreter
from pipeline.envs.lockfiles import package_settings
from pipeline.envs.lockfiles.lockfile import Pin, parse
from pipeline.envs.packages import package_files, wheel_contents
from pipeline.envs.packages.known_wheels import KnownWheels
from pipeline.envs.packages.package_files import NoFileList, PackageFile
from pipeline.envs.packages.wheel_contents import WheelContents
from pipeline.envs.platform.user_folders import cache_folder
from pipeline.envs.variables import OwnVariables, no_variables
from pipeline.envs.verification import shared_files
from pipeline.errors import NotReady
from pipeline.progress import Progress, quiet

AT_ONCE = 6  # wheels that are looked at
SECONDS = 60  # for all of them; those that are left are looked at when they are installed


@dataclass(frozen=True)
class LockCheck:
    uv: Path
    time_limit: float  # seconds, for uv
    own: OwnVariables = no_variables
    operation: Operation = package_conflicts.LOCK
    note: Progress = quiet  # is told what is no reason to refuse here
    known: KnownWheels = field(default_factory=lambda: KnownWheels(cache_folder() / "wheels"))

    def __call__(self, definition: Definition, lock: bytes) -> None:
        """Raises ``NotReady`` for packages that aren't for the Python here, and for files that several install."""
        try:
            python = interpreters.find(definition, self.uv)
        except NotReady:
            return  # locks are made for other machines, too
        found = self._contents(definition, lock, python)
        ranges = {name: each.requires_python for name, each in found.items()}
        package_conflicts.refuse_other_pythons(definition, ranges, python.version, self.operation)
        files = {name: each.files for name, each in found.items()}
        package_conflicts.refuse_files_in_place_of_folders(definition, files, self.operation)
        shared = shared_files.shared_files(files)
        package_conflicts.refuse_undecided(definition, shared, self.operation)
        if by_case := shared_files.differing_by_case(files, definition.preferred):
            self.note(f"environment '{definition.name}': {by_case}; it can't be built there")

    def _contents(self, definition: Definition, lock: bytes, python: BaseInterpreter) -> dict[str, WheelContents]:
        """Of each package whose wheel can be looked at."""
        pins = parse(lock.decode("utf-8")).on(python.version)
        notes = {pin.name: self.known.of(pin, python) for pin in pins}
        unknown = [pin for pin in pins if notes[pin.name] is None]
        new = self._looked_up(definition, lock, python, unknown) if unknown else {}
        return {**{name: note.contents for name, note in notes.items() if note and note.contents}, **new}

    def _looked_up(
        self, definition: Definition, lock: bytes, python: BaseInterpreter, pins: Sequence[Pin]
    ) -> dict[str, WheelContents]:
        with tempfile.TemporaryDirectory(prefix="pipeline-lock-") as folder:
            file = Path(folder, definition.locked.name)
            file.write_bytes(lock)
            new = replace(definition, lock=file)
            own = self.own(definition, Path(folder))
            known = credentials(package_settings.for_lock(new, os.environ, own).addresses, os.environ)
            try:
                packages = package_files.located(self.uv, new, python, own, self.time_limit)
            except NoFileList:
                return {}
        chosen = [each for pin in pins if (each := package_files.chosen(pin, packages, python))]
        wheels = [each for each in chosen if each.name.endswith(".whl")]
        for source in (each for each in chosen if each not in wheels):
            self.known.keep(source.pin, python, None)
        found = _looked_at([each for each in wheels if _is_near(each)], known)
        for wheel in wheels:
            if wheel.pin.name in found:
                self.known.keep(wheel.pin, python, found[wheel.pin.name])
        return found


def _looked_at(wheels: Sequence[PackageFile], known: Credentials) -> dict[str, WheelContents]:
    until = time.monotonic() + SECONDS

    def look(wheel: PackageFile) -> WheelContents | None:
        return wheel_contents.contents(wheel.url, known) if time.monotonic() < until else None

    with ThreadPoolExecutor(AT_ONCE) as threads:
        pairs = zip(wheels, threads.map(look, wheels), strict=True)
        return {wheel.pin.name: each for wheel, each in pairs if each is not None}


def _is_near(file: PackageFile) -> bool:
    """Whether it may be looked at: all but what lies on a server while the network is off."""
    return file.url.startswith("file:") or not os.environ.get("UV_OFFLINE")
