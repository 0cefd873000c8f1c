"""Runs of a job in processes that die, and what must be true of the job once a run has come to its end."""

import os
import shutil
import signal
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path

import psutil

from pipeline.cache import removal
from pipeline.cache.store import ResultStore
from pipeline.cli import handler
from pipeline.cli.plain_reporter import PlainReporter
from pipeline.cli.runner import film_edits
from pipeline.jobs.events import StageFinished, StageStarted
from pipeline.jobs.job import PlannedJob
from pipeline.jobs.state import Status
from pipeline.project import ProjectFolder
from pipeline.run.durations import Durations
from pipeline.run.execution import Options, execute
from tests.conftest import Sandbox
from tests.crash.shapes import Shape
from tests.crash.steps import Steps
from tests.jobs.helpers import events_of
from tests.test_process import eventually

SECONDS = 120  # what a run may take at most; it takes half a second
KILLED = -int(signal.SIGKILL)
LONG_AGO = 7200  # seconds; older than what a living process leaves beside the results


def run_here(sandbox: Sandbox, *jobs: PlannedJob) -> None:
    """What run-pipeline does, in this process; raises the first job's error."""
    project = ProjectFolder(sandbox.root)
    folders, edits = [job.folder for job in jobs], partial(film_edits, project)
    outcomes = execute(project, folders, Options(), lambda loaded, _: PlainReporter(loaded), edits)
    for outcome in outcomes.values():
        if outcome.error:
            raise outcome.error


def in_child(act: Callable[[], None]) -> int:
    """Do something in a process of its own; returns a command's exit code, negative where a signal ended it."""
    pid = os.fork()
    if pid == 0:
        code = 70
        try:
            signal.alarm(SECONDS)
            act()
            code = 0
        except BaseException as error:
            known = handler.known(error)
            if known is None:
                traceback.print_exc()
            else:
                print(f"error: {known.message}", file=sys.stderr)
                code = known.exit_code
        finally:
            sys.stderr.flush()
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def run_with(steps: Steps, sandbox: Sandbox, *jobs: PlannedJob) -> int:
    """Run jobs in a child that takes these steps."""

    def act() -> None:
        steps.watch()
        run_here(sandbox, *jobs)

    return in_child(act)


def labels_of(sandbox: Sandbox, job: PlannedJob) -> list[str]:
    """The steps of an undisturbed run, in order."""
    steps, told = Steps(sandbox.root), sandbox.root / "labels"

    def act() -> None:
        steps.watch()
        run_here(sandbox, job)
        told.write_text("\n".join(steps.labels))

    assert in_child(act) == 0
    return told.read_text().splitlines()


def forget_results(sandbox: Sandbox) -> None:
    """Empty the store, so that the next job must run its stages itself."""
    shutil.rmtree(sandbox.root / "cache", ignore_errors=True)


def recorded(job: PlannedJob) -> dict[str, int]:
    """How often each stage had begun by the time its result was recorded: in the journal, or beside the outputs."""
    begun = Counter[str]()
    done: dict[str, int] = {}
    for event in job.journal().read():
        if isinstance(event, StageStarted):
            begun[event.stage] += 1
        if isinstance(event, StageFinished):
            done[event.stage] = begun[event.stage]
    left = {path.parts[-3] for path in job.folder.glob("stages/*/*/result.json")}
    return {**{stage: begun[stage] for stage in left}, **done}


def ran(job: PlannedJob, stage: str) -> int:
    """How often the stage's process got as far as saying so."""
    try:
        return job.log(stage).read_text().count("ran")
    except FileNotFoundError:
        return 0


def require_whole(sandbox: Sandbox, job: PlannedJob, shape: Shape, before: Mapping[str, int], where: str) -> None:
    """The job has come to its end as if nothing had happened. ``before``: what was recorded when the run died."""
    finished = events_of(job, StageFinished)
    assert job.state().status is Status.FINISHED, where
    assert delivered(job) == shape.expected, where
    assert Counter(event.stage for event in finished) == Counter(shape.names), where
    after = Counter(event.stage for event in events_of(job, StageStarted))
    assert {stage: after[stage] for stage in before} == before, where
    for event in finished:
        folders = [path.name for path in job.attempts(event.stage).iterdir() if (path / "result.json").exists()]
        assert folders == [str(event.attempt)], where
    assert litter(sandbox, job) == [], where
    assert [entry.key for entry in store(sandbox).entries() if store(sandbox).problem(entry.key)] == [], where


def delivered(job: PlannedJob) -> str:
    (file,) = (path for path in job.output.iterdir() if path.is_file())
    return file.read_text()


def store(sandbox: Sandbox) -> ResultStore:
    return ResultStore(ProjectFolder(sandbox.root).results)


def litter(sandbox: Sandbox, job: PlannedJob) -> list[str]:
    """What is neither a result nor a record. Beside the results, what another process may be at work in goes only
    when it is old."""
    files = [path for path in job.folder.rglob("*") if path.name.startswith(".") or path.name == "work"]
    files += [path for path in job.folder.glob("stages/*/*") if not (path / "result.json").exists()]
    cache = sandbox.root / "cache"
    grow_old(path for path in cache.rglob(".*") if path.name != removal.MEASURED)
    store(sandbox).sweep()
    later = Durations(ProjectFolder(sandbox.root), job)
    later.took(job.stages[0], 1.0)
    later.save()
    return [str(path) for path in [*files, *cache.rglob(".*")] if path.name != removal.MEASURED]


def grow_old(paths: Iterator[Path]) -> None:
    for path in list(paths):
        os.utime(path, (time.time() - LONG_AGO,) * 2, follow_symlinks=False)


def orphans() -> list[psutil.Process]:
    """Processes with this test's home that aren't this one: it is inherited by all that a run starts."""
    home = f"HOME={os.environ['HOME']}".encode()
    found = []
    for pid in psutil.pids():
        with suppress(OSError):
            if home in Path(f"/proc/{pid}/environ").read_bytes().split(b"\0") and pid != os.getpid():
                found.append(psutil.Process(pid))
    return [each for each in found if each.is_running() and each.status() != psutil.STATUS_ZOMBIE]


def require_alone() -> None:
    assert eventually(lambda: not orphans(), 30), orphans()


def every(labels: Sequence[str]) -> dict[str, int]:
    """The number of the first step with each label."""
    return {label: number for number, label in reversed(list(enumerate(labels, start=1)))}
