"""Many files that are prepared and run at once: the first one's job runs while the next ones are prepared."""

import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import click

from pipeline.cli import prepare_outcomes
from pipeline.config.catalog import Catalog
from pipeline.errors import ConfigurationError, ExitCode, PipelineError
from pipeline.jobs.job import load
from pipeline.jobs.state import Status
from pipeline.prepare.batch import Batch, PrepareOutcome, RequestFactory
from pipeline.prepare.earlier_jobs import EarlierJobs
from pipeline.progress import Progress
from pipeline.report.job_explanation import explanations


class FilmQueue:
    """A ``JobSource``: the files of one command, in order."""

    def __init__(self, catalog: Catalog, make: RequestFactory, files: Sequence[Path]) -> None:
        self.outcomes: list[PrepareOutcome] = []
        self.total = len(files)
        self._batch = Batch(catalog, EarlierJobs(catalog), to_run=True)
        self._make = make
        self._files = list(reversed(files))
        self._explained: set[str] = set()
        self._error: PipelineError | None = None  # that of the project, for which no more is prepared

    @property
    def left(self) -> int:
        """How many files nobody has looked at."""
        return len(self._files)

    def first(self, progress: Progress) -> Path | None:
        """The folder of the first job that is to run; ``None`` where there is nothing to run.

        Raises ``ConfigurationError``: what is wrong with the project is wrong for every file.
        """
        folder = None
        while self.left and folder is None:
            folder = self.prepare_next(progress)()
        if folder is None and self._error:
            raise self._error
        return folder

    def prepare_next(self, progress: Progress) -> Callable[[], Path | None]:
        file = self._files.pop()
        try:
            outcome = self._batch.prepare(self._make(file), progress)
        except ConfigurationError as error:
            self._files.clear()
            return partial(self._stop, error)
        if outcome.job and outcome.is_to_run:
            for line in explanations(outcome.job):
                if line not in self._explained:
                    self._explained.add(line)
                    progress(line)
        return partial(self._note, outcome)

    @property
    def error(self) -> PipelineError | None:
        """About all that couldn't be prepared."""
        return together(self._error, prepare_outcomes.error(self.outcomes))

    @property
    def done(self) -> int:
        """How many files have all that is asked for."""
        return sum(
            each.job is None or load(each.job.folder).loaded.status is Status.FINISHED
            for each in self.outcomes
            if each.job or each.skipped
        )

    def _note(self, outcome: PrepareOutcome) -> Path | None:
        self.outcomes.append(outcome)
        if not (outcome.job and outcome.is_to_run):
            return None
        if not sys.stdout.isatty():
            click.echo(outcome.job.id)
        return outcome.job.folder

    def _stop(self, error: PipelineError) -> None:
        self._error = error


def together(*errors: PipelineError | None) -> PipelineError | None:
    """One error that tells all, with the highest exit code."""
    known = [each for each in errors if each]
    if len(known) < 2:
        return known[0] if known else None
    steps = [each.next_step for each in known if each.next_step]
    return PipelineError(
        "\n".join(each.message for each in known),
        "\n".join(dict.fromkeys(steps)) or None,
        max((each.exit_code for each in known), default=ExitCode.OK),
    )
