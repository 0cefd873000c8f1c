"""What a job's stages have made stays as it was made: checked before a stage reads it, after it, and before delivery.

Stages run as the user who runs the job, so nothing keeps one from writing to the files that it reads, or from putting a
link in the place of a folder above them. Here this is noticed, the stage is named, and the bytes come back from the
store of results, where it has them.
"""

import errno
import os
import stat
import time
from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path

from pipeline.cache.store import ResultStore
from pipeline.digests import is_tree
from pipeline.directories.scan import scan
from pipeline.errors import StageError
from pipeline.files import clear, publish, replaced, try_remove_tree
from pipeline.jobs import attempt_folders
from pipeline.jobs.attempts import RESULT, Attempt
from pipeline.jobs.job import PlannedJob
from pipeline.jobs.records import Key, Output, Result
from pipeline.jobs.results import Results
from pipeline.run import input_view
from pipeline.run.input_files import InputFile, WatchedFile
from pipeline.run.linked_input import attributes_of, put_back
from pipeline.run.output_signatures import OutputSignatures
from pipeline.run.task import LiveAttempt

OWN_NAMES = 2  # of an output that the store shares


class ContentGuard:
    """For the stages of one job."""

    def __init__(self, job: PlannedJob, results: Results, store: ResultStore, signatures: OutputSignatures) -> None:
        self._job = job
        self._signatures = signatures
        self._results = results
        self._store = store
        self._ground = _inode(job.folder)  # a person may have put it elsewhere, with a link to it
        self._restored: dict[Path, int] = {}  # to when, in ns; a stage may have read it before that

    def begin(self, files: Sequence[InputFile]) -> list[WatchedFile]:
        """The inputs of a stage that is about to start. Raises ``StageError`` where one isn't what was committed."""
        return [self._watched(file) for file in files]

    def end(self, live: LiveAttempt, running: Iterable[LiveAttempt]) -> tuple[str, ...]:
        """What was changed while the stage ran, in words. Where the store has it, it is put back."""
        watched = [each for each in live.inputs if self._has_changed(each, live)]
        if not watched:
            return ()
        changed = [each.file for each in watched]
        at_work = [each for each in running if each is not live]
        suspects = self._suspects(changed, {live.task.name, *(each.task.name for each in at_work)})
        words = dict.fromkeys(self._words(each, at_work) for each in watched)
        problems = dict.fromkeys(filter(None, (self._mended(file) for file in changed)))
        return *words, *problems, *suspects

    def committed(self, result: Result, since_ns: int) -> None:
        """A stage of the job has this result; ``since_ns``: when its outputs began to be read for that."""
        self._signatures.note_committed(result, since_ns)

    def require_deliverables(self) -> None:
        """Raises ``StageError`` where a file that is to be delivered isn't what was committed."""
        for stage, output in self._deliverables():
            self._require(stage, output)

    def delivered(self) -> None:
        """The files that were required have been delivered; a large one has another name now."""
        for _, output in self._deliverables():
            self._signatures.note_link(output.path)

    def _deliverables(self) -> Iterator[tuple[str, Output]]:
        for reference in self._job.plan.deliver:
            yield from self._results.outputs(reference).items()

    def _watched(self, file: InputFile) -> WatchedFile:
        known = self._signatures.known_of_late(file.path)
        if file.made_by and not (known and self._is_on_ground):
            self._require(file.made_by, Output(file.path, file.digest, file.size, file.mtime_ns))
            known = self._signatures.known(file.path)
        at = time.time_ns()
        if known:
            return WatchedFile(file, known.signature, at, known.at_ns)
        own = attributes_of(file.path) if file.path.is_symlink() else None
        return WatchedFile(file, file.signature, at, at, own)

    def _require(self, stage: str, output: Output) -> None:
        if self._is_on_ground and self._signatures.is_whole(output):
            return
        message = f"{self._job.id}: {output.path.name}, which stage '{stage}' made, was changed or removed since"
        try:
            is_back = self._restore(stage, output.path)
        except OSError as error:
            raise StageError(
                f"{message}, and can't be put back: {_of_system(error, output.path)}",
                f"run-pipeline -j {self._job.id}   goes on when that can be written",
            ) from error
        if not is_back and self._is_edit(stage, output.path):
            message = (
                f"{self._job.id}: {output.path}, an edited output of stage '{stage}', was changed or removed since"
            )
            raise StageError(message, f"put the file back, or\npipeline job edit {self._job.id} {stage} --drop")
        if not is_back:
            raise StageError(message, f"run-pipeline -j {self._job.id}   makes it again")

    def _is_edit(self, stage: str, path: Path) -> bool:
        edit = self._results.edit(stage)
        return edit is not None and any(_holds(each, path) for each in edit.outputs.values())

    def _has_changed(self, watched: WatchedFile, live: LiveAttempt) -> bool:
        file, at = watched.file, time.time_ns()
        known = self._signatures.known(file.path)
        if known and known.is_settled and known.signature == watched.before:  # another reader's end may have read it
            return not self._is_on_ground
        try:
            now = file.signature
            is_another = watched.has_changed(now)
            if watched.attributes and not live.invocation.protected and now.inode == watched.before.inode:
                is_another |= put_back(file.path, watched.attributes, with_time=not is_another)
            if is_another or self._restored.get(file.path, 0) > watched.at_ns:
                return True
            if file.made_by and now.mtime_ns != file.mtime_ns and not is_tree(file.digest):
                os.utime(file.path, ns=(now.mtime_ns, file.mtime_ns))  # its record has the time
                now = file.signature
            if now != watched.before or not now.is_settled(watched.known_ns):
                self._signatures.note_read(file.path, now, at)
        except OSError:
            return True
        return not self._is_in_place(file.path)

    def _is_in_place(self, path: Path) -> bool:
        """Whether no folder above the file has become a link, from the job's folder down."""
        try:
            return self._is_on_ground and attempt_folders.link_above(path, self._job.folder) is None
        except OSError:
            return False

    @property
    def _is_on_ground(self) -> bool:
        """Whether the job's folder is the one that it was when the run began."""
        try:
            return _inode(self._job.folder) == self._ground
        except OSError:
            return False

    def _mended(self, file: InputFile) -> str:
        """Let the next reader find what was committed. Returns why it won't, in words."""
        try:
            if not file.made_by:
                input_view.discard_copy(file.path)
            elif not (self._is_in_place(file.path) and file.is_whole):
                self._restore(file.made_by, file.path)
        except OSError as error:
            return f"{file.path.name} can't be put back: {_of_system(error, file.path)}"
        return ""

    def _words(self, watched: WatchedFile, at_work: Iterable[LiveAttempt]) -> str:
        file = watched.file
        what = f"{file.path.name} of stage '{file.made_by}'" if file.made_by else f"the job's input {self._job.input}"
        what += _changes(file)
        others = [each.task.name for each in at_work if _reads(each, file.path)]
        beside = f", and so was {', '.join(others)}: one of them may have done it" if others else ""
        before = " or in the instant before" if watched.looks_the_same else ""
        return f"its input '{file.slot}' ({what}) was changed while it was running{before}{beside}"

    def _suspects(self, changed: Iterable[InputFile], running: Collection[str]) -> list[str]:
        """Who else may have done it, in words: stages of other jobs, and what an earlier stage left behind."""
        from pipeline.run.stray_processes import stray_processes

        names = (file.path.name for file in changed if file.made_by and _has_other_names(file.path))
        found = stray_processes(self._job, running)
        return [
            *(
                f"{name} has other names, in other jobs or in output/, by which it may have been changed"
                for name in dict.fromkeys(names)
            ),
            *(f"process {pid}, which stage '{stage}' left behind, may have done it" for stage, pid in found.items()),
        ]

    def _restore(self, stage: str, path: Path) -> bool:
        """Put back an output as it was committed. Returns whether the store has it. Raises ``OSError``."""
        result = self._results.of(stage)[stage]
        output = next((each for each in result.outputs.values() if _holds(each, path)), None)
        if output is None:  # a person's edit, which no store has
            return False
        if not self._is_on_ground:
            raise OSError(errno.ESTALE, "it isn't the folder any more that it was when the run began", self._job.folder)
        attempt_folders.make(path.parent, self._job.folder)
        attempt = Attempt(stage, result.attempt, output.path.parents[1])
        folder = attempt.folder / "restored"
        clear(folder)
        folder.mkdir()
        try:
            self._restored[path] = at = time.time_ns()
            is_back = _put_back(self._store, attempt, result, output, folder, path)
            if is_back:
                self._signatures.note([path], at)
            return is_back
        finally:
            try_remove_tree(folder)


