"""Many movies prepared one after the other: one that can't be prepared stops none of the others."""

import errno
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

from pipeline.config.catalog import Catalog
from pipeline.errors import ConfigurationError, ExitCode, PipelineError
from pipeline.jobs import environment_sources
from pipeline.jobs.job import Job
from pipeline.jobs.state import Status
from pipeline.media.subtitles import AlreadyThere
from pipeline.prepare.intake import EarlierJob, EarlierJobs
from pipeline.prepare.preparation import JobRequest
from pipeline.prepare.prepare import prepare
from pipeline.progress import Progress
from pipeline.text import printable

DISK = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)
AGAIN = (Status.FAILED, Status.CANCELLED)  # a movie whose job ended so is prepared again

RequestFactory = Callable[[Path], JobRequest]  # makes the request for a file, from what was asked for all files


class PrepareStatus(StrEnum):
    PREPARED = "prepared"
    SKIPPED = "skipped"  # there is nothing to do for it
    FAILED = "failed"


@dataclass(frozen=True)
class PrepareOutcome:
    """What became of one file."""

    input: Path
    status: PrepareStatus
    why: str = ""
    next_step: str | None = None
    job: Job | None = None
    code: ExitCode = ExitCode.OK

    @property
    def reason(self) -> str:
        """``why`` on one line, without the file's name, which stands before it."""
        return " ".join(self.why.split()).removeprefix(f"{printable(str(self.input))} ")


def prepare_all(
    catalog: Catalog, requests: Iterable[JobRequest], earlier: EarlierJobs | None, progress: Progress
) -> Iterator[PrepareOutcome]:
    """In order. A file that has one of the ``earlier`` jobs is skipped; with ``None``, no file is.

    Raises ``ConfigurationError``: what is wrong with the project is wrong for every file.
    """
    batch = _Batch(catalog, earlier, progress)
    for request in requests:
        yield batch.prepare(request)


def exit_code(outcomes: Iterable[PrepareOutcome]) -> ExitCode:
    """The highest of all."""
    return max((each.code for each in outcomes), default=ExitCode.OK)


class _Batch:
    """What the jobs of one command share."""

    def __init__(self, catalog: Catalog, earlier: EarlierJobs | None, progress: Progress) -> None:
        self._catalog = catalog
        self._earlier = earlier
        self._progress = progress
        self._inspections = environment_sources.deferred_inspection_cache(catalog.project)
        self._reserved = 0  # bytes of the disk that the jobs so far will take
        self._subtitles: dict[tuple[Path, str], Path] = {}  # by folder and stem: the first movie that has this stem

    def prepare(self, request: JobRequest) -> PrepareOutcome:
        file = request.input
        if earlier := self._earlier_job(request):
            why = f"{earlier.folder.name} is {earlier.status.value} for it"
            return PrepareOutcome(file, PrepareStatus.SKIPPED, why)
        try:
            self._require_own_names(request)
            job = prepare(self._catalog, replace(request, reserved=self._reserved), self._progress, self._inspections)
        except AlreadyThere as error:
            return PrepareOutcome(file, PrepareStatus.SKIPPED, error.message, error.next_step)
        except ConfigurationError:
            raise
        except PipelineError as error:
            return PrepareOutcome(file, PrepareStatus.FAILED, error.message, error.next_step, code=error.exit_code)
        except OSError as error:
            code = ExitCode.NOT_READY if error.errno in DISK else ExitCode.INPUT_UNUSABLE
            return PrepareOutcome(file, PrepareStatus.FAILED, printable(str(error)), code=code)
        self._reserved += job.plan.disk_needed
        return PrepareOutcome(file, PrepareStatus.PREPARED, job=job)

    def _earlier_job(self, request: JobRequest) -> EarlierJob | None:
        if self._earlier is None or request.overwrite:
            return None
        job = self._earlier.find(request.input, request.workflow, request.parameters)
        return job if job and job.status not in AGAIN else None

    def _require_own_names(self, request: JobRequest) -> None:
        """Subtitles beside ``movie.mkv`` and ``movie.mp4`` would have the same names."""
        first = self._subtitles.setdefault((request.input.parent, request.input.stem), request.input)
        if request.beside and first != request.input:
            what = f"its subtitles would have the names of those of {printable(first.name)}"
            raise PipelineError(what, "rename one of them, or prepare it without --beside", ExitCode.INPUT_UNUSABLE)
