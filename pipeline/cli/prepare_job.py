"""``prepare-job``: check everything, freeze the plan, print the job's id."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pipeline.cli import handler, job_options, job_request
from pipeline.cli.context import json_option, project, root_option, version_option
from pipeline.cli.options import click_options
from pipeline.cli.run_options import OF_PREPARED
from pipeline.cli.value_types import NamedPath
from pipeline.errors import UsageError
from pipeline.text import printable

if TYPE_CHECKING:
    from pipeline.config.catalog import Catalog
    from pipeline.jobs.job import PlannedJob
    from pipeline.prepare.batch import PrepareOutcome, RequestFactory
    from pipeline.run.execution import Options


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("media", type=NamedPath(path_type=Path), nargs=-1)
@job_options.options
@click.option("--recursive", is_flag=True, help="Look into the folders below a folder, too.")
@click.option("--run", "and_run", is_flag=True, help="Run what was prepared, at once.")
@click_options(OF_PREPARED)
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
    execution = _execution(options, and_run)
    catalog = Catalog(project(), saves=False)
    make = job_request.request_factory(options, catalog)
    if intake.is_several(media):
        takes_media = catalog.workflow(make(media[0]).workflow).takes_media
        files = intake.named(media, recursive, intake.is_media if takes_media else intake.is_whole)
        if execution:
            _run_several(catalog, make, files, execution)
        else:
            _prepare_several(catalog, make, files, as_json)
    else:
        _one(catalog, make, media[0], as_json, execution)


def _one(catalog: "Catalog", make: "RequestFactory", file: Path, as_json: bool, execution: "Options | None") -> None:
    """``execution``: how it is run at once, where it is."""
    from pipeline.cli.output import print_json
    from pipeline.media.subtitles import AlreadyThere
    from pipeline.prepare.earlier_jobs import continued
    from pipeline.prepare.prepare import prepare

    try:
        job = prepare(catalog, continued(catalog, make(file), execution is not None), _show)
    except AlreadyThere as there:
        if as_json:
            print_json("skipped", {"input": str(file), "why": there.message})
        _show(there.message)
        _show(f"next:  {there.next_step}")
        return
    _explain(job)
    if as_json:
        from pipeline.values import plain

        print_json("job", plain(job.plan))
    else:
        click.echo(job.id)
    if execution:
        _run(job, execution)
    elif not as_json:
        click.echo(f"next:  run-pipeline -j {job.id}", err=True)


def _prepare_several(catalog: "Catalog", make: "RequestFactory", files: Sequence[Path], as_json: bool) -> None:
    from pipeline.cli import prepare_outcomes
    from pipeline.prepare.batch import prepare_all
    from pipeline.prepare.earlier_jobs import EarlierJobs

    outcomes: list[PrepareOutcome] = []
    try:
        for each in prepare_all(catalog, map(make, files), EarlierJobs(catalog), _show, to_run=False):
            outcomes.append(each)
            if each.job and each.is_to_run:
                _explain(each.job)
                if not as_json:
                    click.echo(each.job.id)
    finally:  # also after an interrupt: the jobs that have been prepared are there
        (prepare_outcomes.show_json if as_json else prepare_outcomes.show)(outcomes)
    error = prepare_outcomes.error(outcomes)
    if as_json:  # the document that was printed has the errors
        raise SystemExit(int(error.exit_code) if error else 0)
    if command := prepare_outcomes.next_command(outcomes):
        _show(f"next:  {command}")
    if error:
        raise error


def _run_several(catalog: "Catalog", make: "RequestFactory", files: Sequence[Path], execution: "Options") -> None:
    from pipeline.cli import folder_run

    folder_run.run(catalog, make, files, _show, execution)


def _run(job: "PlannedJob", execution: "Options") -> None:
    from pipeline.cli import runner

    runner.run(project(), [job.folder], execution)


def _execution(options: dict[str, Any], and_run: bool) -> "Options | None":
    """How what was prepared is run at once; ``None`` where it isn't."""
    from pipeline.run.execution import Options

    execution = Options(executor=options["executor"] or "", cluster=options["cluster"] or "")
    if and_run:
        return execution
    if execution.executor or execution.cluster:
        step = "prepare-job MOVIE --subtitle --run --cluster NAME"
        raise UsageError("--executor and --cluster say where --run lets the stages run", step)
    return None


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


def _explain(job: "PlannedJob") -> None:
    from pipeline.report.job_explanation import explanations

    for line in explanations(job):
        _show(line)


def _show(line: str) -> None:
    click.echo(printable(line), err=True)


def main() -> None:
    handler.run(command)
