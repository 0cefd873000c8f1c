"""A failure in words: what happened, what the stage said, what it means, where its log is, what to do next."""

import os
import signal
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from pipeline.errors import InputError, NotReady, PipelineError, StageError
from pipeline.executors.reports import StageException
from pipeline.files import tail
from pipeline.run.failures.classes import MEND, FailureClass
from pipeline.run.failures.classify import classify, exception
from pipeline.run.failures.evidence import EnvironmentRepair, Evidence, ServiceTrouble, Unrepairable, Verdict, Whole
from pipeline.run.failures.oom import rose
from pipeline.run.failures.stray_module import missing_module
from pipeline.text import printable

SHOWN_LINES = 10
OTHER_OPTIONS = "prepare the job with other options; those that it had are\n{again}"
SHELL_CODES = (126, 127)  # of a shell, for a program that it may not start, or doesn't find
SHOWN_WIDTH = 400  # characters; a stage may print megabytes without a line break
SYNTAX_ERRORS = ("SyntaxError", "IndentationError", "TabError")
SHOWN_DAMAGE = 5  # files; a package that is gone has hundreds


@dataclass(frozen=True)
class Failure:
    job: str
    stage: str
    label: str  # how messages name the stage
    environment: str
    file: str  # of the stage, as a person would name it
    evidence: Evidence
    log: Path

    @property
    def kind(self) -> FailureClass:
        return classify(self.evidence)

    def with_verdict(self, verdict: Verdict) -> "Failure":
        """The same failure, after its environment was checked."""
        return replace(self, evidence=replace(self.evidence, verdict=verdict))

    def with_service(self, trouble: ServiceTrouble) -> "Failure":
        """The same failure, as one of a service that the stage used."""
        return replace(self, evidence=replace(self.evidence, service=trouble))

    @property
    def is_mended(self) -> bool:
        """Whether its environment has been repaired since."""
        return isinstance(self.evidence.verdict, EnvironmentRepair)

    @property
    def reason(self) -> str:
        """In one line, for the journal."""
        if self.evidence.changed or self.evidence.service:
            return _how(self.evidence)
        return self.evidence.error or _how(self.evidence)


def last_lines(log: Path, start: int = 0, paths_here: Mapping[str, str] | None = None) -> tuple[str, ...]:
    """What an attempt printed last, fit for a terminal; ``start``: bytes of the log that earlier attempts wrote.
    ``paths_here``: what is shown in place of a node's paths."""
    lines = (with_paths(line, paths_here or {}) for line in tail(log, SHOWN_LINES, start))
    return tuple(_shortened(printable(line.expandtabs())) for line in lines)


def with_paths(text: str, paths_here: Mapping[str, str]) -> str:
    """A text with this machine's paths in place of a node's."""
    for there, here in paths_here.items():
        text = text.replace(there, here)
    return text


def _shortened(line: str) -> str:
    return line if len(line) <= SHOWN_WIDTH else f"{line[:SHOWN_WIDTH]}…"


def describe_exit(returncode: int) -> str:
    if returncode < 0:
        try:
            return f"it was killed by {signal.Signals(-returncode).name}"
        except ValueError:
            return f"it was killed by signal {-returncode}"
    return f"it ended with exit code {returncode}"


def error_of(failure: Failure) -> PipelineError:
    """The error that a failed run ends with."""
    return _class_of(failure.kind)(text(failure), next_step(failure))


def _class_of(kind: FailureClass) -> type[PipelineError]:
    match kind:
        case FailureClass.INPUT_UNUSABLE:
            return InputError
        case (
            FailureClass.ENVIRONMENT_DAMAGED
            | FailureClass.NOT_STARTED
            | FailureClass.SERVICE_FAILED
            | FailureClass.NO_NODE
        ):
            return NotReady
    return StageError


def text(failure: Failure) -> str:
    """The message less its next step."""
    evidence = failure.evidence
    headline = f"{failure.job}: stage {failure.label} in environment '{failure.environment}' failed"
    lines = [f"{headline}: {failure.reason}"]
    if evidence.service:
        lines += _of_service(evidence.service)
    if not evidence.error:
        lines += [f"  | {line}" for line in evidence.last_lines]
    lines += [f"  {line}" for line in _meaning(failure)]
    if evidence.returncode is not None:
        lines.append(f"  the whole log: {failure.log}")
    return "\n".join(lines)


def _of_service(trouble: ServiceTrouble) -> Iterator[str]:
    """What it said last, and where the rest is."""
    yield from (f"  {trouble.name} | {_shortened(printable(line))}" for line in trouble.log_lines[-SHOWN_LINES:])
    if trouble.log:
        yield f"  the service's whole log: {trouble.log}"


