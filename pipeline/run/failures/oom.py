"""How often the kernel has killed a process for memory: read before an attempt and after it failed.

Linux only; elsewhere there is nothing to read, and a kill stays a kill.
https://docs.kernel.org/admin-guide/cgroup-v2.html#memory-interface-files
"""

import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from pipeline.values import Struct

PROC = Path("/proc")


class OomKills(Struct, frozen=True):
    """Counts since the start of the group or the machine; ``None`` where they can't be had."""

    group: int | None = None  # in our own control group: a container's, a service's
    machine: int | None = None  # a container may see its host's


def rose(before: int | None, after: int | None) -> bool:
    return before is not None and after is not None and after > before


def read(proc: Path = PROC) -> OomKills:
    group = [count for file in _group_files(proc) if (count := _counted(file)) is not None]
    return OomKills(sum(group) if group else None, _counted(proc / "vmstat"))


@cache
def _group_files(proc: Path) -> tuple[Path, ...]:
    """``memory.events`` (version 2) or ``memory.oom_control`` (version 1) of the group that we are in."""
    try:
        groups = dict(_groups((proc / "self/cgroup").read_text("utf-8", "surrogateescape")))
        mounts = (proc / "self/mountinfo").read_text("utf-8", "surrogateescape")
    except OSError:
        return ()
    files = []
    for line in mounts.splitlines():
        mounted, _, kind = line.partition(" - ")
        root, folder = mounted.split(" ")[3:5]
        if kind.startswith("cgroup2 ") and "" in groups:
            files.append(Path(folder, _below(root, groups[""]), "memory.events"))
        elif kind.startswith("cgroup ") and "memory" in kind.split(" ")[-1].split(",") and "memory" in groups:
            files.append(Path(folder, _below(root, groups["memory"]), "memory.oom_control"))
    return tuple(file for file in files if file.is_file())


def _groups(text: str) -> Iterator[tuple[str, str]]:
    """Our path by controller; the unified hierarchy of version 2 goes by the empty name."""
    for line in text.splitlines():
        _, controllers, path = line.split(":", 2)
        yield from ((controller, path) for controller in controllers.split(","))


def _below(root: str, path: str) -> str:
    """Where a group is under its mount. In a container the mount may begin at the container's own group."""
    relative = os.path.relpath(path, root)
    return "" if relative.startswith("..") else relative


def _counted(file: Path) -> int | None:
    try:
        with open(file, "rb") as lines:
            return next((int(line.split()[1]) for line in lines if line.startswith(b"oom_kill ")), None)
    except (OSError, ValueError, IndexError):
        return None
