"""Many movies prepared one after the other: one that can't be prepared stops none of the others."""

import errno
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

from pipeline.config.catalog import Catalog
from pipeline.errors import ConfigurationError, ExitCode, PipelineError
from pipeline.jobs import environment_sources
from pipeline.jobs.job import PlannedJob
from pipeline.locks import holder
from pipeline.media.subtitles import AlreadyThere
from pipeline.prepare import disk_space
from pipeline.prepare.earlier_jobs import EarlierJob, EarlierJobs
from pipeline.prepare.preparation import JobRequest
from pipeline.prepare.prepare import prepare
from pipeline.progress import Progress
from pipeline.text import printable

DISK = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)

RequestFactory = Callable[[Path], JobRequest]  # makes the request for a file, from what was asked for all files


class PrepareStatus(StrEnum):
    PREPARED = "prepared"
    CONTINUED = "continued"  # it has a job, which goes on where it stopped
    EXTENDED = "extended"  # it has a job, to which was added what is asked for beyond it
    SKIPPED = "skipped"  # there is nothing to do for it
    FAILED = "failed"


class SkipReason(StrEnum):
    """Why there is nothing to do for a file, as the end of a sentence about one."""

    FINISHED = "finished before"
    HAS_SUBTITLES = "with such subtitles already"
    RUNNING = "being run by another process"
    WAITING = "prepared before"
    OUR_RESULT = "made by a job"


@dataclass(frozen=True)
class PrepareOutcome:
    """What became of one file."""

    input: Path
    status: PrepareStatus
    why: str = ""
    next_step: str | None = None
    job: PlannedJob | None = None
    code: ExitCode = ExitCode.OK
    skipped: SkipReason | None = None

    @property
    def is_to_run(self) -> bool:
        return self.job is not None and self.status is not PrepareStatus.SKIPPED

    @property
    def waits(self) -> bool:
        """Whether nothing was done about a job that only has to be run."""
        return self.skipped is SkipReason.WAITING

    @property
    def reason(self) -> str:
        """``why`` on one line, without the file's name, which stands before it."""
        return " ".join(self.why.split()).removeprefix(f"{printable(str(self.input))} ")


def prepare_all(
    catalog: Catalog,
    requests: Iterable[JobRequest],
    earlier: EarlierJobs | None,
    progress: Progress,
    to_run: bool = True,
) -> Iterator[PrepareOutcome]:
    """In order. A file that has one of the ``earlier`` jobs gets no other: it is skipped where the job is finished and
    nothing more is asked for, else the job goes on. With ``None``, each file gets a job of its own. Where nothing is
    ``to_run`` afterwards, a job that only waits to be run is left as it is.

    Raises ``ConfigurationError``: what is wrong with the project is wrong for every file.
    """
    batch = Batch(catalog, earlier, to_run)
    for request in requests:
        yield batch.prepare(request, progress)


def exit_code(outcomes: Iterable[PrepareOutcome]) -> ExitCode:
    """The highest of all."""
    return max((each.code for each in outcomes), default=ExitCode.OK)


class Batch:
    """What the jobs of one command share."""

    def __init__(self, catalog: Catalog, earlier: EarlierJobs | None, to_run: bool) -> None:
        self._catalog = catalog
        self._earlier = earlier
        self._to_run = to_run
        self._inspections = environment_sources.deferred_inspection_cache(catalog.project)
        self._reserved = 0  # bytes of the disk that the jobs so far will take
        self._free = disk_space.free(catalog.project)  # bytes of the disk before the first one
        self._subtitles: dict[tuple[Path, str], Path] = {}  # by folder and stem: the first movie that has this stem

    def prepare(self, request: JobRequest, progress: Progress) -> PrepareOutcome:
        """As ``prepare_all``, for the next file."""
        file = request.input
        try:
            if self._earlier and (maker := self._earlier.maker(file)):
                why = f"{maker.id} has made it"
                return PrepareOutcome(file, PrepareStatus.SKIPPED, why, skipped=SkipReason.OUR_RESULT)
            self._require_own_names(request)
            earlier = self._earlier.find(request) if self._earlier else None
            if earlier and self._is_left_alone(earlier, request):
                return _skipped(file, earlier)
            wanted = replace(earlier.request if earlier else request, reserved=self._still_reserved())
            job = prepare(self._catalog, wanted, progress, self._inspections)
        except AlreadyThere as error:
            return PrepareOutcome(
                file, PrepareStatus.SKIPPED, error.message, error.next_step, skipped=SkipReason.HAS_SUBTITLES
            )
        except ConfigurationError:
            raise
        except PipelineError as error:
            return PrepareOutcome(file, PrepareStatus.FAILED, error.message, error.next_step, code=error.exit_code)
        except OSError as error:
            code = ExitCode.NOT_READY if error.errno in DISK else ExitCode.INPUT_UNUSABLE
            return PrepareOutcome(file, PrepareStatus.FAILED, printable(str(error)), code=code)
        self._reserved += job.plan.disk_needed
        return PrepareOutcome(file, _status(earlier), job=job)

    def _still_reserved(self) -> int:
        """Where earlier jobs run already, a part of what they take is on the disk."""
        return max(0, self._reserved - max(0, self._free - disk_space.free(self._catalog.project)))

    def _is_left_alone(self, earlier: EarlierJob, request: JobRequest) -> bool:
        """``--overwrite`` delivers again, from the job that there is."""
        if earlier.is_running or request.overwrite:
            return earlier.is_running
        return earlier.is_done or (earlier.waits and not self._to_run)

    def _require_own_names(self, request: JobRequest) -> None:
        """Subtitles beside ``movie.mkv`` and ``movie.mp4`` would have the same names."""
        first = self._subtitles.setdefault((request.input.parent, request.input.stem), request.input)
        if request.beside and first != request.input:
            what = f"its subtitles would get the same file names as those of {printable(first.name)}"
            raise PipelineError(what, "rename one of them, or prepare it without --beside", ExitCode.INPUT_UNUSABLE)


def _status(earlier: EarlierJob | None) -> PrepareStatus:
    if earlier is None:
        return PrepareStatus.PREPARED
    return PrepareStatus.CONTINUED if earlier.has_all else PrepareStatus.EXTENDED


def _skipped(file: Path, earlier: EarlierJob) -> PrepareOutcome:
    job = earlier.job
    if earlier.is_running:
        why, reason = f"is being run by {holder(job.lock) or 'another process'}", SkipReason.RUNNING
    elif earlier.is_done:
        why, reason = "is finished", SkipReason.FINISHED
    else:
        why, reason = f"is {earlier.status.value} already", SkipReason.WAITING
    next_step = f"{'run-pipeline -j' if reason is SkipReason.WAITING else 'pipeline job show'} {job.id}"
    return PrepareOutcome(file, PrepareStatus.SKIPPED, f"{job.id} {why}", next_step, job, skipped=reason)
