"""Which builds go: what is of no use to anybody always, then those used least recently. Pure."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from pipeline.envs.gc.survey import GARBAGE, Found, State

DAY_SECONDS = 86_400
ORDER = {state: place for place, state in enumerate(State)}


@dataclass(frozen=True)
class Bounds:
    limit: int | None = None  # bytes that all builds together may take
    older_than: float | None = None  # seconds since their last use
    defined: Collection[str] = ()  # environments that the project defines; others go before them


@dataclass(frozen=True)
class Going:
    found: Found
    why: str


@dataclass(frozen=True)
class Choice:
    going: tuple[Going, ...]
    kept: tuple[tuple[Found, str], ...]  # what would have gone, and who needs it
    before: int  # bytes

    @property
    def after(self) -> int:
        return self.before - sum(each.found.size.allocated for each in self.going)


def choose(found: Sequence[Found], bounds: Bounds, needed: Callable[[Found], str | None], now: float) -> Choice:
    """``needed`` says who needs a build, in words, or ``None``; it is asked only about those that would go."""
    before = left = sum(each.size.allocated for each in found)
    going, kept = [], []
    for each in sorted(found, key=lambda each: _rank(each, bounds.defined)):
        why = _why(each, bounds, left, now)
        if why is None:
            continue
        if who := needed(each):
            kept.append((each, who))
        else:
            going.append(Going(each, why))
            left -= each.size.allocated
    return Choice(tuple(going), tuple(kept), before)


def _rank(found: Found, defined: Collection[str]) -> tuple[int, bool, float, str]:
    return ORDER[found.state], found.name in defined, found.last_used, found.folder.name


def _why(found: Found, bounds: Bounds, left: int, now: float) -> str | None:
    if found.state is State.BEING_BUILT:
        return None
    if found.state in GARBAGE:
        return str(found.state.value)
    if bounds.older_than is not None and now - found.last_used > bounds.older_than:
        return f"not used for {(now - found.last_used) / DAY_SECONDS:.0f} days"
    return "used least recently" if bounds.limit is not None and left > bounds.limit else None
