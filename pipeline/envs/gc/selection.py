"""Which builds are removed: always those that nothing uses any more, then the least recently used ones. Pure."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from pipeline.envs.gc.survey import GARBAGE, BuildFolder, State

DAY_SECONDS = 86_400
ORDER = {state: place for place, state in enumerate(State)}


@dataclass(frozen=True)
class StorageLimits:
    total: int | None = None  # bytes that all builds together may take
    age: float | None = None  # seconds that a build may stay unused
    defined: Collection[str] = ()  # environments that the project defines; builds of others are removed before theirs


@dataclass(frozen=True)
class Removal:
    build: BuildFolder
    reason: str


@dataclass(frozen=True)
class RemovalPlan:
    removals: tuple[Removal, ...]
    exceptions: tuple[tuple[BuildFolder, str], ...]  # builds that stay only because they are needed, and who needs them
    before: int  # bytes

    @property
    def after(self) -> int:
        """Bytes."""
        return self.before - sum(each.build.size.allocated for each in self.removals)


def plan(
    builds: Sequence[BuildFolder], limits: StorageLimits, user_of: Callable[[BuildFolder], str | None], now: float
) -> RemovalPlan:
    """``user_of`` says who needs a build, for a person, or ``None``; it is asked only about builds that would go.

    ``now``: seconds since the epoch.
    """
    before = left = sum(each.size.allocated for each in builds)
    removals, exceptions = [], []
    for build in sorted(builds, key=lambda each: _rank(each, limits.defined)):
        reason = _reason(build, limits, left, now)
        if reason is None:
            continue
        if user := user_of(build):
            exceptions.append((build, user))
        else:
            removals.append(Removal(build, reason))
            left -= build.size.allocated
    return RemovalPlan(tuple(removals), tuple(exceptions), before)


def _rank(build: BuildFolder, defined: Collection[str]) -> tuple[int, bool, float, str]:
    return ORDER[build.state], not set(defined).isdisjoint(build.labels), build.last_used, build.path.name


def _reason(build: BuildFolder, limits: StorageLimits, left: int, now: float) -> str | None:
    if build.state is State.BEING_BUILT:
        return None
    if build.state in GARBAGE:
        return str(build.state.value)
    if limits.age is not None and now - build.last_used > limits.age:
        return f"not used for {(now - build.last_used) / DAY_SECONDS:.0f} days"
    return "used least recently" if limits.total is not None and left > limits.total else None
