"""From prepared jobs to a run: locks taken, environments looked up, the parts of a run put together."""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.envs.leases import Leases
from pipeline.errors import UsageError
from pipeline.executors import EXECUTORS, Executor, WorkerLimits, runtime_folder
from pipeline.host import machine
from pipeline.host.resources import Ledger, NoGpus, RunLimits
from pipeline.jobs.job import Job, JobFolder, load
from pipeline.jobs.secrets import Secrets
from pipeline.jobs.state import StageStatus
from pipeline.locks import Held, exclusive
from pipeline.policy import Start
from pipeline.project import Project
from pipeline.run import runtime
from pipeline.run.bounds import Bounds
from pipeline.run.chosen_stages import Selection
from pipeline.run.observer import JobOutcome, Observer
from pipeline.run.runtime import Runtime
from pipeline.run.supervision import interrupts
from pipeline.run.supervision.guardian import Guardian
from pipeline.values import Struct, field, fields_of

if TYPE_CHECKING:
    from pipeline.cache.store import ResultStore


class Options(Struct, frozen=True):
    """What a person may ask of a run."""

    selection: Selection = field(default_factory=Selection)
    bounds: Bounds = field(default_factory=Bounds)
    limits: RunLimits = field(default_factory=RunLimits)
    start: Start | None = None  # the way to start the stages that allow it
    verify: bool = False  # read outputs before trusting them


def execute(
    project: Project,
    folders: Sequence[Path],
    options: Options,
    observer: Callable[[Sequence[Job], Mapping[str, Runtime]], Observer],
) -> Mapping[str, JobOutcome]:
    """Run the jobs in these folders at once; ``observer`` is made when it is known with what each will run.

    Returns what became of each, by its id.

    Raises ``UsageError`` where another process runs one of them, and ``Interrupted``.
    """
    with interrupts.watched() as asked, _locked(folders), Leases() as leases, _guarded() as guardian:
        jobs, secrets = [load(folder) for folder in folders], Secrets(os.environ)
        secrets.require(jobs)
        resolve = partial(runtime.resolve, project, token=guardian.token, leases=leases)
        runtimes = {job.id: resolve(job) for job in jobs}
        executor = EXECUTORS["local"](jobs[0].folder / "logs", WorkerLimits(**fields_of(jobs[0].plan.workers)))
        _start_ahead(jobs[0], runtimes[jobs[0].id], executor, guardian, options.start)
        # Imported, and noted, while that interpreter starts, on another core.
        runtime.note_use(project, runtimes.values())
        from pipeline.cache.store import ResultStore
        from pipeline.run.context import RunContext
        from pipeline.run.job_run import JobRun
        from pipeline.run.loop import Run

        store = ResultStore(project.results)
        context = RunContext(
            project=project,
            store=store,
            observer=observer(jobs, runtimes),
            guardian=guardian,
            resolve=resolve,
            secrets=secrets,
            selection=options.selection,
            start=options.start,
            verify=options.verify,
        )
        runs = [JobRun(context, job, runtimes[job.id]) for job in jobs]
        with closing(store.claims):
            outcomes = Run(runs, executor, _ledger(jobs, options.limits), options.bounds).run(asked)
    _trim(project, jobs, store)
    return outcomes


@contextmanager
def _guarded() -> Iterator[Guardian]:
    """A guardian that ends what stages left behind when the run is over."""
    guardian = Guardian(os.urandom(16).hex(), runtime_folder.locate(os.environ))
    try:
        yield guardian
    finally:
        guardian.end()


@contextmanager
def _locked(folders: Sequence[Path]) -> Iterator[None]:
    """Hold the locks of all jobs, or of none: nobody waits for another run's end. They are taken in one order, so that
    of two runs that meet, one goes on."""
    with ExitStack() as held:
        for job in map(JobFolder, sorted(folders)):
            try:
                held.enter_context(exclusive(job.lock))
            except Held as other:
                raise UsageError(f"{job.id} is being run by {other.holder}", f"pipeline job show {job.id}") from other
            job.cancellation.unlink(missing_ok=True)  # of an earlier run
        yield


def _start_ahead(job: Job, found: Runtime, executor: Executor, guardian: Guardian, asked: Start | None) -> None:
    """The first stage's interpreter starts while the rest of the run is put together."""
    left = (stage for stage in job.stages if job.loaded.stage(stage.name).status is not StageStatus.FINISHED)
    first = next(left, None)
    if first is None or found.problems or first.way(asked) != "cold":
        return
    guardian.start()
    executor.prepare(found.interpreters[first.environment])


def _ledger(jobs: Sequence[Job], limits: RunLimits) -> Ledger:
    """What the machine has; its GPUs are asked for only where a stage wants one."""
    with_gpus = any(stage.resources.gpus for job in jobs for stage in job.stages)
    found = machine.detect(os.environ, with_gpus)
    if not with_gpus:
        return Ledger(found, limits, NoGpus())
    from pipeline.host.gpu_leases import LeaseFolder, shared_folder

    return Ledger(found, limits, LeaseFolder(shared_folder(os.environ)))


def _trim(project: Project, jobs: Sequence[Job], store: "ResultStore") -> None:
    limit = min(job.plan.cache_limit for job in jobs)
    if store.needs_trim(limit):
        from pipeline.jobs.keys_in_use import held_keys

        store.trim(limit, held_keys(project.jobs))
