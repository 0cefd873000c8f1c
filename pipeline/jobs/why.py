"""Why a stage ran or was reused: its key beside the one it had before, in this job or in the last one like it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from pipeline.errors import PipelineError
from pipeline.jobs import attempts, environment_sources, key_words, overview
from pipeline.jobs.events import AnyEvent, StageStarted
from pipeline.jobs.job import PlannedJob
from pipeline.jobs.state import JobState, StageStatus
from pipeline.jobs.store import JobStore
from pipeline.values import encode


@dataclass(frozen=True)
class KeyChange:
    part: str  # of the key, down to the parameter, input or model
    before: Any  # ``None`` where it wasn't there
    after: Any
    words: str = field(default="", compare=False)  # for a person


@dataclass(frozen=True)
class StageExplanation:
    stage: str
    what: str  # ran, taken, failed, skipped or waiting
    because: str
    compared_with: str = ""  # "attempt 1", or another job's id
    changes: tuple[KeyChange, ...] = ()
    node: str = ""  # of a cluster, that ran its last attempt
    kind: str | None = None  # the class of its failure


class ComparableJobs:
    """Jobs of the same workflow as this one, which are only read when somebody asks for them: there may be many."""

    def __init__(self, job: PlannedJob, store: JobStore) -> None:
        self._job = job
        self._store = store

    @cached_property
    def newest_first(self) -> list[PlannedJob]:
        """Those on the same file before all others."""
        job = self._job
        before = [other for other in self._others() if other.plan.created_at <= job.plan.created_at]
        before.sort(key=lambda other: (other.input == job.input, other.plan.created_at, other.id), reverse=True)
        return before

    def _others(self) -> Iterator[PlannedJob]:
        for id in self._store.ids():
            if id == self._job.id:
                continue
            try:
                other = self._store.find(id)
            except (PipelineError, OSError):
                continue
            if other.plan.workflow == self._job.plan.workflow:
                yield other


def explain(job: PlannedJob, store: JobStore, events: Sequence[AnyEvent] | None = None) -> list[StageExplanation]:
    """For each stage in the plan's order; the members of a fan-out stand for it.

    ``events``: the job's journal, where it was read already.
    """
    state, known_events = job.loaded, job.journal().read() if events is None else events
    causes = {event.stage: event.because for event in known_events if isinstance(event, StageStarted)}
    rows = overview.stages(job, state)
    programs = [*(service.stage for service in job.plan.services), *(stage for stage, _ in rows)]
    apart = environment_sources.unshared(programs, job.plan.environment_sources, job.plan.tools)
    names = [stage.name for stage, known in rows if known.members is None]
    earlier = ComparableJobs(job, store)
    explained = (_explained(job, state, name, causes.get(name, ""), earlier) for name in names)
    return [_kept_apart(_placed(each, state), apart.get(each.stage)) for each in explained]


def _placed(found: StageExplanation, state: JobState) -> StageExplanation:
    known = state.stage(found.stage)
    return replace(found, node=known.node, kind=known.kind)


def _kept_apart(found: StageExplanation, reason: str | None) -> StageExplanation:
    """With the reason why no other job gets its result, nor gave it one."""
    words = [found.because, f"it isn't shared with other jobs: {reason}"] if reason else [found.because]
    return replace(found, because="; ".join(filter(None, words)))


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[KeyChange]:
    """What differs between the parts of two keys, in the order of the parts."""
    for part in {**after, **before}:
        old, new = before.get(part), after.get(part)
        if isinstance(old, dict) and isinstance(new, dict) and old != new:
            yield from (
                KeyChange(f"{part}.{key}", old.get(key), new.get(key))
                for key in {**new, **old}
                if encode(old.get(key)) != encode(new.get(key))
            )
        elif encode(old) != encode(new):  # also where only an order has changed
            yield KeyChange(part, old, new)


def _explained(job: PlannedJob, state: JobState, name: str, cause: str, earlier: ComparableJobs) -> StageExplanation:
    known = state.stage(name)
    if known.status is not StageStatus.FINISHED or known.committed is None:
        return StageExplanation(name, known.status.value, known.reason or "")
    if known.committed.taken is not None:
        return StageExplanation(name, "taken", _origin(job, known.committed.taken))
    parts = attempts.key_input(job, name, known.attempt)
    if parts is None:
        return StageExplanation(name, "ran", "nobody knows why: the record of its result is gone")
    compared, other, before = _before(job, name, known.attempt, earlier)
    found = tuple(_in_words(job, other, name, changes(before, parts))) if before else ()
    return StageExplanation(name, "ran", _words(cause, compared, found), compared if found else "", found)


def _in_words(job: PlannedJob, other: PlannedJob, stage: str, found: Iterable[KeyChange]) -> Iterator[KeyChange]:
    new = key_words.side(job, stage)
    old = new if other is job else key_words.side(other, stage)
    for each in found:
        yield replace(each, words=key_words.words(each.part, each.before, each.after, old, new))


def _origin(job: PlannedJob, maker: str) -> str:
    if maker == job.id:
        return "this job had made the same result before, and it was still stored"
    return f"job {maker} has made the same result"


def _words(cause: str, compared: str, found: tuple[KeyChange, ...]) -> str:
    if cause:
        return cause
    if not compared:
        return "it hadn't run before"
    if found:
        return f"something has changed since {compared}"
    return f"nothing has changed since {compared}, but its result isn't stored any more"


def _before(
    job: PlannedJob, stage: str, attempt: int, earlier: ComparableJobs
) -> tuple[str, PlannedJob, Mapping[str, Any] | None]:
    """The key's parts of the result before this one, and whose they are, in words and as a job."""
    for number in range(attempt - 1, 0, -1):
        if parts := attempts.key_input(job, stage, number):
            return f"attempt {number}", job, parts
    for other in earlier.newest_first:
        committed = other.loaded.stage(stage).committed
        if committed and (parts := attempts.key_input(other, stage, committed.attempt)):
            return other.id, other, parts
    return "", job, None
