"""How an edit gets into a job: its files first, on the disk, and then its line in the journal.

Whoever edits holds the job's lock from the reading of what there is to the line, so of two edits none is lost.
"""

import getpass
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pipeline.digests import content_digest, is_tree
from pipeline.errors import NotReady, UsageError, did_you_mean
from pipeline.files import read_json, sync_folder, write_whole
from pipeline.jobs import attempt_folders, attempts, output_edits
from pipeline.jobs.events import EditDropped, EditedOutput, OutputEdited, StageFinished
from pipeline.jobs.job import PlannedJob, load
from pipeline.jobs.records import Output, OutputRecord, Result
from pipeline.locks import Held, exclusive
from pipeline.values import Struct, replace

ABOUT = "about.json"
SECONDS = 10.0  # that one edit waits for another one's end


@contextmanager
def opened(folder: Path) -> Iterator["JobEditor"]:
    """A job for editing; nobody else runs or edits it meanwhile. Raises ``NotReady`` where a process runs it."""
    end = time.monotonic() + SECONDS
    while True:
        try:
            with exclusive(folder / "lock"):
                yield JobEditor(load(folder))
                return
        except Held as other:
            if time.monotonic() > end:
                step = f"pipeline job show {folder.name}   tells when it has ended"
                raise NotReady(f"{folder.name} is being run by {other.holder}", step) from other
            time.sleep(0.05)


