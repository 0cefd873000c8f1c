"""A prepared job: its plan as it was frozen, and where the job's other files are."""

import contextlib
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from pipeline.digests import sha256_of_bytes
from pipeline.errors import InputError, UsageError
from pipeline.jobs.input_state import is_unchanged
from pipeline.jobs.journal import NAME, Journal, JournalDamaged
from pipeline.jobs.plan import Plan, PlannedStage
from pipeline.jobs.plan_bounds import out_of_bounds
from pipeline.jobs.state import JobState, fold
from pipeline.text import printable
from pipeline.values import ValidationError, decode, parsed

DOCUMENT = "job.json"
NEXT_DOCUMENT = "job.next.json"  # a new plan, until it has taken the place of the one before
MANY = 10_000  # stages whose equal parts are worth sharing in memory


class JobFolder:
    """Where a job's files are. Nothing of them is read."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def id(self) -> str:
        return self.folder.name

    @property
    def output(self) -> Path:
        return self.folder / "output"

    @property
    def lock(self) -> Path:
        return self.folder / "lock"

    @property
    def cancellation(self) -> Path:
        """A file that is there when a person has asked for the job's end."""
        return self.folder / "cancel"

    @property
    def is_cancelled(self) -> bool:
        return self.cancellation.exists()

    @cached_property
    def logs(self) -> Path:
        return self.folder / "logs"

    def log(self, stage: str) -> Path:
        return self.logs / f"{stage}.log"

    def function_file(self, uses: str) -> Path:
        """The source of a function that was frozen with the job."""
        return self.folder / "functions" / f"{uses}.py"

    @cached_property
    def _stages(self) -> Path:
        return self.folder / "stages"

    def attempts(self, stage: str) -> Path:
        return self._stages / stage

    def journal(self) -> Journal:
        return Journal(self.folder)

    def state(self) -> JobState:
        """As the journal tells it now."""
        return fold(self.journal().read())


class PlannedJob(JobFolder):
    """A job with its plan, and its state when it was loaded."""

    def __init__(self, folder: Path, plan: Plan, loaded: JobState | None = None) -> None:
        super().__init__(folder)
        self.plan = plan
        self.loaded = loaded or JobState()

    @property
    def input(self) -> Path:
        return Path(self.plan.input.path)

    @property
    def stages(self) -> tuple[PlannedStage, ...]:
        """In an order in which they can run."""
        return self.plan.stages

    def require_input(self) -> None:
        """Raises ``InputError`` where the input isn't the file that the job was prepared for."""
        try:
            unchanged = is_unchanged(self.plan.input, self.input)
        except OSError as error:
            raise InputError(
                f"the job's input {self.input} can't be read: {error.strerror}",
                f"put the file back, and then\nrun-pipeline -j {self.id}",
            ) from error
        if not unchanged:
            raise InputError(f"{self.input} has changed since the job was prepared", preparing_command(self))


def preparing_command(job: PlannedJob, changes: Mapping[str, str] | None = None) -> str:
    """The command that prepares the same once more, with ``changes`` of the workflow's parameters.

    For stages that are functions there is none: whoever has the functions prepares them.
    """
    if any(stage.function for stage in job.stages):
        return f"prepare workflow '{job.plan.workflow}' again in the program or notebook that has its functions"
    plan = job.plan
    switches = _switches(plan.inherits_environment, plan.allows_code)
    return _command(plan.input.path, plan.workflow, {**plan.asked, **(changes or {})}, switches)


def load(folder: Path) -> PlannedJob:
    """Read a job as it was prepared.

    Its digest is in the journal, so one comparison replaces the schema: what isn't byte for byte what ``prepare-job``
    validated and wrote is refused. Raises ``UsageError``.
    """
    data = b""
    try:
        data = (folder / DOCUMENT).read_bytes()
        events = Journal(folder).read()
    except (FileNotFoundError, NotADirectoryError) as error:
        raise UsageError(f"{error.filename} is gone", _again(folder, data)) from error
    except JournalDamaged as error:
        raise JournalDamaged(error.message, _again(folder, data)) from error
    if not events:
        raise UsageError(f"{folder / NAME}:1: this line is damaged", _again(folder, data))
    state = fold(events)
    if sha256_of_bytes(data) != state.job_digest:
        data = _next(folder, data)
    if sha256_of_bytes(data) != state.job_digest:
        raise UsageError(
            f"{folder / DOCUMENT} isn't what prepare-job wrote; {_what_is_wrong(data)}", _again(folder, data)
        )
    try:
        plan = decode(data, Plan)
    except (ValidationError, ValueError) as error:
        raise _refusal(folder, data, str(error)) from error
    if problem := out_of_bounds(plan, folder.name):
        raise _refusal(folder, data, problem)
    if len(plan.stages) >= MANY:
        from pipeline.jobs import plan_memory

        plan_memory.share(plan)
    return PlannedJob(folder, plan, state)


def _again(folder: Path, data: bytes) -> str:
    """What helps where a job can't be read: the command that prepares it once more, if its plan still tells."""
    with contextlib.suppress(ValueError, LookupError, TypeError, AttributeError):
        plan = parsed(data.decode())
        if any("function" in stage for stage in plan["stages"]):
            raise LookupError("no command has the functions")
        switches = _switches(plan.get("inherits_environment"), plan.get("allows_code"))
        return _command(str(plan["input"]["path"]), str(plan["workflow"]), plan.get("asked", {}), switches)
    return f"prepare a new job with prepare-job; this removes the damaged one\npipeline job rm --force {folder.name}"


def _switches(inherits_environment: Any, allows_code: Any) -> list[str]:
    return [*(["--inherit-environment"] if inherits_environment else []), *(["--allow-code"] if allows_code else [])]


def _command(movie: str, workflow: str, values: Mapping[str, str], switches: Sequence[str] = ()) -> str:
    import shlex  # few runs need it

    asked = [word for name, value in values.items() for word in ("--param", f"{name}={value}")]
    return printable(shlex.join(["prepare-job", movie, "--workflow", workflow, *asked, *switches]))


def _next(folder: Path, data: bytes) -> bytes:
    """The plan that was to replace this one, where a crash came between its line in the journal and the renaming."""
    try:
        return (folder / NEXT_DOCUMENT).read_bytes()
    except OSError:
        return data


def _refusal(folder: Path, data: bytes, problem: str) -> UsageError:
    return UsageError(f"{folder / DOCUMENT} isn't a plan that prepare-job makes: {problem}", _again(folder, data))


def _what_is_wrong(data: bytes) -> str:
    """The schema's complaint where there is one; a change that keeps the form is refused all the same."""
    import json

    from pipeline.config.source import schema_errors

    try:
        errors = schema_errors(json.loads(data), "job")
    except ValueError as error:
        return f"it isn't JSON any more: {error}"
    if not errors:
        return "it was edited, and a plan must stay as it was prepared"
    keys, message = errors[0]
    return f"{'.'.join(str(key) for key in keys)}: {message}" if keys else message
