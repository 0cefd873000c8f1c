"""Outputs that a person has edited: what they are made of, and whether they still fit.

The journal has a line for each edit (``output_edited``), and the files lie in ``edits/STAGE/N/`` of the job's folder.
A result stays as it was committed, and is what other jobs get; the job's own later stages read the edited files, whose
digests are in their keys.
"""

import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from pipeline.errors import StageError
from pipeline.jobs.events import AnyEvent, OutputEdited
from pipeline.jobs.job import JobFolder
from pipeline.jobs.records import Output, Result
from pipeline.jobs.state import JobState
from pipeline.values import Struct

FOLDER = "edits"


class OutputEdit(Struct, frozen=True):
    """What a person has made of a stage's outputs; those that aren't in it are as the stage has made them."""

    job: str
    who: str
    at: str  # in UTC
    bases: Mapping[str, str]  # by output: the digest of what it was made from
    outputs: Mapping[str, Output]

    @property
    def words(self) -> str:
        """``edited by ann on 2026-11-29 18:00``."""
        return f"edited by {self.who} on {_shown(self.at)}"

    @property
    def told(self) -> dict[str, Any]:
        """As a sidecar has it."""
        files = {
            output.path.name: {"from": self.bases[name], "to": output.digest} for name, output in self.outputs.items()
        }
        return {"who": self.who, "at": self.at, "files": files}


class EditOutdated(StageError):
    """A stage has made something else than what a person's edit was made from."""

    def __init__(self, job: str, stage: str, message: str, has_subtitles: bool = False) -> None:
        steps = [
            *([f"pipeline subtitles merge {job}   brings the changes into the new subtitles"] if has_subtitles else []),
            f"pipeline job edit {job} {stage} --keep   uses the edited files as they are",
            f"pipeline job edit {job} {stage} --drop   uses the stage's own",
        ]
        super().__init__(message, "\n".join(steps))
        self.stage = stage


def folder(job: JobFolder, stage: str) -> Path:
    """Where the files of a stage's edits lie."""
    return job.folder / FOLDER / stage


def of_state(job: JobFolder, state: JobState) -> dict[str, OutputEdit]:
    """By stage: the edits that count now."""
    return {stage: of_event(job, event) for stage, event in state.edits.items()}


def of_events(job: JobFolder, events: Iterable[AnyEvent]) -> Iterator[OutputEdit]:
    """All that there ever were, the oldest first."""
    return (of_event(job, event) for event in events if isinstance(event, OutputEdited))


def of_event(job: JobFolder, event: OutputEdited) -> OutputEdit:
    """The edit that a line of the journal tells of."""
    top = folder(job, event.stage)
    records = {name: each.record for name, each in event.outputs.items()}
    outputs = {name: Output(top / each.file, each.digest, each.size, each.mtime_ns) for name, each in records.items()}
    people = dict.fromkeys([*event.earlier, event.who])
    return OutputEdit(
        job.id, ", ".join(people), event.at, {name: each.base for name, each in event.outputs.items()}, outputs
    )


def require_current(stage: str, edit: OutputEdit, result: Result) -> None:
    """Raises ``EditOutdated`` where the edit was made from other outputs than the result has."""
    found = {name: output.digest for name, output in result.outputs.items()}
    changed = [name for name, base in edit.bases.items() if found.get(name) != base]
    if changed:
        names = ", ".join(changed)
        what = f"{edit.job}: stage '{stage}' has made another {names} than the one that was {edit.words}"
        raise EditOutdated(edit.job, stage, what, any(each.path.suffix == ".srt" for each in edit.outputs.values()))


def _shown(at: str) -> str:
    """As a clock on the wall shows it, to the minute."""
    from datetime import datetime  # few jobs have an edit

    return time.strftime("%Y-%m-%d %H:%M", time.localtime(datetime.fromisoformat(at).timestamp()))
