"""What a job's stages have made stays as it was made: checked before a stage reads it, after it, and before delivery.

Stages run as the user who runs the job, so nothing keeps one from writing to the files that it reads. Here this is
noticed, the stage is named, and the bytes come back from the store of results, where it has them.
"""

import os
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

from pipeline.cache.store import ResultStore
from pipeline.errors import StageError
from pipeline.files import replaced, try_remove_tree
from pipeline.jobs.job import Job
from pipeline.jobs.records import Output, Result
from pipeline.jobs.results import Results
from pipeline.run import input_view
from pipeline.run.input_files import InputFile, WatchedFile, watch
from pipeline.run.task import LiveAttempt
from pipeline.values import Struct, field


class InputGuard(Struct, frozen=True):
    """For the stages of one job."""

    job: Job
    results: Results
    store: ResultStore
    restored: dict[Path, int] = field(default_factory=dict)  # to when, in ns; a stage may have read it before that

    def begin(self, files: Sequence[InputFile]) -> list[WatchedFile]:
        """The inputs of a stage that is about to start. Raises ``StageError`` where one isn't what was committed."""
        for file in files:
            if file.made_by:
                self._require(file.made_by, Output(file.path, file.digest, file.size, file.mtime_ns))
        return watch(files)

    def end(self, live: LiveAttempt, running: Iterable[LiveAttempt]) -> tuple[str, ...]:
        """What was changed while the stage ran, in words. Where the store has it, it is put back."""
        changed = [
            each.file for each in live.inputs if self.restored.get(each.file.path, 0) > each.at_ns or each.has_changed
        ]
        for file in changed:
            if not file.made_by:
                input_view.discard_copy(file.path)
            elif not file.is_whole:
                self._restore(file.made_by, file.path)
        return tuple(dict.fromkeys(self._words(file, live, running) for file in changed))

    def require_deliverables(self) -> None:
        """Raises ``StageError`` where a file that is to be delivered isn't what was committed."""
        for reference in self.job.plan.deliver:
            for stage, output in self.results.outputs(reference).items():
                self._require(stage, output)

    def _require(self, stage: str, output: Output) -> None:
        if not output.is_unchanged() and not self._restore(stage, output.path):
            raise StageError(
                f"{self.job.id}: {output.path.name}, which stage '{stage}' made, was changed or removed since",
                f"run-pipeline -j {self.job.id}   makes it again",
            )

    def _words(self, file: InputFile, live: LiveAttempt, running: Iterable[LiveAttempt]) -> str:
        what = f"{file.path.name} of stage '{file.made_by}'" if file.made_by else f"the job's input {self.job.input}"
        others = [each.task.name for each in running if each is not live and _reads(each, file.path)]
        beside = f", and so was {', '.join(others)}: one of them changes what it reads" if others else ""
        return f"its input '{file.slot}' ({what}) was changed while it was running{beside}"

    def _restore(self, stage: str, path: Path) -> bool:
        """Put back an output as it was committed. Returns whether the store has it."""
        result = self.results.of(stage)[stage]
        output = next(each for each in result.outputs.values() if each.path == path)
        folder = path.parents[1] / "restored"
        try_remove_tree(folder)
        folder.mkdir()
        try:
            self.restored[path] = time.time_ns()
            return _put_back(self.store, result, output, folder)
        finally:
            try_remove_tree(folder)


def _put_back(store: ResultStore, result: Result, output: Output, folder: Path) -> bool:
    taken = store.take(result.key, folder)
    if taken is None or output.record.digest not in {each.digest for each in taken.outputs.values()}:
        return False
    output.path.parent.mkdir(exist_ok=True)
    with replaced(output.path) as beside:  # a copy: the store may share its own file's bytes and time with other jobs
        import shutil  # brings the compression libraries with it; most runs copy nothing

        shutil.copyfile(folder / output.path.name, beside)
        os.utime(beside, ns=(output.mtime_ns, output.mtime_ns))
    return True


def _reads(live: LiveAttempt, path: Path) -> bool:
    return any(each.file.path == path for each in live.inputs)
