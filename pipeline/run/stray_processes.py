"""Processes that stages have left behind: they ended, and what they started goes on, to the end of the run at most.

Looked for only when something was changed that nobody should have changed. On Linux, where it can be seen.
"""

import contextlib
import os
from collections.abc import Collection
from pathlib import Path

from pipeline.jobs.job import JobFolder

_PROC = Path("/proc")
_STREAMS = ("1", "2")  # what a stage prints goes to its log, and what its processes print, too


def stray_processes(job: JobFolder, running: Collection[str]) -> dict[str, int]:
    """By stage that has ended, the pid of a process that still has its log. ``running`` are those that haven't.

    Interpreters that wait for their stages have a log in the same folder.
    """
    found: dict[str, int] = {}
    logs = os.path.realpath(job.logs)
    for pid in _pids():
        for stream in _STREAMS:
            with contextlib.suppress(OSError):  # gone meanwhile, another user's, or without such a stream
                folder, name = os.path.split((_PROC / pid / "fd" / stream).readlink())
                stage = name.removesuffix(".log")
                if folder == logs and stage not in (name, *running) and job.attempts(stage).exists():
                    found.setdefault(stage, int(pid))
    return found


def _pids() -> list[str]:
    try:
        return [name for name in os.listdir(_PROC) if name.isdecimal() and int(name) != os.getpid()]
    except OSError:
        return []
