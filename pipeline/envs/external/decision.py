"""Which environment a job gets, as a pure decision over what was looked at."""

from dataclasses import dataclass

from pipeline.envs.build import Build
from pipeline.envs.external.source import Source


@dataclass(frozen=True)
class Candidate:
    source: Source  # live, interpreter or legacy
    place: str  # for a person, and as the definition has it
    build: Build | None = None  # what a stage could run in; None where it couldn't
    problem: str | None = None  # None where it is healthy
    caveat: str | None = None  # healthy, but its content can change unseen


@dataclass(frozen=True)
class Situation:
    """What there is for one environment. What stands behind a healthy candidate wasn't looked at."""

    environment: str
    candidates: tuple[Candidate, ...]  # in the order of preference
    buildable: bool  # ours to build
    builder: str | None = None  # the process that builds it right now
    obstacle: str | None = None  # why it can't be built as things are


@dataclass(frozen=True)
class Allowed:
    """What may be done for an environment that isn't there."""

    wait_seconds: float = 0.0  # for another process's build
    build: bool = False
    degraded: bool = False


@dataclass(frozen=True)
class Use:
    source: Source
    candidate: Candidate


@dataclass(frozen=True)
class Wait:
    builder: str


@dataclass(frozen=True)
class Make:
    """A new build."""


@dataclass(frozen=True)
class Refuse:
    reason: str
    command: str  # that helps


Choice = Use | Wait | Make | Refuse


def decide(situation: Situation, allowed: Allowed) -> Choice:
    for candidate in situation.candidates:
        if candidate.build is not None and candidate.problem is None:
            return Use(candidate.source, candidate)
    if situation.builder and allowed.wait_seconds > 0:
        return Wait(situation.builder)
    if situation.buildable and allowed.build and not (situation.builder or situation.obstacle):
        return Make()
    if allowed.degraded and (unhealthy := _unhealthy(situation)):
        return Use(Source.DEGRADED, unhealthy)
    return Refuse(_reason(situation), _command(situation))


def _unhealthy(situation: Situation) -> Candidate | None:
    """One of others that runs, whatever is wrong with it. A damaged build of ours is mended, and never used so."""
    runs = (each for each in situation.candidates if each.build is not None and each.source is not Source.LIVE)
    return next(runs, None)


def _reason(situation: Situation) -> str:
    """Each candidate's own; ours is what is spoken of, and needs no name."""
    reasons = [
        str(each.problem) if each.source is Source.LIVE else f"{each.source} {each.place}: {each.problem}"
        for each in situation.candidates
    ]
    building = f"{situation.builder} is building it" if situation.builder else None
    return "; ".join([*reasons, *filter(None, (situation.obstacle, building))])


def _command(situation: Situation) -> str:
    name = situation.environment
    if not situation.buildable:
        way = f"mend that environment, or name another one in the definition of '{name}'"
    elif situation.obstacle:
        way = f"move it away, then: bootstrap --env {name}"
    elif situation.builder:
        way = f"prepare-job --wait SECONDS   waits longer for environment '{name}'"
    else:
        way = f"bootstrap --env {name}"
    return f"{way}   or prepare-job --allow-degraded" if _unhealthy(situation) else way
