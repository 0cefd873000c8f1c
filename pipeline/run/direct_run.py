"""One stage run for its author, as a job would run it, but that nothing of it is recorded.

It gets a process of its own in its environment, confined where it asks for that, and what it leaves behind is ended.
"""

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pipeline.environments import own_variables
from pipeline.envs.build import Build
from pipeline.envs.definition import Definition
from pipeline.envs.inheritance import visible
from pipeline.envs.leases import Leases
from pipeline.envs.variables import stage_variables, which
from pipeline.executors import (
    EXECUTORS,
    Invocation,
    Message,
    ProcessExit,
    StageException,
    StageReport,
    WorkerLimits,
    runtime_folder,
)
from pipeline.jobs.attempts import Attempt
from pipeline.process import Interpreter
from pipeline.project import ProjectFolder
from pipeline.run.stage_call import StageCall, write_invocation
from pipeline.run.supervision import interrupts
from pipeline.run.supervision.guardian import Guardian
from pipeline.sdk.protocol import RUN_VARIABLE
from pipeline.values import replace as changed

STARTS = "interpreters.log"  # what an interpreter says that can't even start
LOOK_SECONDS = 0.1  # between two looks at what the stage has printed

Show = Callable[[bytes], None]  # what the stage has printed


@dataclass(frozen=True)
class DirectEnd:
    """How it ended."""

    returncode: int  # negative where a signal ended it
    seconds: float
    error: str | None = None  # in the stage's own words
    raised: StageException | None = None
    timed_out: bool = False
    interrupted: str | None = None  # the name of the signal that asked for the end
    warnings: tuple[str, ...] = ()
    about: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class DirectBounds:
    """What it is kept from."""

    seconds: float | None = None
    network: bool = True
    read_only: bool = False
    grace_seconds: float = 5.0


@dataclass(frozen=True)
class DirectEnvironment:
    definition: Definition
    build: Build
    tools: tuple[Path, ...]  # folders of programs that other environments provide to it


@dataclass(frozen=True)
class DirectRun:
    """A stage that is about to run."""

    project: ProjectFolder
    call: StageCall
    interpreter: Interpreter
    attempt: Attempt  # in an empty folder
    bounds: DirectBounds = DirectBounds()


def interpreter_of(
    project: ProjectFolder, call: StageCall, environment: DirectEnvironment, leases: Leases
) -> Interpreter:
    """What it takes to start the stage, with exactly the variables that it gets in a job."""
    definition, build = environment.definition, environment.build
    caller = visible(os.environ, (*call.spec.passed, *definition.passed))
    own = own_variables(project, definition.variables, build.prefix)
    lease = leases.on(build) if build.is_ours else None
    variables = stage_variables(build.prefix, caller, environment.tools, own, build.conda)
    return Interpreter(build.python, build.prefix, variables, build.key, lease)


def perform(direct: DirectRun, show: Show) -> DirectEnd:
    """Run it to its end. ``show`` gets what it prints."""
    direct.attempt.outputs.mkdir()
    write_invocation(direct.project, direct.call, direct.attempt)
    with _guarded() as token:
        return _wait(_invocation(direct, token), direct.bounds, show)


def broken_promises(
    project: ProjectFolder, call: StageCall, outputs: Mapping[str, Path], tools: Sequence[Path]
) -> list[str]:
    """What the stage's ``ensure`` says and its outputs aren't."""
    if not call.spec.ensure:
        return []
    from pipeline.config.ensure import parse_promises
    from pipeline.media.probe import PROBER, probe
    from pipeline.run.ensure import unmet_conditions

    def seconds(file: Path) -> float | None:
        found = [str(folder / PROBER) for folder in tools if (folder / PROBER).exists()]
        return probe(file, Path(which(PROBER, os.environ) or (found or [PROBER])[0])).duration_s

    owner = project.owner(call.spec.file)
    return unmet_conditions(parse_promises(call.spec.ensure), outputs, call.inputs, owner, seconds)


def _invocation(direct: DirectRun, token: str) -> Invocation:
    variables = {**direct.interpreter.variables, RUN_VARIABLE: token}
    return Invocation(
        id=direct.call.spec.name,
        interpreter=changed(direct.interpreter, variables=variables),
        stage_file=direct.call.stage_file(),
        source_digest="",
        file=direct.attempt.invocation,
        log=direct.attempt.folder / "log",
        modules=tuple(direct.call.modules(direct.project)),
        network=direct.bounds.network,
        writable=direct.attempt.folder if direct.bounds.read_only else None,
    )


def _wait(invocation: Invocation, bounds: DirectBounds, show: Show) -> DirectEnd:
    began, reports, folder = time.monotonic(), list[StageReport](), invocation.file.parent / "starts"
    until = began + bounds.seconds if bounds.seconds else None
    log, is_late, ended = LogReader(invocation.log, show), False, None
    with interrupts.watched() as signals, closing(EXECUTORS["local"](folder, WorkerLimits())) as executor:
        try:
            executor.submit(invocation)
            while ended is None:
                events = executor.wait(signals.fileno(), LOOK_SECONDS)
                log.show()
                reports += [each.report for each in events if isinstance(each, Message)]
                ended = next((each for each in events if isinstance(each, ProcessExit)), None)
                if not is_late and (signals.received or (until is not None and time.monotonic() > until)):
                    is_late = True
                    executor.cancel(invocation.id, bounds.grace_seconds)
                elif is_late and not events:
                    time.sleep(LOOK_SECONDS)  # the signal that was received still wakes every wait
        finally:
            executor.stop(0)
    LogReader(folder / STARTS, show).show()
    timed_out = is_late and not signals.received
    return _end(ended.returncode, time.monotonic() - began, reports, timed_out, signals.received)


def _end(
    returncode: int, seconds: float, reports: list[StageReport], timed_out: bool, interrupted: str | None
) -> DirectEnd:
    about: dict[str, Any] = {}
    for report in reports:
        about |= report.about
    return DirectEnd(
        returncode,
        round(seconds, 3),
        next((each.error for each in reversed(reports) if each.error), None),
        next((each.raised for each in reversed(reports) if each.raised), None),
        timed_out,
        interrupted,
        tuple(each.warning for each in reports if each.warning is not None),
        about,
    )


class LogReader:
    """Shows what is added to a file."""

    def __init__(self, path: Path, show: Show) -> None:
        self._path = path
        self._show = show
        self._position = 0

    def show(self) -> None:
        try:
            with self._path.open("rb") as file:
                file.seek(self._position)
                data = file.read()
        except FileNotFoundError:
            return
        self._position += len(data)
        if data:
            self._show(data)


@contextmanager
def _guarded() -> Iterator[str]:
    """The token of a run whose processes are ended when it is over."""
    guardian = Guardian(os.urandom(16).hex(), runtime_folder.locate(os.environ))
    guardian.start()
    try:
        yield guardian.token
    finally:
        guardian.end()
