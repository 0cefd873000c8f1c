"""Calls from a stage that is confined: it sees no workers, since those aren't, and can write into its own folder alone.

Its sessions get a worker that they start themselves, which is confined as the stage is and ends with the session.
"""

import os
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.executors import WorkerLimits, runtime_folder
from pipeline.values import replace

if TYPE_CHECKING:
    from tempfile import TemporaryDirectory


def runtime(limits: WorkerLimits) -> tuple[Path, WorkerLimits]:
    """The folder in which workers are found, and when they end."""
    folder = runtime_folder.locate(os.environ)
    if not is_read_only(folder):
        return folder, limits
    return Path(_own_folder().name, "workers"), replace(limits, tasks=1)


def writable(folder: Path) -> Path:
    """This folder, or one of our own where the system lets nobody write there."""
    return Path(_own_folder().name) if is_read_only(folder) else folder


def is_read_only(folder: Path) -> bool:
    """Whether it is, or would be, on a file system that is mounted so."""
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    try:
        return bool(os.statvfs(folder).f_flag & getattr(os, "ST_RDONLY", 1))
    except (AttributeError, OSError):
        return False


@cache
def _own_folder() -> "TemporaryDirectory[str]":
    from tempfile import TemporaryDirectory

    return TemporaryDirectory(prefix="pipeline-calls-", ignore_cleanup_errors=True)
