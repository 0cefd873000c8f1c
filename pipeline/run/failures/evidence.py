"""What is known about a stage that ended without a result: plain values, gathered where they arise."""

from dataclasses import dataclass, field
from pathlib import Path

from pipeline.executors import StageException, Trouble
from pipeline.run.failures.oom import OomKills


@dataclass(frozen=True)
class Whole:
    """Every file of the environment is as it was installed."""

    requirements: str  # what a person edits to add a package
    steps: tuple[str, ...]  # commands that lock and build after that
    again: str = ""  # prepares the job for what was built then: a job keeps the build that it was prepared for


@dataclass(frozen=True)
class EnvironmentRepair:
    """The environment's name stands for a whole build of the same key; resolving it again gives that one."""

    prefix: Path
    damage: tuple[str, ...]  # empty where somebody else had repaired it already


@dataclass(frozen=True)
class Unrepairable:
    reason: str
    damage: tuple[str, ...]


Verdict = Whole | EnvironmentRepair | Unrepairable


@dataclass(frozen=True)
class PlanDrift:
    """The stage's file asks for what the job's plan doesn't have, since it is another version than the plan's."""

    lacks: tuple[str, ...]  # such as ``input 'styled'``
    again: str  # the command that makes another plan


@dataclass(frozen=True)
class StrayModule:
    """A module that the stage didn't find, and that the project has in a place where it doesn't look."""

    means: str  # where it is, and what a stage finds
    steps: tuple[str, ...]  # what helps, in order


@dataclass(frozen=True)
class ServiceTrouble:
    """A service that wasn't there for a stage that uses it."""

    name: str  # in the plan
    kind: str  # the class of its failure
    text: str
    log_lines: tuple[str, ...]  # the last ones
    log: str
    was_used: bool  # it was ready when the stage began


@dataclass(frozen=True)
class Evidence:
    prefix: str  # of the environment that it ran in
    returncode: int | None = None  # None where no process ran to an end; negative where a signal ended it
    error: str | None = None  # the stage's own words, where it refused its work
    raised: StageException | None = None
    last_lines: tuple[str, ...] = ()  # of what this attempt printed
    start_error: OSError | None = None  # why no process could be started
    wrong_environment: bool = False  # the interpreter that answered has another prefix
    lost: str | None = None  # why the process that ran it is gone, through no fault of the stage
    timed_out: float | None = None  # the limit in seconds that it ran into
    killed_by_us: bool = False  # a signal that we sent, for whatever reason
    missing: str | None = None  # the text of ``OutputsMissing``
    unmet: tuple[str, ...] = ()  # post-conditions that don't hold, in words
    changed: tuple[str, ...] = ()  # inputs that aren't what they were when it began, in words
    trouble: Trouble | None = None  # of the node that ran it
    plan_drift: PlanDrift | None = None
    stray_module: StrayModule | None = None
    service: ServiceTrouble | None = None
    usable_plan: str | None = None  # the command that prepares the job so that the stage can use its input
    again: str = ""  # the command that prepares the same job once more
    comes_along: bool = False  # the stage is one of the set that the project extends, whose files nobody edits
    oom_before: OomKills = field(default_factory=OomKills)
    oom_after: OomKills = field(default_factory=OomKills)
    verdict: Verdict | None = None  # of a deep check of the environment, where there was one

    @property
    def symptom(self) -> tuple[object, ...]:
        """What another failure has in common with this one whose reason is the same fault of the environment."""
        return self.prefix, self.raised or (self.returncode, self.last_lines[-1:])
