"""The files that a lock's pins stand for on this machine, and their addresses.

uv looks up in its indexes which files there are, and where, and writes that in the standard form
(https://packaging.python.org/en/latest/specifications/pylock-toml/).
"""

import os
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from pipeline import process
from pipeline.envs import uv
from pipeline.envs.definition import Definition
from pipeline.envs.interpreters import BaseInterpreter
from pipeline.envs.lockfiles import package_settings
from pipeline.envs.lockfiles.lockfile import Pin
from pipeline.envs.packages.wheel_tags import best_wheel

if TYPE_CHECKING:
    from packaging.pylock import Package, PackageArchive, PackageSdist, PackageWheel

SOURCES = (".tar.gz", ".zip", ".tgz", ".tar.bz2")
LAST_LINES = 12  # of uv's words


@dataclass(frozen=True)
class PackageFile:
    """A file that an index has."""

    pin: Pin
    name: str  # of the file
    url: str


class NoFileList(Exception):
    """uv doesn't say where files are; the message is its reason."""


def located(
    installer: Path,
    definition: Definition,
    python: BaseInterpreter,
    own: Mapping[str, str],
    seconds: float,
) -> "Sequence[Package]":
    """All files of the lock's packages. ``own``: the environment's variables. Raises ``NoFileList``."""
    words = ("pip", "compile", "-q", "--no-deps", "--no-header", "--no-annotate", "--format", "pylock.toml")
    settings = package_settings.for_lock(definition, os.environ, own)
    try:
        with settings.options() as configured:
            argv = [installer, *configured, *words, "--python", python.executable, definition.locked]
            done = process.run(argv, uv.variables(os.environ), seconds)
    except process.TimedOut as error:
        raise NoFileList(str(error)) from error
    if done.returncode:
        output = package_settings.masked(done.error_text, definition, os.environ)
        raise NoFileList("\n".join(output.splitlines()[-LAST_LINES:]))
    return parsed(done.stdout)


def parsed(answer: bytes) -> "Sequence[Package]":
    """The packages in uv's answer. Raises ``NoFileList``."""
    from packaging.pylock import Pylock, PylockValidationError

    try:
        return Pylock.from_dict(tomllib.loads(answer.decode("utf-8"))).packages
    except (PylockValidationError, ValueError) as error:
        raise NoFileList(f"the installer's answer can't be read: {error}") from error


def chosen(pin: Pin, packages: "Sequence[Package]", python: BaseInterpreter) -> PackageFile | None:
    """The wheel that fits best, else the source, among the files that the lock has the hashes of.

    A page of links may name no hash; then that of the file decides once it is here.
    """
    files = [named for each in packages if each.name == pin.name for named in files_of(each)]
    urls = {name: file.url for name, file in files if file.url and _may_be(file.hashes.get("sha256"), pin)}
    name = preferred(list(urls), pin, python)
    return PackageFile(pin, name, urls[name]) if name else None


def _may_be(sha256: str | None, pin: Pin) -> bool:
    return sha256 is None or sha256 in pin.sha256


def preferred(names: Sequence[str], pin: Pin, python: BaseInterpreter) -> str | None:
    """The wheel that fits best, else the source, unless the lock says which of them it has to be."""
    wheel = best_wheel(names, pin, python) if pin.may_be_wheel else None
    return wheel or next((name for name in names if name.endswith(SOURCES) and pin.may_be_source), None)


def files_of(package: "Package") -> "Iterator[tuple[str, PackageWheel | PackageSdist | PackageArchive]]":
    """All files of a package, by names that don't lead out of a folder."""
    yield from ((wheel.filename, wheel) for wheel in package.wheels or ())
    if package.archive:
        name = PurePosixPath(unquote(urlsplit(package.archive.url or "").path)).name
        yield os.path.basename(name.replace("\\", "/")).lstrip("."), package.archive
    if package.sdist:
        yield package.sdist.filename, package.sdist
