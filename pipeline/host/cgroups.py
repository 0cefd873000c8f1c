"""The limits that a container or a service manager sets for this process: Linux control groups, both versions."""

from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from pipeline.values import Struct


class CgroupLimits(Struct, frozen=True):
    """The strictest limits of the groups that this process is in; None is no limit."""

    cpus: int | None = None  # whole ones, at least one
    memory: int | None = None  # bytes


def limits(root: Path = Path("/")) -> CgroupLimits:
    """The strictest limits of this process's group and the groups around it; none where there are no control groups."""
    groups = _own_groups(root)
    cpus = memory = None
    for mount in _mounts(root):
        path = groups.get(mount.controllers)
        if path is None:
            continue
        for folder in mount.folders(path, root):
            cpus = _lower(cpus, _cpus_v2(folder) if mount.unified else _cpus_v1(folder))
            memory = _lower(memory, _number(folder / ("memory.max" if mount.unified else "memory.limit_in_bytes")))
    return CgroupLimits(cpus, memory)


class _Mount(Struct, frozen=True):
    """A hierarchy of control groups, and where it is mounted."""

    controllers: str  # as /proc/self/cgroup names them: "cpu,cpuacct", or "" for version 2
    top: PurePosixPath  # the group whose folder the mount point is; not "/" in a container without a namespace
    point: PurePosixPath
    unified: bool

    def folders(self, path: PurePosixPath, root: Path) -> Iterator[Path]:
        """The group's folder and those around it, as far as they are visible here."""
        inside = path.relative_to(self.top) if path.is_relative_to(self.top) else PurePosixPath()
        if ".." in inside.parts:  # the group isn't visible in this process's namespace
            inside = PurePosixPath()
        mounted = root / self.point.relative_to("/")
        yield from (mounted / part for part in (inside, *inside.parents))


def _own_groups(root: Path) -> dict[str, PurePosixPath]:
    """This process's group, by the controllers of its hierarchy."""
    lines = (line.split(":", 2) for line in _text(root / "proc/self/cgroup").splitlines())
    return {fields[1]: PurePosixPath(fields[2]) for fields in lines if len(fields) == 3}


def _mounts(root: Path) -> Iterator[_Mount]:
    """See proc_pid_mountinfo(5). Only hierarchies that can limit CPUs or memory."""
    for line in _text(root / "proc/self/mountinfo").splitlines():
        before, _, after = line.partition(" - ")
        fields, kind = before.split(), after.split()
        if len(fields) < 5 or len(kind) < 3 or kind[0] not in ("cgroup", "cgroup2"):
            continue
        unified = kind[0] == "cgroup2"
        names = [] if unified else [name for name in kind[2].split(",") if name in ("cpu", "cpuacct", "memory")]
        if unified or {"cpu", "memory"} & {*names}:
            yield _Mount(",".join(names), PurePosixPath(fields[3]), PurePosixPath(fields[4]), unified)


def _cpus_v2(folder: Path) -> int | None:
    quota, _, period = _text(folder / "cpu.max").partition(" ")
    return _whole(quota, period)


def _cpus_v1(folder: Path) -> int | None:
    return _whole(_text(folder / "cpu.cfs_quota_us"), _text(folder / "cpu.cfs_period_us"))


def _whole(quota: str, period: str) -> int | None:
    """Whole CPUs, at least one; "max" and -1 mean no limit."""
    try:
        microseconds, of = int(quota), int(period)
    except ValueError:
        return None
    return max(1, microseconds // of) if microseconds > 0 and of > 0 else None


def _number(file: Path) -> int | None:
    """A limit in bytes; version 1 writes a number beyond any machine's memory where there is none."""
    try:
        return int(_text(file))
    except ValueError:
        return None


def _lower(one: int | None, other: int | None) -> int | None:
    given = [limit for limit in (one, other) if limit is not None]
    return min(given, default=None)


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8", errors="surrogateescape").strip()
    except OSError:  # no such controller here, or no such system
        return ""
