"""A prepared job: ``job.json`` as it was frozen, and where the job's other files are."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from pipeline.digests import sha256_of_bytes
from pipeline.errors import InputUnusable, UsageError
from pipeline.jobs.journal import NAME, Journal
from pipeline.jobs.plan_bounds import out_of_bounds
from pipeline.jobs.state import JobState, fold

DOCUMENT = "job.json"
AGAIN = "prepare the job again; a plan is never edited"


@dataclass(frozen=True)
class Job:
    """A job's folder, and the document that was written there once."""

    folder: Path
    document: Mapping[str, Any]
    loaded: JobState = field(default_factory=JobState)  # as the journal told it when the job was loaded

    @property
    def id(self) -> str:
        return str(self.document["job_id"])

    @property
    def input(self) -> Path:
        return Path(self.document["input"]["path"])

    @property
    def stages(self) -> list[Mapping[str, Any]]:
        """The planned stages, in an order in which they can run."""
        return list(self.document["stages"])

    @property
    def output(self) -> Path:
        return self.folder / "output"

    @property
    def lock(self) -> Path:
        return self.folder / "lock"

    @property
    def cancellation(self) -> Path:
        """A file that is there when somebody has asked for the job's end."""
        return self.folder / "cancel"

    @property
    def is_cancelled(self) -> bool:
        return self.cancellation.exists()

    @cached_property
    def logs(self) -> Path:
        return self.folder / "logs"

    def log(self, stage: str) -> Path:
        return self.logs / f"{stage}.log"

    @cached_property
    def _stages(self) -> Path:
        return self.folder / "stages"

    def attempts(self, stage: str) -> Path:
        return self._stages / stage

    def require_input(self) -> None:
        """Raises ``InputUnusable`` where the input isn't the file that the job was prepared for, by size and time."""
        expected = self.document["input"]
        try:
            status = os.stat(self.input)
        except OSError as error:
            raise InputUnusable(f"the job's input {self.input} can't be read: {error.strerror}") from error
        if [status.st_size, status.st_mtime_ns] != [expected["size"], expected["mtime_ns"]]:
            raise InputUnusable(f"{self.input} has changed since the job was prepared", "prepare a new job for it")

    def journal(self) -> Journal:
        return Journal(self.folder)

    def state(self) -> JobState:
        """As the journal tells it now."""
        return fold(self.journal().read())


def load(folder: Path) -> Job:
    """Read a job as it was prepared.

    Its digest is in the journal's first line, so one comparison replaces the schema: what isn't byte for byte
    what ``prepare-job`` validated and wrote is refused. Raises ``UsageError``.
    """
    import json

    try:
        data, events = (folder / DOCUMENT).read_bytes(), Journal(folder).read()
    except (FileNotFoundError, NotADirectoryError) as error:
        raise UsageError(f"{error.filename} is gone", AGAIN) from error
    if not events:
        raise UsageError(f"{folder / NAME}:1: this line isn't what was written", AGAIN)
    state = fold(events)
    if sha256_of_bytes(data) != state.job_digest:
        raise UsageError(f"{folder / DOCUMENT} isn't what prepare-job wrote; {_what_is_wrong(data)}", AGAIN)
    document = json.loads(data)
    problem = out_of_bounds(document, folder.name)
    if problem:
        raise UsageError(f"{folder / DOCUMENT} isn't a plan that prepare-job makes: {problem}", AGAIN)
    return Job(folder, document, state)


def _what_is_wrong(data: bytes) -> str:
    """The schema's complaint where there is one; a change that keeps the form is refused all the same."""
    import json

    from pipeline.config.source import schema_errors

    try:
        errors = schema_errors(json.loads(data), "job")
    except ValueError as error:
        return f"it isn't JSON any more: {error}"
    if not errors:
        return "paths and commands come from the project's configuration, never from an edited plan"
    keys, message = errors[0]
    return f"{'.'.join(str(key) for key in keys) or 'it'}: {message}"
