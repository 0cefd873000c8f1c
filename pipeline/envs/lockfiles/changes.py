"""The packages that a new lock changes."""

from collections.abc import Mapping
from dataclasses import dataclass

from pipeline.envs.lockfiles.lockfile import LockFile


@dataclass(frozen=True)
class PackageChange:
    name: str
    before: tuple[str, ...]  # versions: several where they differ by platform or Python, none where it is new
    after: tuple[str, ...]

    def __str__(self) -> str:
        before, after = ", ".join(self.before), ", ".join(self.after)
        if not before:
            return f"+ {self.name} {after}"
        return f"{self.name} {before} → {after}" if after else f"- {self.name} {before}"


def changes(before: LockFile | None, after: LockFile) -> tuple[PackageChange, ...]:
    """The packages whose versions differ, by name."""
    old, new = _versions(before) if before else {}, _versions(after)
    return tuple(
        PackageChange(name, old.get(name, ()), new.get(name, ()))
        for name in sorted({*old, *new})
        if old.get(name) != new.get(name)
    )


def _versions(lock: LockFile) -> Mapping[str, tuple[str, ...]]:
    names = dict.fromkeys(pin.name for pin in lock.pins)
    return {name: tuple(dict.fromkeys(pin.version for pin in lock.named(name))) for name in names}
