"""Does the work of the Python interface, in a process of its own.

So a program's umask, its signals, its threads and its open files stay as they are, and a run is the same whoever asks
for it. The call is the first word, or, where that is ``-``, the standard input; replies are lines of JSON on what the
standard output was.
"""

import contextlib
import gc
import os
import signal
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.api.wire import Call, CallDone, CallFailed, CallProgress, PrepareCall, Reply, RunCall, WorkflowCall
from pipeline.errors import PipelineError, UsageError, did_you_mean
from pipeline.location import locate
from pipeline.permissions import keep_private
from pipeline.values import decode, encode

if TYPE_CHECKING:
    from pipeline.config.catalog import Catalog
    from pipeline.executors import StageReport
    from pipeline.jobs.job import PlannedJob
    from pipeline.prepare.readiness import MissingParts
    from pipeline.progress import Progress
    from pipeline.project import ProjectFolder
    from pipeline.run.observer import JobOutcome, StageStart
    from pipeline.run.runtime import Runtime
    from pipeline.setup.tasks import SetupTask

Answer = Callable[[Reply], None]


def main(words: Sequence[str]) -> None:
    gc.disable()  # as for run-pipeline: most calls are over before it finds anything
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job ignores it
    replies = os.dup(1)
    os.dup2(2, 1)  # what libraries print is no reply

    def answer(reply: Reply) -> None:
        data = encode(reply) + b"\n"
        with contextlib.suppress(OSError):  # who asked may have gone
            while data:
                data = data[os.write(replies, data) :]

    text = sys.stdin.buffer.read() if words[0] == "-" else os.fsencode(words[0])
    # To take the interpreter down in order takes longer than a small job's whole work.
    os._exit(_exit_code(decode(text, Call), answer))  # type: ignore[arg-type]  # msgspec takes a union for a type


def _exit_code(call: Call, answer: Answer) -> int:
    try:
        answer(CallDone(_prepared(call, answer) if isinstance(call, PrepareCall) else _run(call)))
    except (Exception, KeyboardInterrupt) as error:
        from pipeline.cli import handler

        told = handler.known(error) or handler.bug(error)
        kind = type(told)
        answer(
            CallFailed(
                kind.__module__, kind.__name__, told.message, told.next_step, told.exit_code, _events_by_now(call)
            )
        )
        return told.exit_code
    return 0


def _project(call: Call) -> "ProjectFolder":
    here = locate(Path(call.root))
    if not here.shared:
        keep_private(here.personal_folders)
    return here


def _prepared(call: PrepareCall, answer: Answer) -> str:
    from pipeline.config.catalog import Catalog
    from pipeline.envs.choice.decision import EnvironmentOptions
    from pipeline.prepare.earlier_jobs import continued
    from pipeline.prepare.environment_finder import WAIT_SECONDS
    from pipeline.prepare.preparation import JobRequest
    from pipeline.prepare.prepare import prepare
    from pipeline.setup.missing_parts import with_parts

    catalog = Catalog(_project(call), saves=False)
    if call.composed:
        catalog = _composed(catalog, call.workflow, call.composed)
    _require_models(catalog, call)
    allowed = EnvironmentOptions(WAIT_SECONDS)
    request = JobRequest(Path(call.input), call.workflow, call.parameters, allowed, call.beside, call.overwrite)
    if not call.composed:
        request = continued(catalog, request, is_to_run=False)

    def tell(text: str) -> None:
        answer(CallProgress(text))

    return with_parts(catalog, lambda: prepare(catalog, request, tell).id, _ProgramsPermission(call, tell))


