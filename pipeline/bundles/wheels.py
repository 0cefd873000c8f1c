"""The folder of package files that locks name, for building without a network.

A file counts only with a SHA-256 that the lock has.
"""

import contextlib
import os
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline import process
from pipeline.digests import sha256_of_file
from pipeline.envs import uv
from pipeline.envs.credentials import Credentials, credentials
from pipeline.envs.definition import Definition
from pipeline.envs.interpreters import BaseInterpreter
from pipeline.envs.lockfiles import package_settings
from pipeline.envs.lockfiles.lockfile import Pin, parse
from pipeline.envs.packages import package_files
from pipeline.envs.packages.download import DownloadFailed, download
from pipeline.envs.packages.package_files import SOURCES, NoFileList, PackageFile
from pipeline.envs.variables import OwnVariables, no_variables
from pipeline.errors import ConfigurationError, NotReady
from pipeline.files import try_remove_tree
from pipeline.progress import Progress
from pipeline.text import counted

if TYPE_CHECKING:
    from packaging.pylock import Package

AT_ONCE = 6  # downloads
STALE_SECONDS = 3600


@dataclass(frozen=True)
class Wheels:
    folder: Path
    uv: Path
    time_limit: float  # seconds, for each call of uv and each download
    own: OwnVariables = no_variables  # of an environment, for what is built from source

    def fetch(self, definition: Definition, python: BaseInterpreter, progress: Progress) -> list[Path]:
        """The files of the definition's lock for this Python. Those that aren't in the folder are downloaded.

        Raises ``NotReady`` where one can't be downloaded, and ``ConfigurationError`` for a damaged lock.
        """
        wanted = pins_for(definition, python)
        self.folder.mkdir(parents=True, exist_ok=True)
        self._sweep()
        progress(f"checking {counted(len(wanted), 'package')}")
        there = self.available(wanted, python)
        missing = [pin for pin in wanted if pin not in there]
        if missing:
            packages = self._located(definition, python)
            fetching = [_choose(definition, pin, packages, python) for pin in missing]
            progress(f"fetching {len(fetching)} of {counted(len(wanted), 'package')}")
            self._fetch(definition, fetching, self._credentials(definition))
            there = self.available(wanted, python)
        return [there[pin] for pin in wanted]

    def available(self, wanted: Iterable[Pin], python: BaseInterpreter) -> dict[Pin, Path]:
        """The files in the folder whose SHA-256 is in the lock; each file is read."""
        names = sorted(os.listdir(self.folder)) if self.folder.is_dir() else []
        found = {pin: self._file(pin, names, python) for pin in wanted}
        return {pin: file for pin, file in found.items() if file is not None}

    def warm_cache(self, definition: Definition, python: BaseInterpreter, files: Iterable[Path]) -> None:
        """Let uv unpack the files into its own cache (and build those from source), which saves time in a build.

        Errors are ignored: the build will say what is wrong.
        """
        from_source = any(file.name.endswith(SOURCES) for file in files)
        with contextlib.suppress(OSError), tempfile.TemporaryDirectory(dir=self.folder, prefix=".warm-") as target:
            alone = () if from_source else ("--no-index",)  # building may need tools that only an index has
            options = ("--no-deps", "--require-hashes", "--link-mode", "symlink", "--find-links", self.folder)
            words = ("pip", "install", "-q", "--python", python.executable, "--target", target, *alone, *options)
            settings = package_settings.for_lock(definition, os.environ, self.own(definition, Path(target)))
            with contextlib.suppress(process.TimedOut), settings.options() as configured:
                argv = [self.uv, *configured, *words, "-r", definition.locked]
                process.run(argv, _variables(), self.time_limit)

    def _file(self, pin: Pin, names: list[str], python: BaseInterpreter) -> Path | None:
        mine = [name for name in names if _is_of(name, pin)]
        allowed = [name for name in mine if _sha256(self.folder / name) in pin.sha256]
        name = package_files.preferred(allowed, pin, python)
        return self.folder / name if name else None

    def _located(self, definition: Definition, python: BaseInterpreter) -> "Sequence[Package]":
        try:
            own = self.own(definition, self.folder)
            return package_files.located(self.uv, definition, python, own, self.time_limit)
        except NoFileList as error:
            raise _not_fetched(definition, str(error)) from error

    def _credentials(self, definition: Definition) -> Credentials:
        """uv gives addresses without passwords."""
        settings = package_settings.for_lock(definition, os.environ)
        return credentials(settings.addresses, os.environ)

    def _fetch(self, definition: Definition, fetching: list[PackageFile], known: Credentials) -> None:
        from concurrent.futures import ThreadPoolExecutor

        if os.environ.get("UV_OFFLINE") and (
            far := [each.name for each in fetching if not each.url.startswith("file:")]
        ):
            raise _not_fetched(definition, f"{far[0]} isn't here, and UV_OFFLINE is set")

        def get(each: PackageFile) -> None:
            download(each.url, self.folder / each.name, each.pin.sha256, self.time_limit, known)

        with ThreadPoolExecutor(AT_ONCE) as threads:
            try:
                list(threads.map(get, fetching))
            except DownloadFailed as error:
                threads.shutdown(cancel_futures=True)
                raise _not_fetched(definition, str(error)) from error
            except OSError as error:
                threads.shutdown(cancel_futures=True)
                reason = f"{error.filename or self.folder} can't be written: {error.strerror}"
                raise _not_fetched(definition, reason, "make room, then run it again") from error

    def _sweep(self) -> None:
        """Remove what killed processes left. Files of a process that is at work are newer."""
        for left in [*self.folder.glob(".*.tmp"), *self.folder.glob(".*.part"), *self.folder.glob(".warm-*")]:
            with contextlib.suppress(OSError):
                if left.stat().st_mtime < self.folder.stat().st_mtime - STALE_SECONDS:
                    try_remove_tree(left) if left.is_dir() else left.unlink()


def pins_for(definition: Definition, python: BaseInterpreter) -> list[Pin]:
    """The lock's pins for this Python. Raises ``ConfigurationError``, with the lock's line."""
    try:
        return parse(definition.locked.read_text(encoding="utf-8-sig")).on(python.version)
    except ValueError as error:  # a line that isn't a pin with its hashes, or no text
        raise ConfigurationError(
            f"{definition.locked.name}: {error}", f"pipeline env lock {definition.name}"
        ) from error


def _not_fetched(definition: Definition, reason: str, next_step: str | None = None) -> NotReady:
    return NotReady(
        f"the packages of environment '{definition.name}' can't be fetched: {reason}",
        next_step or f"bootstrap --prefetch --env {definition.name}",
    )


def _choose(definition: Definition, pin: Pin, packages: "Sequence[Package]", python: BaseInterpreter) -> PackageFile:
    if file := package_files.chosen(pin, packages, python):
        return file
    raise _not_fetched(
        definition,
        f"{pin} has no file for Python {python.version} on this machine whose hash is in {definition.locked.name}",
        f"pipeline env lock {definition.name}",
    )


def _is_of(name: str, pin: Pin) -> bool:
    from packaging.utils import canonicalize_name

    if name.endswith(".whl"):
        return canonicalize_name(name.partition("-")[0]) == pin.name
    return name.endswith(SOURCES) and canonicalize_name(name.rpartition("-")[0]) == pin.name


def _sha256(file: Path) -> str:
    try:
        return sha256_of_file(file).removeprefix("sha256:")
    except OSError:
        return ""


def _variables() -> dict[str, str]:
    return uv.variables(os.environ)
