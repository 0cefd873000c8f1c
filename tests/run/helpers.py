"""A run with an executor that only pretends, on a clock that goes from one event to the next."""

import itertools
import json
import select
import signal
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from pipeline.cache.store import ResultStore
from pipeline.digests import sha256_of_bytes, sha256_of_file
from pipeline.executors import Event, Invocation, Message, ProcessExit, StageReport
from pipeline.files import read_json
from pipeline.films.run_edits import FilmEdits
from pipeline.host.machine import Machine
from pipeline.host.resources import Ledger
from pipeline.host.run_limits import RunLimits
from pipeline.jobs.job import PlannedJob, load
from pipeline.jobs.plan import PlannedStage
from pipeline.jobs.secrets import Secrets
from pipeline.process import Interpreter
from pipeline.project import ProjectFolder
from pipeline.run.context import RunContext
from pipeline.run.job_run import JobRun
from pipeline.run.later_jobs import JobSource, LaterJobs
from pipeline.run.local_workplace import LocalWorkplace
from pipeline.run.loop import Run
from pipeline.run.observer import JobOutcome, StageStart
from pipeline.run.run_bounds import Bounds
from pipeline.run.run_entry import RunEntry
from pipeline.run.runtime import Runtime
from pipeline.run.selection import Selection
from pipeline.run.supervision.guardian import Guardian
from pipeline.run.supervision.interrupts import Interrupts
from pipeline.values import plain
from tests.jobs.helpers import a_stage, stored


class Clock:
    """In place of the module ``time``."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now


@dataclass(frozen=True)
class Act:
    """What becomes of one attempt."""

    seconds: float = 1.0
    returncode: int = 0
    lost: str | None = None
    says: tuple[StageReport, ...] = ()
    writes: Mapping[str, str] = field(default_factory=dict)  # output to content; the others get one from their inputs
    leaves_out: tuple[str, ...] = ()  # outputs
    refused: OSError | None = None  # it can't even be started
    stubborn: bool = False  # ends only when it is killed
    first: Callable[[], object] | None = None  # called as it starts

    def then(self, **changes: Any) -> "Act":
        return replace(self, **changes)


DONE = Act()
FAILS = Act(returncode=1, says=(StageReport(error="not today"),))
LOST = Act(returncode=-9, lost="it was killed")
HANGS = Act(seconds=1e9)


def listing(*items: Any) -> Act:
    """A stage that writes a list."""
    return Act(writes={"list": json.dumps(items)})


@dataclass
class _Running:
    invocation: Invocation
    act: Act
    ends: float
    returncode: int
    said: bool = False


class Pretender:
    """Each stage acts as it is told, attempt by attempt; the last act is repeated. Time passes in ``wait`` alone."""

    def __init__(self, clock: Clock, acts: Mapping[str, Sequence[Act]]) -> None:
        self.started: list[str] = []  # by stage, with the job before it where there are several
        self.spans: list[tuple[str, float, float]] = []  # id, start and end
        self.prepared: list[Interpreter] = []
        self.cancelled: list[tuple[str, float]] = []
        self.stopped: list[float] = []
        self.closed = False
        self.most = 0  # at once
        self.on_start: Callable[[Invocation], object] = lambda _: None
        self._clock = clock
        self._left = {name: list(given) for name, given in acts.items()}
        self._running: dict[str, _Running] = {}

    @property
    def running(self) -> list[Invocation]:
        return [each.invocation for each in self._running.values()]

    def stages(self) -> list[str]:
        return [id.split("/")[1] for id in self.started]

    def prepare(self, interpreter: Interpreter) -> None:
        self.prepared.append(interpreter)

    def submit(self, invocation: Invocation) -> None:
        act = self._next_act(invocation.id.split("/")[1])
        if act.refused:
            raise act.refused
        assert invocation.id not in {id for id, _, _ in self.spans}
        self.started.append(invocation.id)
        ends = self._clock.now + act.seconds
        self._running[invocation.id] = _Running(invocation, act, ends, act.returncode)
        self.spans.append((invocation.id, self._clock.now, ends))
        self.most = max(self.most, len(self._running))
        self.on_start(invocation)
        if act.first:
            act.first()

    def wait(self, wake: int, timeout: float | None = None) -> Sequence[Event]:
        """What happens next, or nothing where that is after ``timeout``."""
        if said := list(self._said()):
            return said
        waits_for_others = not self._running and timeout is None
        if select.select([wake], [], [], 30 if waits_for_others else 0)[0]:
            return []
        first = min(self._running.values(), key=lambda each: each.ends, default=None)
        if first is None or (timeout is not None and self._clock.now + timeout < first.ends):
            assert timeout is not None, "the run waits for nothing"
            self._clock.now += max(timeout, 1e-6)  # a sum of floats may fall short of what is due
            return []
        self._clock.now = max(self._clock.now, first.ends)
        del self._running[first.invocation.id]
        if first.returncode == 0:
            write_outputs(first.invocation, first.act)
        return [ProcessExit(first.invocation.id, first.returncode, first.act.lost)]

    def cancel(self, id: str, grace: float) -> None:
        self.cancelled.append((id, grace))
        if running := self._running.get(id):
            running.returncode = -9 if running.act.stubborn else -15
            running.ends = min(running.ends, self._clock.now + (grace if running.act.stubborn else 0))

    def stop(self, grace: float) -> None:
        self.stopped.append(grace)
        self._running.clear()

    def close(self) -> None:
        self.closed = True

    def _said(self) -> Iterator[Message]:
        for each in self._running.values():
            if not each.said:
                each.said = True
                yield from (Message(each.invocation.id, report) for report in each.act.says)

    def _next_act(self, stage: str) -> Act:
        acts = self._left.get(stage) or self._left.get(stage.rpartition("_")[0]) or [DONE]
        return acts.pop(0) if len(acts) > 1 else acts[0]


def write_outputs(invocation: Invocation, act: Act) -> None:
    """Content that depends on the stage's parameters and inputs alone, as that of a real stage."""
    asked = read_json(invocation.file)
    paths = [Path(path) for paths in asked["inputs"].values() for path in paths]
    read = [(path / "only.txt" if path.is_dir() else path).read_bytes() for path in paths]
    content = sha256_of_bytes(repr((asked["arguments"]["parameters"], read)).encode())
    for name, file in asked["arguments"]["outputs"].items():
        if name not in act.leaves_out:
            path = Path(asked["output_folder"], file)
            if file.endswith("/"):
                path.mkdir()
                path /= "only.txt"
            path.write_text(act.writes.get(name, content))


