"""A job, as a program or a notebook has it in its hands."""

import os
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, overload

from pipeline import project as projects
from pipeline.api import background
from pipeline.api.call_process import CallProcess
from pipeline.api.folder_notices import FolderNotices
from pipeline.api.outputs import JobOutputs
from pipeline.api.wire import RunCall
from pipeline.errors import UsageError
from pipeline.jobs.events import AnyEvent
from pipeline.jobs.job import JobFolder, PlannedJob
from pipeline.jobs.journal_reader import JournalReader
from pipeline.jobs.stage_names import chosen
from pipeline.jobs.store import JobStore
from pipeline.jobs.summary import summary
from pipeline.locks import is_held
from pipeline.project import ProjectFolder

if TYPE_CHECKING:
    from pipeline.api.notebook import LiveTable
    from pipeline.jobs.why import StageExplanation

FOREVER = 1e9  # seconds
SHOWN_EVERY = 1.0  # seconds between two looks of a live table where nothing happens


class Job:
    """A prepared job of a project. It holds nothing but the project's folder and the job's id.

    So it can be pickled, used in any thread, and made again by ``Project.job(ID)`` in another process. What it tells
    is read from the job's folder each time. Each method raises ``UsageError`` where the job, or its project, isn't
    there any more.
    """

    def __init__(self, project: ProjectFolder, id: str) -> None:
        """``Project.prepare`` and ``Project.job`` make them."""
        self._project = project
        self.id = id  # job-YYYYMMDD-USER-NNNN
        self._shown_in: int | None = None  # the cell of a notebook that has a live table of it

    @property
    def folder(self) -> Path:
        """``jobs/ID``, with the plan, the journal, logs and ``output/``."""
        return self._project.jobs / self.id

    @property
    def workflow(self) -> str:
        return self._planned().plan.workflow

    @property
    def input(self) -> Path:
        """The file that the job was prepared for."""
        return self._planned().input

    @property
    def state(self) -> str:
        """One of prepared, running, interrupted, cancelled, failed, partial, finished; killed where a run ended
        without a word, and prepared until a run that was started has begun its first stage."""
        return summary(self._planned()).state

    @property
    def is_running(self) -> bool:
        """Whether a process runs it just now, also one that isn't ours."""
        job = self._planned()
        return is_held(job.lock) or background.is_alive(job)

    @property
    def outputs(self) -> JobOutputs:
        """What it has made by now: ``job.outputs["srt"].path``."""
        job = self._planned()
        return JobOutputs(job, job.loaded)

    def run(self, *, max_parallel: int | None = None, timeout: float | None = None) -> "Job":
        """Run what isn't finished, and return when all is; what is finished is left alone.

        ``max_parallel``: stages at once; ``timeout``: seconds. The run has a process of its own, which ends when this
        one does, however that is; then the job goes on with the next call.

        Raises what ``run-pipeline`` would tell: ``StageError``, ``InputError``, ``NotReady``, ``ConfigurationError``,
        ``UsageError`` where another process runs it, or ``Interrupted``; the error's ``command`` is the next command.
        On ``KeyboardInterrupt`` the stages are ended, within their grace, before it is raised here.
        """
        from pipeline.api.notebook import cell, live_table

        job = self._planned()
        call = CallProcess(self._call(max_parallel, timeout))
        shown = live_table(job)
        self._shown_in = cell() if shown else None
        try:
            _wait_for_end(call, job, shown)
        except BaseException:
            call.stop(job.plan.grace_seconds)
            raise
        finally:
            call.close()
            if shown:
                shown.update(at_once=True)
        call.result()
        return self

    async def run_async(self, *, max_parallel: int | None = None, timeout: float | None = None) -> "Job":
        """As ``run``, without blocking the event loop. Where the task is cancelled, the run is ended, within the grace
        of its stages, and then ``CancelledError`` is raised here."""
        job = self._planned()
        call = CallProcess(self._call(max_parallel, timeout))
        try:
            await call.ended()
        except BaseException:
            await call.stopped(job.plan.grace_seconds)
            raise
        finally:
            call.close()
        call.result()
        return self

    def start(self, *, max_parallel: int | None = None, timeout: float | None = None) -> "Job":
        """Run it in a process of its own, which outlives this one, and return at once.

        ``Project.job(ID)`` finds it again; ``wait`` tells how it ends. Raises ``NotReady`` where a process runs it
        already, and ``UsageError`` within a stage, which leaves no process behind.
        """
        job = self._planned()
        if is_held(job.lock):
            raise background.running(job)
        background.start(job, self._call(max_parallel, timeout))
        return self

    def wait(self, timeout: float | None = None) -> "Job":
        """Until no process runs it, whoever has started that. ``timeout``: seconds.

        Raises ``TimeoutError``, which changes nothing for the job, and what ``run`` would raise: of a run that wasn't
        started by ``start``, a ``StageError`` with the reason that the journal has.
        """
        job = self._planned()
        end = time.monotonic() + (FOREVER if timeout is None else timeout)
        with FolderNotices(job.folder) as notices:
            while self.is_running:
                if time.monotonic() >= end:
                    raise TimeoutError(f"{self.id} is still running after {timeout:g} s")
                notices.wait(end - time.monotonic())
        background.raise_outcome(self._planned())
        return self

    def cancel(self) -> str:
        """Give it up: its stages are ended, and this returns when they are. Returns the state in words.

        Raises ``UsageError`` where it is finished or cancelled already.
        """
        from pipeline.jobs.cancel import SECONDS, cancel

        job = self._planned()
        with FolderNotices(job.folder) as notices:  # a process that was started only now takes the lock first
            end = time.monotonic() + SECONDS
            while background.is_alive(job) and not is_held(job.lock) and time.monotonic() < end:
                notices.wait(end - time.monotonic())
        return cancel(self._planned())

    def events(self, follow: bool = False) -> Iterator[AnyEvent]:
        """The lines of its journal, the oldest first. With ``follow``, as they come, until no process runs it.

        Each has ``at``, its time in UTC; ``StageFinished`` has ``stage``, ``seconds`` and ``outputs``. Raises
        ``UsageError`` where the job is removed meanwhile.
        """
        reader = JournalReader(self._planned().folder)
        with FolderNotices(self.folder) as notices:
            while True:
                goes_on = follow and self._goes_on()  # asked first: what is written until then is read below
                yield from reader.new()
                if not goes_on:
                    return
                notices.wait(FOREVER)

    async def events_async(self, follow: bool = False) -> AsyncIterator[AnyEvent]:
        """As ``events``, without blocking the event loop."""
        reader = JournalReader(self._planned().folder)
        with FolderNotices(self.folder) as notices:
            while True:
                goes_on = follow and self._goes_on()
                for event in reader.new():
                    yield event
                if not goes_on:
                    return
                await notices.wait_async(FOREVER)

    @overload
    def why(self, stage: str) -> "StageExplanation": ...
    @overload
    def why(self, stage: None = None) -> "dict[str, StageExplanation]": ...
    def why(self, stage: str | None = None) -> "StageExplanation | dict[str, StageExplanation]":
        """Why a stage ran or was reused, as ``pipeline job why`` tells; without ``stage``, by the names of all.

        ``changes`` of an explanation has what differs from the run before. Raises ``UsageError`` for an unknown stage.
        """
        from pipeline.jobs.why import explain

        job = self._planned()
        names = chosen(job, stage)
        found = {each.stage: each for each in explain(job, JobStore(self._project.jobs)) if each.stage in names}
        if stage is None:
            return found
        if len(found) != 1:
            raise UsageError(f"'{stage}' is a fan-out; name one of {', '.join(found)}", f"pipeline job show {self.id}")
        return next(iter(found.values()))

    def log(self, stage: str) -> str:
        """What a stage has written to its standard output and error; empty where it hasn't run.

        Raises ``UsageError`` for an unknown stage.
        """
        job = self._planned()
        try:
            return job.log(chosen(job, stage)[0]).read_bytes().decode("utf-8", "replace")
        except FileNotFoundError:
            return ""

    def __repr__(self) -> str:
        return f"Job({self.id!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Job) and self.folder == other.folder

    def __hash__(self) -> int:
        return hash(self.folder)

    def _repr_html_(self) -> str | None:
        """For notebooks: its stages, then what it has delivered. Not in a cell in which a live table shows that."""
        from pipeline.api.notebook import cell, table

        if self._shown_in is not None and self._shown_in == cell():
            return None
        return table(self._planned())

    def _planned(self) -> PlannedJob:
        projects.find(self._project.root, self._project.root)
        return JobStore(self._project.jobs).find(self.id)

    def _call(self, max_parallel: int | None, timeout: float | None) -> RunCall:
        if max_parallel is not None and max_parallel < 1:
            raise UsageError(f"max_parallel is {max_parallel}, and must be at least 1")
        if timeout is not None and not 0 < timeout < FOREVER:
            raise UsageError(f"timeout is {timeout}, and must be seconds, more than 0")
        return RunCall(os.fspath(self._project.root), self.id, max_parallel, timeout)

    def _goes_on(self) -> bool:
        job = JobFolder(self.folder)
        return is_held(job.lock) or background.is_alive(job)


def _wait_for_end(call: CallProcess, job: PlannedJob, shown: "LiveTable | None") -> None:
    """Wait for the end of a run, and keep a table of it up to date meanwhile."""
    if shown is None:
        call.ends_within(None)
        return
    with FolderNotices(job.folder) as notices:
        while not call.ends_within(0):
            notices.wait(SHOWN_EVERY, call.fileno())
            shown.update()
