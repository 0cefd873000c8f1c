"""Many movies prepared one after the other: one that can't be stops none of the others."""

import errno
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from pipeline.config.catalog import Catalog
from pipeline.errors import ConfigurationError, ExitCode, PipelineError
from pipeline.jobs.job import Job
from pipeline.jobs.state import Status
from pipeline.media.existing_subtitles import AlreadyThere
from pipeline.prepare.intake import Known
from pipeline.prepare.prepare import Request, prepare
from pipeline.progress import Progress
from pipeline.text import printable

DISK = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)
AGAIN = (Status.FAILED, Status.CANCELLED)  # a job that ended so is no reason to leave a movie out


class Fate(StrEnum):
    PREPARED = "prepared"
    SKIPPED = "skipped"  # there is nothing to do for it
    FAILED = "failed"


@dataclass(frozen=True)
class Became:
    """What became of one file."""

    input: Path
    fate: Fate
    why: str = ""
    next_step: str | None = None
    job: Job | None = None
    code: ExitCode = ExitCode.OK

    @property
    def reason(self) -> str:
        """``why`` on one line, after the file's name and so without it."""
        return " ".join(self.why.split()).removeprefix(f"{printable(str(self.input))} ")


def prepare_all(
    catalog: Catalog, requests: Iterable[Request], known: Known | None, progress: Progress
) -> Iterator[Became]:
    """In order. ``known`` are the jobs that there are, which aren't prepared twice.

    Raises ``ConfigurationError``: what is wrong with the project is wrong for every file.
    """
    reserved = 0
    names = _Names()
    for request in requests:
        became = _one(catalog, Request(**{**vars(request), "reserved": reserved}), known, names, progress)
        if became.job:
            reserved += became.job.plan.disk_needed
        yield became


class _Names:
    """Who puts subtitles beside itself, and under which name: ``movie.mkv`` and ``movie.mp4`` have the same."""

    def __init__(self) -> None:
        self._taken: dict[tuple[Path, str], Path] = {}

    def require(self, request: Request) -> None:
        first = self._taken.setdefault((request.input.parent, request.input.stem), request.input)
        if request.beside and first != request.input:
            what = f"its subtitles would have the names of those of {printable(first.name)}"
            raise PipelineError(what, "rename one of them, or prepare it without --beside", ExitCode.INPUT_UNUSABLE)


def _one(catalog: Catalog, request: Request, known: Known | None, names: _Names, progress: Progress) -> Became:
    file = request.input
    done = known.find(file, request.workflow, request.parameters) if known and not request.overwrite else None
    if done and done.status not in AGAIN:
        return Became(file, Fate.SKIPPED, f"{done.folder.name} is {done.status.value} for it")
    try:
        names.require(request)
        return Became(file, Fate.PREPARED, job=prepare(catalog, request, progress))
    except AlreadyThere as error:
        return Became(file, Fate.SKIPPED, error.message, error.next_step)
    except ConfigurationError:
        raise
    except PipelineError as error:
        return Became(file, Fate.FAILED, error.message, error.next_step, code=error.exit_code)
    except OSError as error:
        code = ExitCode.NOT_READY if error.errno in DISK else ExitCode.INPUT_UNUSABLE
        return Became(file, Fate.FAILED, printable(str(error)), None, code=code)


def worst(all_of_them: Iterable[Became]) -> ExitCode:
    return max((each.code for each in all_of_them), default=ExitCode.OK)


Make = Callable[[Path], Request]