class Listener:
    def __init__(self) -> None:
        self.heard: list[tuple[Any, ...]] = []
        self.ended: dict[str, JobOutcome] = {}

    def stage_reused(self, job: PlannedJob, stage: str, seconds: float, origin: str) -> None:
        self.heard.append(("reused", stage, origin))

    def stage_waits(self, job: PlannedJob, stage: str, because: str) -> None:
        self.heard.append(("waits", stage, because))

    def stage_started(self, job: PlannedJob, stage: str, start: StageStart) -> None:
        self.heard.append(("started", stage, start.because))

    def stage_reported(self, job: PlannedJob, stage: str, report: StageReport) -> None:
        self.heard.append(("said", stage, report))

    def stage_finished(self, job: PlannedJob, stage: str, seconds: float) -> None:
        self.heard.append(("finished", stage))

    def stage_failed(self, job: PlannedJob, stage: str, reason: str, again: float | None) -> None:
        self.heard.append(("failed", stage, again))

    def stage_skipped(self, job: PlannedJob, stage: str, because: str) -> None:
        self.heard.append(("skipped", stage, because))

    def progress(self, text: str) -> None:
        self.heard.append(("progress", text))

    def inputs_left(self, count: int) -> None:
        self.heard.append(("left", count))

    def job_joined(self, job: PlannedJob, runtime: Runtime | None) -> None:
        self.heard.append(("joined", job.id))

    def job_ended(self, job: PlannedJob, outcome: JobOutcome) -> None:
        assert job.id not in self.ended, "a job ends once"
        self.ended[job.id] = outcome

    def of(self, kind: str) -> list[tuple[Any, ...]]:
        return [told[1:] for told in self.heard if told[0] == kind]


class NoGuardian(Guardian):
    """Where nothing is started, nothing must be guarded."""

    def start(self) -> None:
        """No process."""


class NoGpus:
    def lease(self, *_: Any) -> None:
        raise AssertionError("no test here asks for a GPU")


def tiles(name: str, *needs: str, **fields: Any) -> PlannedStage:
    """A stage whose output is a directory."""
    return link(name, *needs, **{"outputs": {"file": "tiles/"}, **fields})


def freed_by(is_free: threading.Event, stage: str) -> Callable[["Pretender"], None]:
    """A disk that takes long is free as soon as this stage starts."""

    def during(executor: "Pretender") -> None:
        executor.on_start = lambda invocation: is_free.set() if f"/{stage}/" in invocation.id else None

    return during


