"""``prepare-job``: check everything, freeze the plan, print the job's id."""

import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pipeline.cli import handler, job_options
from pipeline.cli.context import json_option, project, root_option, version_option
from pipeline.cli.value_types import NamedPath
from pipeline.errors import LISTED, PipelineError, UsageError
from pipeline.text import printable, shortened

NAME_WIDTH = 28  # characters of a file's name in a table on a terminal

if TYPE_CHECKING:
    from pipeline.config.catalog import Catalog
    from pipeline.jobs.job import Job
    from pipeline.prepare.batch import PrepareOutcome, RequestFactory
    from pipeline.prepare.preparation import JobRequest


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("media", type=NamedPath(path_type=Path), nargs=-1)
@job_options.options
@click.option("--recursive", is_flag=True, help="Look into the folders below a folder, too.")
@click.option("--run", "and_run", is_flag=True, help="Run what was prepared, at once.")
@json_option
@root_option
@version_option
def command(media: tuple[Path, ...], recursive: bool, and_run: bool, as_json: bool, **options: Any) -> None:
    """Check MEDIA and everything that its workflow needs, and prepare a job for it.

    MEDIA may be several files, folders, and patterns such as "films/*.mkv": of a folder, the movies and recordings, or
    all files where the workflow takes any. Then a table shows the result for each. A
    movie that has all that is asked for is skipped; a job that was stopped goes on; what is asked for beyond a job is
    added to it. A movie that can't be prepared doesn't stop the others.

    A file whose name begins with a dash goes after two dashes: prepare-job --subtitle -- -odd.mp4
    """
    from pipeline.config.catalog import Catalog
    from pipeline.prepare import intake

    _require_media(media, options, and_run and as_json)
    catalog = Catalog(project(), saves=False)
    make = job_options.request_factory(options, catalog)
    if intake.is_several(media):
        takes_media = catalog.workflow(make(media[0]).workflow).takes_media
        files = intake.named(media, recursive, intake.is_media if takes_media else intake.is_whole)
        jobs, error = _several(catalog, make, files, as_json, and_run)
    else:
        jobs, error = _one(catalog, make, media[0], as_json, and_run), None
    if and_run and jobs:
        _run(jobs, error)
    elif error and as_json:  # the document that was printed has the errors
        raise SystemExit(int(error.exit_code))
    elif error:
        raise error


def _one(catalog: "Catalog", make: "RequestFactory", file: Path, as_json: bool, and_run: bool) -> "list[Job]":
    from pipeline.cli.output import print_json
    from pipeline.media.subtitles import AlreadyThere
    from pipeline.prepare.prepare import prepare

    try:
        job = prepare(catalog, _request(catalog, make(file), and_run), _show)
    except AlreadyThere as there:
        if as_json:
            print_json("skipped", {"input": str(file), "why": there.message})
        _show(there.message)
        _show(f"next:  {there.next_step}")
        return []
    _explain(job)
    if as_json:
        from pipeline.values import plain

        print_json("job", plain(job.plan))
    else:
        click.echo(job.id)
    if not as_json and not and_run:
        click.echo(f"next:  run-pipeline -j {job.id}", err=True)
    return [job]


def _request(catalog: "Catalog", request: "JobRequest", and_run: bool) -> "JobRequest":
    """Goes on with the file's job where that is to be run at once, or where more is asked for than it makes."""
    from pipeline.prepare.earlier_jobs import EarlierJobs

    earlier = None if request.overwrite else EarlierJobs(catalog).find(request)
    if earlier is None or earlier.is_running or (earlier.has_all and not and_run):
        return request
    return earlier.request


