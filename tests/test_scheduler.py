"""The loop on its own, with an executor that only pretends."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from pipeline.errors import InputUnusable, Interrupted, NotReady, StageFailed
from pipeline.executors import Event, Exited, Invocation, Message
from pipeline.failures import Failure
from pipeline.files import read_json
from pipeline.interrupts import Interrupts
from pipeline.jobs.job import Job
from pipeline.jobs.state import Status
from pipeline.process import Interpreter
from pipeline.project import Project
from pipeline.runtime import Runtime
from pipeline.scheduler import JobRun, Outcome
from tests.conftest import Sandbox
from tests.jobs.helpers import DIGEST, stage, stored

Act = Callable[[Invocation, Path], Sequence[Event]]  # gets the folder for outputs


def stage_of(invocation: Invocation) -> str:
    return invocation.id.split("/")[-2]


def succeed(invocation: Invocation, outputs: Path) -> Sequence[Event]:
    (outputs / "copy.txt").write_text(stage_of(invocation))
    return [Exited(invocation.id, 0)]


def fail(invocation: Invocation, outputs: Path) -> Sequence[Event]:
    return [Message(invocation.id, {"error": "not today"}), Exited(invocation.id, 1)]


@dataclass
class Pretender:
    """An executor that does in ``wait`` what was submitted."""

    acts: Mapping[str, Act] = field(default_factory=dict)
    submitted: list[str] = field(default_factory=list)
    stopped: list[float] = field(default_factory=list)
    closed: bool = False
    queue: list[Invocation] = field(default_factory=list)

    def prepare(self, interpreter: Interpreter) -> None:
        """Nothing is started ahead."""

    def submit(self, invocation: Invocation) -> None:
        self.submitted.append(stage_of(invocation))
        self.queue.append(invocation)

    def wait(self, wake: int, timeout: float | None = None) -> Sequence[Event]:
        invocation = self.queue.pop()
        outputs = Path(read_json(invocation.file)["output_folder"])
        return self.acts.get(stage_of(invocation), succeed)(invocation, outputs)

    def cancel(self, id: str, grace: float) -> None:
        """Nothing runs that could be."""

    def stop(self, grace: float) -> None:
        self.stopped.append(grace)

    def close(self) -> None:
        self.closed = True


class Listener:
    def __init__(self) -> None:
        self.heard: list[tuple[str, ...]] = []

    def stage_reused(self, stage: str, seconds: float) -> None:
        self.heard.append(("reused", stage))

    def stage_started(self, stage: str, environment: str, because: str) -> None:
        self.heard.append(("started", stage, because))

    def stage_said(self, stage: str, fields: Mapping[str, Any]) -> None:
        self.heard.append(("said", stage))

    def stage_finished(self, stage: str, seconds: float) -> None:
        self.heard.append(("finished", stage))

    def stage_failed(self, failure: Failure) -> None:
        self.heard.append(("failed", failure.stage))


@dataclass
class Bench:
    """A job of three stages, one after the other, and what its runs were."""

    project: Project
    job: Job
    interrupts: Interrupts
    listener: Listener = field(default_factory=Listener)
    executor: Pretender = field(default_factory=Pretender)

    def run(self, **acts: Act) -> Outcome:
        self.listener, self.executor = Listener(), Pretender(acts)
        interpreter = Interpreter(Path("/env/bin/python"), Path("/env"), {})
        runtime = Runtime({}, {"alpha": interpreter}, {}, {}, {})
        return JobRun(self.project, self.job, runtime, self.executor, self.listener).run(self.interrupts)

    def events(self) -> list[str]:
        return [event["event"] for event in self.job.journal().read()]


@pytest.fixture
def bench(sandbox: Sandbox) -> Iterator[Bench]:
    file = sandbox.write("input.txt", "some input\n")
    status = file.stat()
    described = {"path": str(file), "size": status.st_size, "mtime_ns": status.st_mtime_ns}
    stages = [
        stage("one"),
        stage("two", needs=["one"], inputs={"file": ["one.file"]}),
        stage("three", needs=["two"], inputs={"file": ["two.file", "job.input"]}),
    ]
    job = stored(
        sandbox.root / "jobs",
        input={**described, "digest": DIGEST, "duration_s": None},
        stages=stages,
        deliver=["three.file"],
        grace_seconds=7,
    )
    interrupts = Interrupts()
    yield Bench(Project(sandbox.root), job, interrupts)
    interrupts.close()


def test_stages_run_in_order_and_the_journal_tells(bench: Bench) -> None:
    outcome = bench.run()
    assert bench.executor.submitted == ["one", "two", "three"]
    assert bench.events() == ["job_prepared", "run_started", *["stage_started", "stage_finished"] * 3, "run_finished"]
    assert (outcome.unchanged, [path.name for path in outcome.delivered]) == (False, ["input.copy.txt"])


def test_an_invocation_holds_the_paths_of_its_inputs(bench: Bench) -> None:
    bench.run()
    invocation = read_json(bench.job.attempts("three") / "1/invocation.json")
    produced = str(bench.job.attempts("two") / "1/outputs/copy.txt")
    assert invocation["inputs"] == {"file": [produced, str(bench.job.input)]}


def test_a_finished_job_has_nothing_left_to_do(bench: Bench) -> None:
    bench.run()
    events = bench.events()
    assert bench.run().unchanged
    assert (bench.executor.submitted, bench.events()) == ([], events)


def test_a_failure_ends_the_run_and_the_next_goes_on_there(bench: Bench) -> None:
    with pytest.raises(StageFailed, match="not today"):
        bench.run(two=fail)
    assert bench.events()[-2:] == ["stage_failed", "run_failed"]
    bench.run()
    assert bench.executor.submitted == ["two", "three"]
    assert bench.listener.heard[0] == ("reused", "one")


def test_an_interrupt_stops_with_the_jobs_grace_and_is_recorded(bench: Bench) -> None:
    def interrupted(invocation: Invocation, outputs: Path) -> Sequence[Event]:
        bench.interrupts.received = "SIGTERM"
        return []

    with pytest.raises(Interrupted, match="by SIGTERM"):
        bench.run(two=interrupted)
    assert bench.executor.stopped[0] == 7
    assert bench.events()[-2:] == ["stage_failed", "run_interrupted"]
    assert bench.job.state().stage("two").reason == "stopped by SIGTERM"


def test_a_second_interrupt_in_the_middle_is_recorded_too(bench: Bench) -> None:
    def impatient(invocation: Invocation, outputs: Path) -> Sequence[Event]:
        bench.interrupts.received = "SIGINT"
        raise KeyboardInterrupt

    with pytest.raises(Interrupted):
        bench.run(two=impatient)
    assert bench.executor.stopped[0] == 0
    assert bench.job.state().status is Status.INTERRUPTED


def test_however_it_ends_the_executor_is_stopped_and_closed(bench: Bench) -> None:
    def broken(invocation: Invocation, outputs: Path) -> Sequence[Event]:
        raise RuntimeError("a bug")

    with pytest.raises(RuntimeError):
        bench.run(two=broken)
    assert bench.executor.stopped == [0]
    assert bench.executor.closed


def test_an_interpreter_that_is_gone_is_an_environment_that_is_not_ready(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(_: Pretender, invocation: Invocation) -> None:
        raise FileNotFoundError(2, "No such file", "/env/bin/python")

    monkeypatch.setattr(Pretender, "submit", gone)
    with pytest.raises(NotReady, match="can't be started: /env/bin/python: No such file") as caught:
        bench.run()
    assert caught.value.next_step == "bootstrap --env alpha --force"
    assert bench.events()[-2:] == ["stage_failed", "run_failed"]


def test_a_process_that_the_machine_refuses_is_told_and_recorded(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(_: Pretender, invocation: Invocation) -> None:
        raise BlockingIOError(11, "Resource temporarily unavailable")

    monkeypatch.setattr(Pretender, "submit", refused)
    with pytest.raises(NotReady, match="can't be started: Resource temporarily unavailable"):
        bench.run()
    assert bench.events()[-2:] == ["stage_failed", "run_failed"]


def test_a_fault_of_ours_leaves_its_end_in_the_journal(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: Pretender, wake: int) -> Sequence[Event]:
        raise TypeError("a bug")

    monkeypatch.setattr(Pretender, "wait", broken)
    with pytest.raises(TypeError):
        bench.run()
    assert bench.events()[-1] == "run_failed"


def test_an_input_that_vanished_before_a_later_stage_fails_the_run(bench: Bench) -> None:
    def take(invocation: Invocation, outputs: Path) -> Sequence[Event]:
        bench.job.input.unlink()
        return succeed(invocation, outputs)

    with pytest.raises(InputUnusable):
        bench.run(two=take)
    assert bench.job.state().status is Status.FAILED


def test_a_warning_is_kept_with_the_result(bench: Bench) -> None:
    def warn(invocation: Invocation, outputs: Path) -> Sequence[Event]:
        return [Message(invocation.id, {"warning": "quiet"}), *succeed(invocation, outputs)]

    bench.run(one=warn)
    assert bench.job.state().stage("one").warnings == ("quiet",)


def test_what_changed_is_why_a_stage_runs_again(bench: Bench) -> None:
    bench.run()
    source = bench.project.stage_file("copy")
    source.write_text(source.read_text() + "\n# a word more\n")
    bench.run()
    assert bench.listener.heard[0] == ("started", "one", "again, since its source changed")


def test_an_output_that_somebody_changed_is_made_again(bench: Bench) -> None:
    bench.run()
    (bench.job.attempts("two") / "1/outputs/copy.txt").write_text("changed")
    bench.run()
    assert bench.executor.submitted == ["two"]  # it came out as before, so the stage after it stands


def test_a_run_without_results_still_delivers_what_a_killed_one_did_not(bench: Bench) -> None:
    bench.run()
    journal = bench.job.folder / "journal.jsonl"
    journal.write_bytes(b"".join(journal.read_bytes().splitlines(keepends=True)[:-1]))
    (bench.job.output / "input.copy.txt").unlink()
    assert not bench.run().unchanged
    assert bench.events()[-1] == "run_finished"
    assert (bench.job.output / "input.copy.txt").exists()
