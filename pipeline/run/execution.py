"""From prepared jobs to a run: locks taken, environments looked up, the parts of a run put together."""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.envs.leases import Leases
from pipeline.executors import EXECUTORS, Executor, WorkerLimits, runtime_folder
from pipeline.host.run_limits import RunLimits
from pipeline.jobs.job import PlannedJob, load
from pipeline.jobs.secrets import Secrets
from pipeline.jobs.state import StageStatus
from pipeline.policy import Start
from pipeline.project import ProjectFolder
from pipeline.run import job_locks, runtime
from pipeline.run.run_bounds import Bounds
from pipeline.run.runtime import Runtime
from pipeline.run.selection import Selection
from pipeline.run.supervision import interrupts
from pipeline.run.supervision.guardian import Guardian
from pipeline.values import Struct, field, fields_of

if TYPE_CHECKING:
    from pipeline.cache.store import ResultStore
    from pipeline.host.resources import Ledger
    from pipeline.run.context import RunContext
    from pipeline.run.edit_merger import EditMerger
    from pipeline.run.later_jobs import JobSource, Joining
    from pipeline.run.observer import JobOutcome, Observer
    from pipeline.run.workplace import Elsewhere, Workplace


class Options(Struct, frozen=True):
    """What a person may ask of a run."""

    selection: Selection = field(default_factory=Selection)
    bounds: Bounds = field(default_factory=Bounds)
    limits: RunLimits = field(default_factory=RunLimits)
    start: Start | None = None  # the way to start the stages that allow it
    verify: bool = False  # read outputs before trusting them
    executor: str = ""  # where the stages run; empty: as ``cluster`` says, or on this machine
    cluster: str = ""  # a name, or the address of its scheduler


def execute(  # noqa: PLR0913, PLR0917  # all that a run gets from outside
    project: ProjectFolder,
    folders: Sequence[Path],
    options: Options,
    observer: "Callable[[Sequence[PlannedJob], Mapping[str, Runtime]], Observer]",
    edits: "Callable[[], EditMerger]",
    later: "JobSource | None" = None,
    elsewhere: "Elsewhere | None" = None,
) -> "Mapping[str, JobOutcome]":
    """Run the jobs in job_set folders at once; ``observer`` is made when it is known with what each will run,
    and ``edits`` when one of them has outputs that people have edited. Jobs prepared ``later`` join one by one.
    The stages run on this machine, or ``elsewhere``.

    Returns what became of each, by its id.

    Raises ``UsageError`` where another process runs one of them, and ``Interrupted``.
    """
    with interrupts.watched() as asked, ExitStack() as held:
        job_set = _entered(project, folders, held)
        executor = None if elsewhere else _local_executor(job_set, options.start, held)
        # Imported, and noted, while that interpreter starts, on another core.
        runtime.note_use(project, job_set.runtimes.values())
        from pipeline.cache.store import ResultStore
        from pipeline.run import machine_ledger
        from pipeline.run.context import RunContext
        from pipeline.run.job_run import JobRun
        from pipeline.run.loop import Run

        store = ResultStore(project.results)
        context = RunContext(
            project=project,
            store=store,
            observer=observer(job_set.jobs, job_set.runtimes),
            guardian=job_set.guardian,
            resolve=job_set.resolve,
            secrets=job_set.secrets,
            edits=edits,
            selection=options.selection,
            start=options.start,
            verify=options.verify,
        )
        runs = [JobRun(context, job, job_set.runtimes[job.id]) for job in job_set.jobs]
        ledger = machine_ledger.of(job_set.jobs, options.limits)
        place = _workplace(executor, ledger, elsewhere, context, held)
        joining = _joining(later, context, held) if later else None
        with closing(store.claims):
            outcomes = Run(runs, place, options.bounds, joining).run(asked)
    _trim(project, job_set.jobs, store)
    return outcomes


class _JobSet(Struct, frozen=True):
    """Jobs that nobody else runs now, and what they run with."""

    jobs: Sequence[PlannedJob]
    runtimes: Mapping[str, Runtime]
    resolve: Callable[[PlannedJob], Runtime]
    secrets: Secrets
    guardian: Guardian


def _entered(project: ProjectFolder, folders: Sequence[Path], held: ExitStack) -> _JobSet:
    job_locks.hold(held, folders)
    leases, guardian = held.enter_context(Leases()), held.enter_context(_guarded())
    jobs, secrets = [load(folder) for folder in folders], Secrets(os.environ)
    secrets.require(jobs)
    resolve = partial(runtime.resolve, project, token=guardian.token, leases=leases)
    return _JobSet(jobs, {job.id: resolve(job) for job in jobs}, resolve, secrets, guardian)


def _local_executor(job_set: _JobSet, asked: Start | None, held: ExitStack) -> Executor:
    """Its first interpreter starts while the rest of the run is put together."""
    first = job_set.jobs[0]
    limits = WorkerLimits(**fields_of(first.plan.workers))
    executor = held.enter_context(closing(EXECUTORS["local"](first.folder / "logs", limits)))
    _start_ahead(first, job_set.runtimes[first.id], executor, job_set.guardian, asked)
    return executor


def _workplace(
    executor: Executor | None,
    ledger: "Ledger",
    elsewhere: "Elsewhere | None",
    context: "RunContext",
    held: ExitStack,
) -> "Workplace":
    if executor:
        from pipeline.run.local_workplace import LocalWorkplace

        return LocalWorkplace(executor, ledger)
    assert elsewhere
    return held.enter_context(elsewhere(context, ledger))


@contextmanager
def _guarded() -> Iterator[Guardian]:
    """A guardian that ends what stages left behind when the run is over."""
    guardian = Guardian(os.urandom(16).hex(), runtime_folder.locate(os.environ))
    try:
        yield guardian
    finally:
        guardian.end()


def _joining(later: "JobSource", context: "RunContext", held: ExitStack) -> "Joining":
    from pipeline.run.later_jobs import LaterJobs
    from pipeline.run.run_entry import RunEntry

    return partial(LaterJobs, later, context.observer, RunEntry(context, held).admit)


def _start_ahead(job: PlannedJob, found: Runtime, executor: Executor, guardian: Guardian, asked: Start | None) -> None:
    left = (stage for stage in job.stages if job.loaded.stage(stage.name).status is not StageStatus.FINISHED)
    first = next(left, None)
    if first is None or found.problems or first.way(asked) != "cold":
        return
    executor.prepare(found.interpreters[first.environment])  # before an order comes, it does nothing
    guardian.start()


def _trim(project: ProjectFolder, jobs: Sequence[PlannedJob], store: "ResultStore") -> None:
    limit = min(job.plan.cache_limit for job in jobs)
    if store.needs_trim(limit):
        from pipeline.jobs.keys_in_use import held_keys

        store.trim(limit, held_keys(project.jobs))