def next_step(failure: Failure) -> str:
    verdict, kind = failure.evidence.verdict, failure.kind
    if kind is FailureClass.STAGE_ERROR and failure.evidence.plan_drift:
        return f"{failure.evidence.plan_drift.again}   prepares it for the stage as it is now"
    if kind is FailureClass.INPUT_UNUSABLE and failure.evidence.usable_plan:
        return failure.evidence.usable_plan
    if kind is FailureClass.STAGE_ERROR and failure.evidence.stray_module:
        return "\n".join(failure.evidence.stray_module.steps)
    if kind is FailureClass.STAGE_ERROR and isinstance(verdict, Whole) and _lacking(failure.evidence):
        return "\n".join(filter(None, (*verdict.steps, verdict.again)))
    if kind is FailureClass.POSTCONDITION and failure.evidence.comes_along:
        return _filled(OTHER_OPTIONS, failure)
    return _filled(_of_stage_file(failure) if kind is FailureClass.STAGE_ERROR else kind.rule.next_step, failure)


def _of_stage_file(failure: Failure) -> str:
    """What comes next where another try would end in the same way: the stage's file can't even be read as Python, or
    its shell hasn't found a program, or may not start it."""
    raised = exception(failure.evidence)
    if raised is not None and raised.type in SYNTAX_ERRORS and Path(failure.file).name in raised.message:
        return MEND
    if failure.evidence.returncode in SHELL_CODES and failure.file.endswith(".yaml"):
        return "install the program that it starts, or mend {file}, and then\nrun-pipeline -j {job}"
    return failure.kind.rule.next_step


def _meaning(failure: Failure) -> Iterator[str]:
    evidence, kind = failure.evidence, failure.kind
    if kind is FailureClass.OUT_OF_MEMORY and rose(evidence.oom_before.group, evidence.oom_after.group):
        yield "the kernel killed a process of this container or session for memory while it ran"
    elif kind is FailureClass.OUT_OF_MEMORY and rose(evidence.oom_before.machine, evidence.oom_after.machine):
        yield "the kernel killed a process of this machine for memory while it ran"
    if kind.rule.means:
        yield _filled(kind.rule.means, failure)
    if evidence.plan_drift:
        lacks = " and ".join(evidence.plan_drift.lacks)
        yield f"{failure.file} has been changed since the job was prepared: then it had no {lacks}"
    if evidence.stray_module:
        yield evidence.stray_module.means
    match evidence.verdict:
        case Whole() as whole:
            yield f"environment '{failure.environment}' isn't damaged: every file is as it was installed"
            if module := _lacking(evidence):
                where = whole.requirements
                yield f"no package in it has the module '{module}'; if the stage needs it, add its package to {where}"
        case Unrepairable(reason, damage):
            yield from damage[:SHOWN_DAMAGE]
            if len(damage) > SHOWN_DAMAGE:
                yield f"and {len(damage) - SHOWN_DAMAGE} more"
            yield f"it couldn't be repaired: {reason}"


def _lacking(evidence: Evidence) -> str | None:
    """The module that wasn't found."""
    return missing_module(exception(evidence))


def _filled(template: str, failure: Failure) -> str:
    return template.format(
        job=failure.job,
        stage=failure.stage,
        environment=failure.environment,
        file=failure.file,
        folder=failure.log.parent.parent,
        again=failure.evidence.again,
    )


def _how(evidence: Evidence) -> str:
    """What happened, as seen from outside."""
    return next(_ways(evidence))


def _ways(evidence: Evidence) -> Iterator[str]:
    if evidence.changed:
        yield "; ".join(evidence.changed)
    if service := evidence.service:
        how = "was lost while it ran" if service.was_used else "couldn't be started"
        yield f"its service '{service.name}' {how} ({service.kind}): {service.text}"
    if evidence.timed_out is not None:
        yield f"it took longer than {evidence.timed_out:g} s"
    if trouble := evidence.trouble:
        yield f"on node '{trouble.node}': {trouble.words}" if trouble.node else trouble.words
    if evidence.lost is not None:
        yield f"the process that ran it is gone: {evidence.lost}"
    if evidence.start_error:
        yield f"it can't be started: {_of_system(evidence.start_error)}"
    if evidence.wrong_environment:
        yield "the interpreter that was started belongs to another environment"
    if evidence.missing:
        yield evidence.missing
    if evidence.unmet:
        yield f"it ended well, but {'; '.join(evidence.unmet)}"
    if evidence.raised and evidence.returncode in (None, 1):
        yield f"it raised {_one_line(evidence.raised)}"
    yield describe_exit(evidence.returncode or 0)


def _one_line(raised: StageException) -> str:
    said = printable(raised.message.strip().partition("\n")[0])
    return _shortened(f"{raised.type}: {said}" if said else raised.type)


def _of_system(error: OSError) -> str:
    where = f"{printable(os.fsdecode(error.filename))}: " if error.filename else ""
    return f"{where}{error.strerror or error}"
