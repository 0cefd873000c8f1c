"""The folder of all jobs: names that nobody else has, jobs that are there whole or not at all."""

import contextlib
import os
import re
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from pipeline.digests import sha256_of_bytes
from pipeline.errors import NotReady, UsageError, did_you_mean
from pipeline.files import dump_json, publish, sync_folder, try_remove_tree, write_whole
from pipeline.jobs.events import JobPrepared, JobReplanned
from pipeline.jobs.job import DOCUMENT, NEXT_DOCUMENT, JobFolder, PlannedJob, load
from pipeline.jobs.journal import NAME, Journal
from pipeline.jobs.plan import Plan
from pipeline.jobs.state import Status
from pipeline.locks import Held, exclusive, is_held
from pipeline.values import plain, replace

ID = re.compile(r"job-\d{8}-[a-z0-9_-]+-\d{4,}")
STALE_SECONDS = 3600
REMOVING = ".removing-"  # how the name of a job's folder begins while it is removed
UNFINISHED = (Status.PREPARED, Status.RUNNING, Status.INTERRUPTED, Status.PARTIAL, Status.EDITED)


NO_FUNCTIONS: Mapping[str, str] = {}


class JobStore:
    def __init__(self, root: Path) -> None:
        self._root = root

    def create(self, plan: Callable[[str], Plan], functions: Mapping[str, str] = NO_FUNCTIONS) -> PlannedJob:
        """Write a job under the next free id, which ``plan`` gets. ``functions``: the sources of those that are stages.

        The folder is filled under another name and then renamed, which fails where the name is taken: many
        may prepare at once, and a crash leaves no half job.
        """
        self._root.mkdir(parents=True, exist_ok=True)
        self._sweep()
        part = self._root / f".preparing-{os.urandom(6).hex()}"
        part.mkdir()
        try:
            for folder in ("logs", "stages"):
                (part / folder).mkdir()
            for name, source in functions.items():
                file = JobFolder(part).function_file(name)
                file.parent.mkdir(exist_ok=True)
                write_whole(file, source.encode())
                sync_folder(file.parent)
            return self._claim(part, plan)
        except BaseException:
            try_remove_tree(part)
            raise

    def replan(self, job: PlannedJob, plan: Callable[[str], Plan]) -> PlannedJob:
        """Let another plan take the place of the job's. What its stages have made counts as far as it fits.

        Nothing is written where the plan says the same. Raises ``NotReady`` where a process runs the job.
        """
        try:
            with exclusive(job.lock):
                current = load(job.folder)
                content = replace(plan(job.id), created_at=current.plan.created_at)
                if dump_json(plain(content)) != dump_json(plain(current.plan)):
                    _replace_plan(job.folder, content)
                    self._make_newest(job.folder / DOCUMENT)
                return load(job.folder)
        except Held as other:
            raise NotReady(f"{job.id} is being run by {other.holder}", f"pipeline job show {job.id}") from other

    def find(self, name: str) -> PlannedJob:
        """A job by its id, or the ``latest``. Raises ``UsageError``."""
        return load(self.folder(name))

    def folder(self, name: str) -> Path:
        """As ``find``, without a look into it."""
        known = self.ids()
        if name == "latest" and known:
            return self._root / max(known, key=self._prepared_at)
        if name not in known:
            if not known or not name:
                what = "no job was named" if known else f"no job '{name}'; none has been prepared yet"
                raise UsageError(what, "pipeline job list" if known else "pipeline run WORKFLOW INPUT")
            near = did_you_mean(name, known, listing=False)
            raise UsageError(f"no job '{name}'{near}", "pipeline job list")
        return self._root / name

    def unfinished(self) -> list[Path]:
        """The jobs that wait to be run or to be gone on with: not those that failed or were cancelled, which somebody
        has to look at, nor those that a process runs. One that can't be read is left out."""
        folders = []
        for id in self.ids():
            with contextlib.suppress(UsageError, OSError):
                job = load(self._root / id)
                if job.loaded.status in UNFINISHED and not is_held(job.lock):
                    folders.append(job.folder)
        return folders

    def ids(self) -> list[str]:
        if not self._root.is_dir():
            return []
        return sorted(name for name in os.listdir(self._root) if ID.fullmatch(name))

    def _prepared_at(self, id: str) -> tuple[int, str]:
        try:
            return os.stat(self._root / id / DOCUMENT).st_mtime_ns, id
        except OSError:
            return 0, id

    def _claim(self, part: Path, plan: Callable[[str], Plan]) -> PlannedJob:
        prefix = f"job-{time.strftime('%Y%m%d')}-{_user()}-"
        taken = [int(id.removeprefix(prefix)) for id in self.ids() if re.fullmatch(re.escape(prefix) + r"\d+", id)]
        number = max(taken, default=0)
        while True:
            number += 1
            folder = self._root / f"{prefix}{number:04d}"
            content = plan(folder.name)
            _write(part, content)
            self._make_newest(part / DOCUMENT)
            if publish(part, folder):  # else another process took the number
                sync_folder(self._root)
                return PlannedJob(folder, content)

    def _make_newest(self, document: Path) -> None:
        """``latest`` goes by a file's time: it is later than all others even where the clock was set back."""
        newest = max((self._prepared_at(id)[0] for id in self.ids()), default=0)
        status = os.stat(document)
        if status.st_mtime_ns <= newest:
            os.utime(document, ns=(status.st_atime_ns, newest + 1))

    def _sweep(self) -> None:
        """Remove what a killed ``prepare-job`` or ``pipeline job rm`` left, long after anyone can be at work in it."""
        for part in (*self._root.glob(".preparing-*"), *self._root.glob(f"{REMOVING}*")):
            with contextlib.suppress(FileNotFoundError):  # its job is whole by now, or gone
                if time.time() - part.stat().st_mtime > STALE_SECONDS:
                    try_remove_tree(part)


def _write(part: Path, plan: Plan) -> None:
    """The journal first: the folder is flushed with the document, and then both names are durable."""
    data = dump_json(plain(plan))
    (part / NAME).unlink(missing_ok=True)
    journal = Journal(part)
    journal.append(JobPrepared(sha256_of_bytes(data)))
    journal.close()
    write_whole(part / DOCUMENT, data)


def _replace_plan(folder: Path, plan: Plan) -> None:
    """The journal says which plan counts: until its line is there the old one does, from then on the new one."""
    data = dump_json(plain(plan))
    write_whole(folder / NEXT_DOCUMENT, data)
    journal = Journal(folder)
    journal.append(JobReplanned(sha256_of_bytes(data)))
    journal.close()
    write_whole(folder / DOCUMENT, data)
    (folder / NEXT_DOCUMENT).unlink()


def _user() -> str:
    import getpass

    try:
        name = getpass.getuser()
    except (KeyError, OSError):  # a container's user may have no name
        name = "user"
    return re.sub(r"[^a-z0-9_-]+", "_", name.lower())[:32] or "user"  # a file name has its limits