def caller() -> str:
    """The name of the user who gives the command."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user may have no name
        return "somebody"


class EditSource(Struct, frozen=True):
    """The file of a person from which an edit was taken, if there is one."""

    path: str = ""
    digest: str = ""

    @classmethod
    def of(cls, file: Path) -> "EditSource":
        """As the file is now. Raises ``OSError``."""
        return cls(str(file.resolve()), content_digest(file))


NO_SOURCE = EditSource()


class JobEditor:
    """One job's outputs, as its stages have made them and as people have left them."""

    def __init__(self, job: PlannedJob) -> None:
        self.job = job

    def made(self, stage: str) -> Result:
        """The stage's own result. Raises ``UsageError`` where it has none."""
        known = self.job.loaded.stages
        committed = self.job.loaded.stage(stage).committed
        if committed is None:
            planned = [each.name for each in self.job.stages]
            if stage in (*known, *planned):
                raise UsageError(
                    f"stage '{stage}' of {self.job.id} has no result yet", f"run-pipeline -j {self.job.id}"
                )
            near = did_you_mean(stage, [*known, *planned])
            raise UsageError(f"{self.job.id} has no stage '{stage}'{near}", f"pipeline job show {self.job.id}")
        return attempts.of_event(self.job, committed)

    def output(self, stage: str, name: str) -> Output:
        """As the stage has made it. Raises ``UsageError`` where there is none of this name."""
        made = self.made(stage).outputs
        if name not in made:
            near = did_you_mean(name, list(made))
            raise UsageError(f"stage '{stage}' of {self.job.id} has no output '{name}'{near}", "pipeline stage list")
        return made[name]

    def edit(self, stage: str) -> output_edits.OutputEdit | None:
        """The one that counts now."""
        event = self.job.loaded.edits.get(stage)
        return output_edits.of_event(self.job, event) if event else None

    def is_current(self, stage: str) -> bool:
        """Whether the stage's edit was made from its result of now."""
        event, made = self.job.loaded.edits.get(stage), self.made(stage).outputs
        return event is not None and all(
            name in made and made[name].digest == each.base for name, each in event.outputs.items()
        )

    def base(self, stage: str, name: str) -> Output | None:
        """What the stage's edit was made from; ``None`` where that isn't there any more."""
        event = self.job.loaded.edits.get(stage)
        if event is None or name not in event.outputs:
            return None
        finished = [each for each in self.job.journal().read() if isinstance(each, StageFinished)]
        made = [attempts.of_event(self.job, each).outputs.get(name) for each in finished if each.stage == stage]
        fitting = [each for each in made if each and each.digest == event.outputs[name].base]
        return next((each for each in fitting if each.is_unchanged()), None)

    def edits_of(self, stage: str) -> list[OutputEdited]:
        """All that there ever were of a stage, the oldest first."""
        return [each for each in self.job.journal().read() if isinstance(each, OutputEdited) and each.stage == stage]

    def about_of(self, event: OutputEdited) -> dict[str, Any]:
        """What was written down with an edit; empty where nothing was."""
        top = output_edits.folder(self.job, event.stage)
        folder = max(
            {(top / each.record.file).parent for each in event.outputs.values()}, key=lambda path: int(path.name)
        )
        try:
            return dict(read_json(folder / ABOUT))
        except (OSError, ValueError):
            return {}

    def put(
        self, stage: str, files: Mapping[str, bytes], who: str, source: EditSource = NO_SOURCE, about: bytes = b""
    ) -> OutputEdited | None:
        """Let these contents stand for outputs of the stage, beside those of it that are edited already.

        ``about``: what else is to be known of the edit, which ``about_of`` gives back, a JSON object.

        ``None`` where they say what counts already; nothing is written then. Raises ``UsageError`` for an output that
        the stage doesn't have or that is a directory, and where an older edit is of another result.
        """
        made = {name: self.output(stage, name) for name in files}
        if folders := [name for name, each in made.items() if is_tree(each.digest)]:
            raise UsageError(f"the output '{folders[0]}' of stage '{stage}' is a folder; only files can be edited")
        before = self.job.loaded.edits.get(stage)
        kept = dict(before.outputs) if before and self.is_current(stage) else {}
        if before and not kept and before.outputs.keys() - files.keys():
            result = self.made(stage)
            output_edits.require_current(stage, output_edits.of_event(self.job, before), result)
        counting = {name: self._path(stage, kept.get(name), made[name]) for name in files}
        if (kept or not before) and all(counting[name].read_bytes() == data for name, data in files.items()):
            return None
        folder = self._folder(stage)
        written = {name: self._written(folder, made[name], data) for name, data in files.items()}
        if about:
            write_whole(folder / ABOUT, about)
        for each in (folder, *list(folder.parents)[:3]):
            sync_folder(each)
        event = OutputEdited(stage, {**kept, **written}, who, source.path, _people(before, who), source.digest)
        self._record(event)
        return event

    def keep(self, stage: str, who: str) -> OutputEdited:
        """Let the edit count for the result that the stage has now. Raises ``UsageError`` where there is no edit."""
        event, made = self._event(stage), self.made(stage).outputs
        outputs = {name: replace(each, base=made[name].digest) for name, each in event.outputs.items() if name in made}
        kept = OutputEdited(stage, outputs, who, event.source, _people(event, who), event.source_digest)
        self._record(kept)
        return kept

    def drop(self, stage: str, who: str) -> None:
        """Let the stage's own outputs count again; the edited files stay in the job's folder. Raises as ``keep``."""
        self._event(stage)
        self._record(EditDropped(stage, who))

    def _event(self, stage: str) -> OutputEdited:
        if event := self.job.loaded.edits.get(stage):
            return event
        edited = list(self.job.loaded.edits)
        what = f"{self.job.id} has no edit of stage '{stage}'{did_you_mean(stage, edited)}"
        raise UsageError(what, f"pipeline job show {self.job.id}")

    def _path(self, stage: str, edited: EditedOutput | None, made: Output) -> Path:
        return output_edits.folder(self.job, stage) / edited.record.file if edited else made.path

    def _folder(self, stage: str) -> Path:
        """A new one; what a killed command has left stays where it is, since no line tells of it."""
        top = output_edits.folder(self.job, stage)
        attempt_folders.make(top, self.job.folder)
        taken = [int(each.name) for each in top.iterdir() if each.name.isdecimal()]
        folder = top / str(max(taken, default=0) + 1)
        folder.mkdir()
        return folder

    def _written(self, folder: Path, made: Output, data: bytes) -> EditedOutput:
        path = folder / made.path.name
        write_whole(path, data)
        status = path.stat()
        record = OutputRecord(f"{folder.name}/{path.name}", status.st_size, status.st_mtime_ns, content_digest(path))
        return EditedOutput(made.digest, record)

    def _record(self, event: OutputEdited | EditDropped) -> None:
        journal = self.job.journal()
        journal.append(event)
        journal.close()
        self.job = load(self.job.folder)


def _people(before: OutputEdited | None, who: str) -> tuple[str, ...]:
    """Those whose changes are in an edit that follows ``before``, without ``who`` has made it."""
    return tuple(each for each in dict.fromkeys([*before.earlier, before.who]) if each != who) if before else ()