def _holds(output: Output, path: Path) -> bool:
    """Whether this is the output, or something in the directory that it is."""
    return output.path == path or (output.is_directory and output.path in path.parents)


def _put_back(  # noqa: PLR0913, PLR0917  # an output of a result, and where it comes from
    store: ResultStore, attempt: Attempt, result: Result, output: Output, folder: Path, path: Path
) -> bool:
    """``path`` is the output, or what is put back of it alone: others may be reading the rest."""
    taken = store.take(result.key, folder)
    if taken is None or output.record.digest not in {each.digest for each in taken.outputs.values()}:
        return False
    stored = folder / path.relative_to(output.path.parent)
    clear(path)
    if stored.is_dir():
        publish(stored, path)
        _keep_record(attempt, result, Key(taken.key, taken.key_input))
        return True
    mtime_ns = os.stat(stored).st_mtime_ns if output.is_directory else output.mtime_ns
    with replaced(path) as beside:  # a copy: the store may share its own file's bytes and time with other jobs
        import shutil  # brings the compression libraries with it; most runs copy nothing

        shutil.copyfile(stored, beside)
        os.utime(beside, ns=(mtime_ns, mtime_ns))
    _keep_record(attempt, result, Key(taken.key, taken.key_input))
    return True


def _keep_record(attempt: Attempt, result: Result, key: Key) -> None:
    """An attempt without one is removed when the next one begins."""
    if not (attempt.folder / RESULT).is_file():
        attempt.record(result, key)


def _changes(file: InputFile) -> str:
    """Which names in a directory differ, in words that go on after its name."""
    if not is_tree(file.digest):
        return ""
    from pipeline.jobs import output_directories

    changes = output_directories.changes(file.path, file.digest)
    return f": {changes}" if changes else ""


def _reads(live: LiveAttempt, path: Path) -> bool:
    return any(each.file.path == path for each in live.inputs)


def _has_other_names(path: Path) -> bool:
    """Whether more names of the file, or of one in the directory, are known than its own and the store's."""
    try:
        status = os.lstat(path)
        if stat.S_ISDIR(status.st_mode):
            return any(each.is_file and each.links > OWN_NAMES for each in scan(path).items)
        return status.st_nlink > OWN_NAMES
    except OSError:
        return False


def _inode(folder: Path) -> int:
    """That of the folder, or of a link in its place. Raises ``OSError``."""
    return os.lstat(folder).st_ino


def _of_system(error: OSError, path: Path) -> str:
    return f"{error.filename or path}: {error.strerror or error}"
