"""CUDA's libraries in the packages of an environment, for programs that look for them by their names alone."""

import ctypes
import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

CUBLAS = ("cublas/lib/libcublas.so.*", "cublas/bin/cublas64_*.dll")  # in NVIDIA's packages


def load(patterns: Iterable[str], folders: Iterable[Path] | None = None) -> list[Path]:
    """Load the files, so that they are found by name from then on. Those that can't be loaded are left out.

    ``folders``: where NVIDIA's packages are; by default those of this environment.
    """
    loaded = []
    for file in _files(patterns, _packages() if folders is None else folders):
        # Whoever needs the library says in its own words that it isn't there.
        with suppress(OSError):
            ctypes.CDLL(str(file), mode=os.RTLD_GLOBAL if hasattr(os, "RTLD_GLOBAL") else ctypes.DEFAULT_MODE)
            loaded.append(file)
    return loaded


def _files(patterns: Iterable[str], folders: Iterable[Path]) -> Iterator[Path]:
    for folder in folders:
        for pattern in patterns:
            yield from sorted(folder.glob(pattern))


def _packages() -> list[Path]:
    spec = find_spec("nvidia")  # one name for all of their packages
    return [Path(place) for place in spec.submodule_search_locations or ()] if spec else []