@dataclass
class Bench:
    """A project, and runs of jobs in it. Each has a new executor, listener and interrupts, which can be looked at."""

    project: ProjectFolder
    clock: Clock
    machine: Machine = field(default_factory=lambda: Machine(4, 8 << 30))
    executor: Pretender = field(init=False)
    listener: Listener = field(init=False)
    interrupts: Interrupts = field(init=False)

    def job(self, *stages: PlannedStage, deliver: Sequence[str] = (), **changes: Any) -> PlannedJob:
        """A prepared job on the project's ``input.txt``."""
        file = self.project.root / "input.txt"
        if not file.exists():
            file.write_text("some input\n")
        status = file.stat()
        described = {"path": str(file), "size": status.st_size, "mtime_ns": status.st_mtime_ns, "duration_s": None}
        described["digest"] = sha256_of_file(file)
        return stored(
            self.project.jobs,
            stages=stages,
            deliver=deliver,
            **{
                "input": {**described, "digest": sha256_of_file(file), "duration_s": None},
                "grace_seconds": 7,
                **changes,
            },
        )

    def run(
        self,
        *jobs: PlannedJob,
        selection: Selection | None = None,
        bounds: Bounds | None = None,
        limits: RunLimits | None = None,
        verify: bool = False,
        during: Callable[[Pretender], object] = lambda _: None,
        later: JobSource | None = None,
        **acts: Act | Sequence[Act],
    ) -> Mapping[str, JobOutcome]:
        """Run jobs at once; ``acts`` by stage, where a fan-out's name stands for all its members."""
        self.clock.now = 0.0
        given = {name: [each] if isinstance(each, Act) else each for name, each in acts.items()}
        self.executor, self.listener, self.interrupts = Pretender(self.clock, given), Listener(), Interrupts()
        during(self.executor)
        context = RunContext(
            project=self.project,
            store=ResultStore(self.project.results),
            observer=self.listener,
            guardian=NoGuardian("token"),
            resolve=_runtime,
            secrets=Secrets({}),
            edits=lambda: FilmEdits(self.project),
            selection=selection or Selection(),
            verify=verify,
        )
        runs = [JobRun(context, load(job.folder), _runtime(job)) for job in jobs]
        place = LocalWorkplace(self.executor, Ledger(self.machine, limits or RunLimits(), NoGpus()))
        try:
            with ExitStack() as locks:
                admit = RunEntry(context, locks).admit
                joining = partial(LaterJobs, later, self.listener, admit) if later else None
                return Run(runs, place, bounds or Bounds(), joining).run(self.interrupts)
        finally:
            self.interrupts.close()

    def run_one(self, job: PlannedJob, **asked: Any) -> JobOutcome:
        """Run a job by itself; an error that it ends with is in its outcome."""
        return self.run(job, **asked)[job.id]

    def interrupted(self, by: int = signal.SIGTERM) -> Act:
        """An attempt during which the run is asked to end."""
        return HANGS.then(first=lambda: self.interrupts.note(by, None))

    def cancelling(self, job: PlannedJob) -> Act:
        """An attempt during which somebody gives a job up, as ``pipeline job cancel`` does."""

        def cancel() -> None:
            job.cancellation.touch()
            self.interrupts.look(signal.SIGUSR1, None)

        return HANGS.then(first=cancel)


def _runtime(job: PlannedJob) -> Runtime:
    interpreter = Interpreter(Path("/env/bin/python"), Path("/env"), {})
    return Runtime({}, {"alpha": interpreter}, {name: Path("/models", name) for name in job.plan.models}, {}, {})


def events(job: PlannedJob, *fields: str) -> list[Any]:
    """The journal: names of events, or with ``fields`` these of each line that has them all."""
    lines = plain(job.journal().read())
    if not fields:
        return [line["event"] for line in lines]
    return [tuple(line[each] for each in fields) for line in lines if all(each in line for each in fields)]


def statuses(job: PlannedJob) -> dict[str, str]:
    return {name: state.status.value for name, state in job.state().stages.items()}


def chain(*names: str, **fields: Any) -> list[PlannedStage]:
    """Stages that need one another in this order."""
    first = link(names[0], **fields)
    return [first, *(link(name, before, **fields) for before, name in itertools.pairwise(names))]


def link(name: str, *needs: str, **fields: Any) -> PlannedStage:
    """A stage that reads what ``needs`` have written; without any, the job's input."""
    usual = {"inputs": {"file": [f"{need}.file" for need in needs] or ["job.input"]}, "parameters": {"of": name}}
    return a_stage(name, **{"needs": needs, **usual, "outputs": {"file": "file.txt"}, **fields})


def lister(name: str = "split", *needs: str, **fields: Any) -> PlannedStage:
    """A stage that writes a list."""
    return link(name, *needs, **{"outputs": {"list": "list.json"}, **fields})


def fan_out(name: str, over: str = "split", *needs: str, **fields: Any) -> PlannedStage:
    """One member for each item of a list, with the item as a parameter."""
    usual = {"inputs": {"file": ["job.input"]}, "parameters": {"item": "$each"}, "for_each": f"{over}.list"}
    return link(name, over, *needs, **{**usual, **fields})


def paired(name: str, other: str, over: str = "split", **fields: Any) -> PlannedStage:
    """A fan-out whose members go with those of another one."""
    return fan_out(name, over, **{"inputs": {"file": [f"{other}[$each].file"]}, **fields})
