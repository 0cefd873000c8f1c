"""Which environment a job gets: a pure decision between the candidates."""

from pipeline.envs.build import Build
from pipeline.envs.choice.source import EnvironmentSource
from pipeline.values import Struct


class EnvironmentCandidate(Struct, frozen=True):
    source: EnvironmentSource  # live, interpreter or legacy
    place: str  # its path, as the definition names it
    build: Build | None = None  # for a stage to run in; None where no stage can
    problem: str | None = None  # None where it is healthy
    caveat: str | None = None  # it is healthy, but its content can change unseen


class Situation(Struct, frozen=True):
    """The candidates for one environment. Those after a healthy one haven't been looked at, and aren't in it."""

    environment: str
    candidates: tuple[EnvironmentCandidate, ...]  # the preferred one first
    buildable: bool  # False for an external environment (interpreter:)
    builder: str | None = None  # the process that is building it, for a person
    place_problem: str | None = None  # why it can't be built: something else has its name


class EnvironmentOptions(Struct, frozen=True):
    """What may be done where an environment isn't ready."""

    wait_seconds: float = 0.0  # for another process that is building it
    build: bool = False
    degraded: bool = False  # use an external environment that has a problem


class Use(Struct, frozen=True):
    source: EnvironmentSource
    candidate: EnvironmentCandidate


class Wait(Struct, frozen=True):
    builder: str


class Make(Struct, frozen=True):
    """Build it."""


class Refuse(Struct, frozen=True):
    reason: str
    command: str  # the next step


Choice = Use | Wait | Make | Refuse


def decide(situation: Situation, options: EnvironmentOptions) -> Choice:
    """In this order: a healthy candidate, waiting, building, and a candidate that has a problem."""
    for candidate in situation.candidates:
        if candidate.build is not None and candidate.problem is None:
            return Use(candidate.source, candidate)
    if situation.builder and options.wait_seconds > 0:
        return Wait(situation.builder)
    if situation.buildable and options.build and not (situation.builder or situation.place_problem):
        return Make()
    if options.degraded and (degraded := _degraded(situation)):
        return Use(EnvironmentSource.DEGRADED, degraded)
    return Refuse(_reason(situation), _command(situation))


def _degraded(situation: Situation) -> EnvironmentCandidate | None:
    """An external environment that runs, although it has a problem; never a damaged build of ours."""
    runs = (
        each for each in situation.candidates if each.build is not None and each.source is not EnvironmentSource.LIVE
    )
    return next(runs, None)


def _reason(situation: Situation) -> str:
    """Each candidate's problem. The live build's is given without a name: it is what the message is about."""
    reasons = [
        str(each.problem) if each.source is EnvironmentSource.LIVE else f"{each.source} {each.place}: {each.problem}"
        for each in situation.candidates
    ]
    building = f"{situation.builder} is building it" if situation.builder else None
    return "; ".join([*reasons, *filter(None, (situation.place_problem, building))])


def _command(situation: Situation) -> str:
    name = situation.environment
    if not situation.buildable:
        step = f"repair that environment, or name another one in the definition of '{name}'"
    elif situation.place_problem:
        step = f"move it away, and then\nbootstrap --env {name}"
    elif situation.builder:
        step = "try again when it is built, or give prepare-job the option --wait with a number of seconds"
    else:
        step = f"bootstrap --env {name}"
    return f"{step}\nor give prepare-job the option --allow-degraded" if _degraded(situation) else step