class _ProgramsPermission:
    """A program's, which has said beforehand whether anything may be built."""

    def __init__(self, call: PrepareCall, tell: "Progress") -> None:
        self._call = call
        self._tell = tell

    def covers(self, _: "MissingParts") -> bool:
        return self._call.build

    def step(self, missing: "MissingParts") -> str:
        command = missing.next_step or "bootstrap"
        return command if self._call.is_of_page else f"give prepare() the argument build=True, or\n{command}"

    def perform(self, tasks: "Sequence[SetupTask]") -> None:
        from pipeline.setup.tasks import carry_out, raise_together

        raise_together(carry_out(tasks, self))

    def doing(self, task: str, step: str) -> None:
        self._tell(f"{task}: {step}")

    def done(self, task: str, result: str) -> None:
        self._tell(f"{task}: {result}")


def _composed(catalog: "Catalog", name: str, composed: WorkflowCall) -> "Catalog":
    """With a workflow that a program has put together. Raises ``UsageError`` where the project has one of its names."""
    from pipeline.config import stages, workflows
    from pipeline.config.source import ConfigurationSource, check

    if name in catalog.workflow_names:
        raise UsageError(f"the project has a workflow '{name}'", "give this one another name")
    known = stages.names(catalog.project)
    specs = []
    for each in composed.functions:
        if each.name in known:
            raise UsageError(f"{each.place}: the project has a stage '{each.name}'", "rename the function")
        shown_as = f"{each.place} ({each.name})"
        declared = ConfigurationSource(catalog.project.root, shown_as, each.declared, {})
        specs.append(stages.of_function(declared, catalog.project, each.name, each.source))
    source = ConfigurationSource(catalog.project.root, f"workflow '{name}'", composed.document, {})
    check(source, "workflow")
    return catalog.with_functions(workflows.of_source(source, name), specs)


def _require_models(catalog: "Catalog", call: PrepareCall) -> None:
    known = catalog.workflow(call.workflow).parameters if call.models else {}
    for name in call.models:
        if name not in known or known[name].type != "model":
            models = [each for each, spec in known.items() if spec.type == "model"]
            raise UsageError(
                f"workflow '{call.workflow}' has no model '{name}'{did_you_mean(name, models)}",
                f"pipeline workflow show {call.workflow}",
            )


def _run(call: RunCall) -> str:
    from pipeline.cli.runner import film_edits
    from pipeline.jobs.store import JobStore
    from pipeline.run.execution import Options, execute
    from pipeline.run.run_bounds import Bounds

    here = _project(call)
    folder = JobStore(here.jobs).folder(call.job)
    gc.freeze()
    gc.enable()
    options = Options(bounds=Bounds(call.max_parallel, timeout_seconds=call.timeout))
    outcomes = execute(here, [folder], options, _Silence, partial(film_edits, here))
    if error := outcomes[folder.name].error:
        raise error
    return folder.name


def _events_by_now(call: Call) -> int:
    """How many events the job's journal has."""
    if isinstance(call, RunCall):
        from pipeline.jobs.journal import Journal

        with contextlib.suppress(PipelineError, OSError):
            return len(Journal(locate(Path(call.root)).jobs / call.job).read())
    return 0


class _Silence:
    """An observer that tells nobody: who asked for the run reads its journal."""

    def __init__(self, *_: Any) -> None:
        pass

    def stage_reused(self, job: "PlannedJob", stage: str, seconds: float, origin: str) -> None: ...
    def stage_waits(self, job: "PlannedJob", stage: str, because: str) -> None: ...
    def stage_started(self, job: "PlannedJob", stage: str, start: "StageStart") -> None: ...
    def stage_reported(self, job: "PlannedJob", stage: str, report: "StageReport") -> None: ...
    def stage_finished(self, job: "PlannedJob", stage: str, seconds: float) -> None: ...
    def stage_failed(self, job: "PlannedJob", stage: str, reason: str, again: float | None) -> None: ...
    def stage_skipped(self, job: "PlannedJob", stage: str, because: str) -> None: ...
    def progress(self, text: str) -> None: ...
    def inputs_left(self, count: int) -> None: ...
    def job_joined(self, job: "PlannedJob", runtime: "Runtime | None") -> None: ...
    def job_ended(self, job: "PlannedJob", outcome: "JobOutcome") -> None: ...
