"""Bytecode of packages that were installed before, in the user's cache: a second build compiles only what is new.

A package is known by the digests of its modules, as its ``RECORD`` has them, and bytecode by the exact Python that made
it. Only packages count whose files are what their ``RECORD`` says: others are neither kept nor given bytecode from
here. All is a hint: what can't be read, or isn't whole, is compiled again.
"""

import contextlib
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
from blake3 import blake3

from pipeline.digests import tagged_digest
from pipeline.envs import package_records
from pipeline.envs.interpreters import BaseInterpreter
from pipeline.envs.package_records import UNREADABLE
from pipeline.envs.platform.user_folders import cache_folder
from pipeline.files import write_at_once
from pipeline.values import Struct

MOST = 1 << 30  # bytes of all packages together; the least recently used go
HEAD = 16  # bytes of bytecode before the code: https://peps.python.org/pep-0552/
DIGEST = 32  # bytes at the beginning of a package's file
CACHE = "__pycache__"


class CompiledPackage(Struct, frozen=True):
    """The bytecode of one package."""

    ending: str  # of the files, such as ".cpython-311.pyc"
    magic: bytes
    code: Mapping[str, bytes]  # by the path of the module in site-packages


@dataclass(frozen=True)
class BytecodeStore:
    python: BaseInterpreter
    folder: Path = field(default_factory=lambda: cache_folder() / "bytecode")

    def place(self, site_packages: Path, umask: int) -> frozenset[str]:
        """Give installed packages the bytecode that is known. Returns the paths of the modules that have it now."""
        placed: set[str] = set()
        for modules in _packages(site_packages):
            if package := self._read(self._file(modules)):
                placed.update(_place(package, site_packages, umask))
        return frozenset(placed)

    def keep(self, site_packages: Path) -> None:
        """Remember the bytecode of packages whose files are what their ``RECORD``s say. Raises nothing."""
        if not self.folder.is_absolute():
            return
        with contextlib.suppress(OSError):
            self.folder.mkdir(parents=True, exist_ok=True)
            new = [modules for modules in _packages(site_packages) if not self._file(modules).is_file()]
            for modules in new:
                if package := _gathered(site_packages, modules):
                    data = msgspec.msgpack.encode(package)
                    write_at_once(self._file(modules), blake3(data).digest() + data)
            if new:
                self._make_room()

    def _file(self, modules: Mapping[str, str]) -> Path:
        key = tagged_digest("bytecode", [1, self.python.version, self.python.abi, sorted(modules.items())])
        return self.folder / key.rpartition(":")[2]

    def _read(self, file: Path) -> CompiledPackage | None:
        try:
            data = file.read_bytes()
            if blake3(data[DIGEST:]).digest() != data[:DIGEST]:
                return None
            os.utime(file)
            return msgspec.msgpack.decode(data[DIGEST:], type=CompiledPackage)
        except (OSError, msgspec.DecodeError):
            return None

    def _make_room(self) -> None:
        left = MOST
        for file, status in sorted(_files(self.folder), key=lambda each: -each[1].st_mtime):
            left -= status.st_size
            if left < 0:
                file.unlink(missing_ok=True)


def _files(folder: Path) -> Iterator[tuple[Path, os.stat_result]]:
    for file in folder.iterdir():
        with contextlib.suppress(FileNotFoundError):  # another process has removed it
            yield file, os.stat(file)


def _packages(site_packages: Path) -> Iterator[dict[str, str]]:
    """Of each package its modules with their digests; packages without any, or with one that has none, are left out."""
    for folder in sorted(site_packages.glob("*.dist-info")):
        with contextlib.suppress(*UNREADABLE):
            modules = {
                name: digest
                for name, digest, _ in package_records.rows(folder / "RECORD")
                if name.endswith(".py") and not name.startswith(("..", "/"))
            }
            if modules and all(map(package_records.is_digest, modules.values())):
                yield modules


def _place(package: CompiledPackage, site_packages: Path, umask: int) -> Iterator[str]:
    for module, code in package.code.items():
        source = os.path.join(site_packages, module)
        try:
            folder, name = os.path.split(source)
            file = os.path.join(folder, CACHE, f"{name.removesuffix('.py')}{package.ending}")
            _write(file, _head(package.magic, os.stat(source)) + code, umask)
        except OSError:
            continue
        yield source


def _head(magic: bytes, source: os.stat_result) -> bytes:
    numbers = (0, int(source.st_mtime) & 0xFFFFFFFF, source.st_size & 0xFFFFFFFF)
    return magic + b"".join(number.to_bytes(4, "little") for number in numbers)


def _write(file: str, data: bytes, umask: int) -> None:
    """A file that is there already stays: then ``OSError`` is raised."""
    folder = Path(file).parent
    if not folder.is_dir():
        folder.mkdir()
        folder.chmod(0o777 & ~umask)
    with open(file, "xb") as target:
        target.write(data)
    Path(file).chmod(0o666 & ~umask)


def _gathered(site_packages: Path, modules: Mapping[str, str]) -> CompiledPackage | None:
    """The bytecode that fits its module and was made by one interpreter. Raises ``OSError``."""
    code: dict[str, bytes] = {}
    ending, magic = "", b""
    for module in modules:
        source = site_packages / module
        for file in (source.parent / CACHE).glob(f"{source.stem}.*.pyc"):
            data, rest = file.read_bytes(), file.name.removeprefix(source.stem)
            ending, magic = ending or rest, magic or data[:4]
            if rest == ending and data[:HEAD] == _head(magic, os.stat(source)):
                code[module] = data[HEAD:]
    return CompiledPackage(ending, magic, code) if code else None
