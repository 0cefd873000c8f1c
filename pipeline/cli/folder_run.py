"""``prepare-job FOLDER --run``: the first film's job runs while the next films are prepared."""

import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

from pipeline.cli import prepare_outcomes, runner
from pipeline.cli.film_queue import FilmQueue, together
from pipeline.config.catalog import Catalog
from pipeline.errors import Interrupted, PipelineError
from pipeline.prepare.batch import RequestFactory
from pipeline.progress import Progress
from pipeline.run.execution import Options
from pipeline.text import counted


def run(catalog: Catalog, make: RequestFactory, files: Sequence[Path], progress: Progress, options: Options) -> None:
    """Raises what fits: of several errors each is told, and the worst decides the exit code."""
    queue = FilmQueue(catalog, make, files)
    try:
        first = queue.first(progress)
    except KeyboardInterrupt as stopped:
        raise _to_go_on(queue) from stopped
    failure: PipelineError | None = None
    if first is None:
        prepare_outcomes.show_idle(queue.outcomes)
    else:
        failure = _run(catalog, first, queue, options)
    whole = together(failure, queue.error)
    if whole:
        raise whole


def _run(catalog: Catalog, first: Path, queue: FilmQueue, options: Options) -> PipelineError | None:
    try:
        runner.run(catalog.project, [first], options, later=queue)
    except Interrupted as stopped:
        raise _to_go_on(queue) from stopped
    except PipelineError as error:
        return error
    return None


def _to_go_on(queue: FilmQueue) -> Interrupted:
    """The same command goes on with all files, also with those that have no job yet."""
    again = shlex.join([Path(sys.argv[0]).name, *sys.argv[1:]])
    what = f"the run was interrupted: {queue.done} of {counted(queue.total, 'file')} done"
    return Interrupted(what, f"{again}   goes on from here")
