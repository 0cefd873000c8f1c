"""Finds this package's modules by their names alone, for a command that imports more than a hundred of them.

Python's own search looks at every place where a module could be, lists the folders, and asks each file what it is. A
name of ours says where its file is, which takes half of the time that the search and the reading take together.

Only bytecode that Python itself has written is used, as long as it fits its source by time and size, as Python itself
decides that. For all else (a module that is new or was changed, another place for bytecode, a package in a zip file)
Python's own search has its turn.
"""

import marshal
import os
import sys
from _frozen_importlib_external import MAGIC_NUMBER, SourceFileLoader, spec_from_file_location

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from importlib.machinery import ModuleSpec
    from types import CodeType, ModuleType

OURS = "pipeline."
SUFFIX = f".{sys.implementation.cache_tag}.pyc"
HEADER = 16  # bytes: the version, how the source is compared, its time and its size; see PEP 552
BY_TIME = MAGIC_NUMBER + bytes(4)
LARGEST = 1 << 16  # bytes; more than any module of ours has
OPEN = os.O_RDONLY | getattr(os, "O_BINARY", 0)


class ModuleFinder:
    @staticmethod
    def find_spec(
        name: str, path: "Sequence[str] | None" = None, _target: "ModuleType | None" = None
    ) -> "ModuleSpec | None":
        if not path or not name.startswith(OURS):
            return None
        folder, last = path[0], name[name.rindex(".") + 1 :]
        return _found(name, folder, last) or _found(name, f"{folder}{os.sep}{last}", "__init__")


class BytecodeLoader(SourceFileLoader):
    """Python's own loader, which has its bytecode already."""

    def __init__(self, name: str, file: str, data: bytes) -> None:
        super().__init__(name, file)
        self._data = data

    def get_code(self, name: str) -> "CodeType | None":
        data, self._data = self._data, b""
        if not data:
            return super().get_code(name)
        code: CodeType = marshal.loads(memoryview(data)[HEADER:])  # noqa: S302  # as Python does with the same file
        return code


def install() -> None:
    """From now on, for as long as this process lives."""
    if sys.implementation.cache_tag and not sys.flags.optimize and sys.pycache_prefix is None:
        sys.meta_path.insert(0, ModuleFinder)


def _found(name: str, folder: str, stem: str) -> "ModuleSpec | None":
    file, cached = f"{folder}{os.sep}{stem}.py", f"{folder}{os.sep}__pycache__{os.sep}{stem}{SUFFIX}"
    try:
        status = os.stat(file)
        opened = os.open(cached, OPEN)
        try:
            data = os.read(opened, LARGEST)
        finally:
            os.close(opened)
    except OSError:
        return None
    if data[:HEADER] != BY_TIME + _number(status.st_mtime) + _number(status.st_size) or len(data) == LARGEST:
        return None
    places = [folder] if stem == "__init__" else None
    spec = spec_from_file_location(
        name, file, loader=BytecodeLoader(name, file, data), submodule_search_locations=places
    )
    if spec:
        spec.cached = cached  # which would be put together once more
    return spec


def _number(value: float) -> bytes:
    return (int(value) & 0xFFFFFFFF).to_bytes(4, "little")