def _several(
    catalog: "Catalog", make: "RequestFactory", files: Sequence[Path], as_json: bool, and_run: bool
) -> "tuple[list[Job], PipelineError | None]":
    """The jobs, and the error to raise after they have run: by then the table may have scrolled away."""
    from pipeline.prepare.batch import PrepareStatus, prepare_all
    from pipeline.prepare.earlier_jobs import EarlierJobs

    outcomes: list[PrepareOutcome] = []
    try:
        for each in prepare_all(catalog, map(make, files), EarlierJobs(catalog), _show, and_run):
            outcomes.append(each)
            if each.job and each.is_to_run:
                _explain(each.job)
                if not as_json:
                    click.echo(each.job.id)
    finally:  # also after an interrupt: the jobs that have been prepared are there
        _print_outcomes(outcomes, as_json)
    failed = [each for each in outcomes if each.status is PrepareStatus.FAILED]
    error = _error(failed, len(outcomes))
    if not and_run and not as_json:
        _show_next(outcomes)
    return [each.job for each in outcomes if each.job and each.is_to_run], error


def _show_next(outcomes: "Sequence[PrepareOutcome]") -> None:
    """The command that runs what was prepared, with what was prepared before and waits still."""
    ids = [each.job.id for each in outcomes if each.job and (each.is_to_run or each.waits)]
    if ids:
        _show(f"next:  run-pipeline {' '.join(f'-j {id}' for id in ids) if len(ids) <= LISTED else '--all-prepared'}")


def _print_outcomes(outcomes: "Sequence[PrepareOutcome]", as_json: bool) -> None:
    from pipeline.cli.output import print_json, print_table

    if as_json:
        rows = [
            {
                "input": str(each.input),
                "became": each.status.value,
                "job_id": each.job.id if each.job else None,
                "why": each.why,
                "next": each.next_step,
                "exit_code": int(each.code),
            }
            for each in outcomes
        ]
        print_json("prepared", rows)
        return
    cells = [
        [printable(each.input.name), each.status.value, each.reason or (each.job.id if each.job else "")]
        for each in outcomes
    ]
    if sys.stderr.isatty():  # each on one line; the reasons of failures stand below, whole
        room = max(20, shutil.get_terminal_size().columns - NAME_WIDTH - 18)
        cells = [[shortened(name, NAME_WIDTH), result, reason[:room]] for name, result, reason in cells]
    print_table(["input", "result", "job or reason"], cells, "no file was looked at", err=True)


def _error(failed: "Sequence[PrepareOutcome]", of: int) -> PipelineError | None:
    from pipeline.prepare.batch import exit_code

    if not failed:
        return None
    steps = list(dict.fromkeys(each.next_step for each in failed if each.next_step))
    named = [f"  {printable(each.input.name)}: {each.reason}" for each in failed[:LISTED]]
    more = [f"  and {len(failed) - LISTED} more"] if len(failed) > LISTED else []
    what = f"{len(failed)} of {of} can't be prepared:"
    return PipelineError("\n".join([what, *named, *more]), "\n".join(steps) or None, exit_code(failed))


def _run(jobs: "Sequence[Job]", error: PipelineError | None) -> None:
    """``error``, about files that couldn't be prepared, is raised at the end, unless the run itself fails."""
    from pipeline.cli import runner
    from pipeline.run.execute import Options

    runner.run(project(), [job.folder for job in jobs], Options())
    if error:
        raise error


def _require_media(media: Sequence[Path], options: dict[str, Any], run_with_json: bool) -> None:
    if run_with_json:
        raise UsageError("--json prints what was prepared, and --run what was delivered", "leave one of the two out")
    if media:
        return
    subtitles = options["from_subtitles"]
    if subtitles and Path(subtitles).exists():
        raise UsageError(
            f"{subtitles} was taken for the subtitles of --from-subtitles, and no movie is left",
            f"prepare-job --subtitle {subtitles} --from-subtitles   (the option goes last)",
        )
    raise UsageError("no movie was named", "prepare-job MOVIE --subtitle")


def _explain(job: "Job") -> None:
    from pipeline.engines import report
    from pipeline.jobs import environment_sources

    for line in [*environment_sources.messages(job.plan), *report.messages(job.plan.decisions)]:
        _show(line)


def _show(line: str) -> None:
    click.echo(printable(line), err=True)


def main() -> None:
    handler.run(command)
