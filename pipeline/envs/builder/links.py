"""Symbolic links that lead out of an environment: what stands there could change without anybody's noticing."""

import os
from collections.abc import Iterator
from pathlib import Path

from pipeline.envs.platform.layout import scripts_folder


def leading_out(prefix: Path) -> list[str]:
    """Links whose target isn't in the environment, by path in it, apart from those to its interpreter."""
    inside = os.path.realpath(prefix)
    scripts = str(scripts_folder(prefix))
    return sorted(
        os.path.relpath(path, prefix)
        for path in _links(str(prefix))
        if not _is_within(os.path.realpath(path), inside) and not _is_interpreter(path, scripts)
    )


def _links(folder: str) -> Iterator[str]:
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_symlink():
                yield entry.path
            elif entry.is_dir():
                yield from _links(entry.path)


def _is_within(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder + os.sep)


def _is_interpreter(path: str, scripts: str) -> bool:
    folder, name = os.path.split(path)
    return folder == scripts and name.startswith(("python", "pypy"))
