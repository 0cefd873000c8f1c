"""``prepare-job``: check everything, freeze the plan, print the job's id."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pipeline.cli import handler, job_options
from pipeline.cli.context import json_option, project, root_option, version_option
from pipeline.errors import LISTED, PipelineError, UsageError
from pipeline.text import printable

if TYPE_CHECKING:
    from pipeline.config.catalog import Catalog
    from pipeline.jobs.job import Job
    from pipeline.prepare.batch import Became, Make


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("media", type=click.Path(path_type=Path), nargs=-1)
@job_options.options
@click.option("--recursive", is_flag=True, help="Look into the folders below a folder, too.")
@click.option("--run", "and_run", is_flag=True, help="Run what was prepared, at once.")
@json_option
@root_option
@version_option
def command(media: tuple[Path, ...], recursive: bool, and_run: bool, as_json: bool, **chosen: Any) -> None:
    """Check MEDIA and everything that its workflow needs, and prepare a job for it.

    MEDIA may be several files, folders, and patterns such as "films/*.mkv". Then a table says what became of each: a
    movie that has the wanted subtitles, or a job, already is skipped, and one that can't be prepared stops no other.

    A file whose name begins with a dash goes after two dashes: prepare-job --subtitle -- -odd.mp4
    """
    from pipeline.config.catalog import Catalog
    from pipeline.prepare import intake

    _require_media(media, chosen, and_run and as_json)
    catalog = Catalog(project())
    make = job_options.read(chosen, catalog)
    if intake.is_several(media):
        jobs, error = _several(catalog, make, intake.named(media, recursive), as_json, and_run)
    else:
        jobs, error = _one(catalog, make, media[0], as_json, and_run), None
    if and_run and jobs:
        _run(jobs, error)
    elif error and as_json:  # the one document that was printed says it
        raise SystemExit(int(error.exit_code))
    elif error:
        raise error


def _one(catalog: "Catalog", make: "Make", file: Path, as_json: bool, and_run: bool) -> "list[Job]":
    from pipeline.cli.output import print_json
    from pipeline.media.existing_subtitles import AlreadyThere
    from pipeline.prepare.prepare import prepare

    try:
        job = prepare(catalog, make(file), _tell)
    except AlreadyThere as there:
        if as_json:
            print_json("skipped", {"input": str(file), "why": there.message})
        _tell(there.message)
        _tell(f"next:  {there.next_step}")
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


def _several(
    catalog: "Catalog", make: "Make", files: Sequence[Path], as_json: bool, and_run: bool
) -> "tuple[list[Job], PipelineError | None]":
    """The jobs, and what is to be raised once they are seen to, when the table may be out of sight."""
    from pipeline.jobs.store import JobStore
    from pipeline.prepare.batch import Fate, prepare_all
    from pipeline.prepare.intake import Known

    became: list[Became] = []
    try:
        for each in prepare_all(catalog, map(make, files), Known(JobStore(catalog.project.jobs)), _tell):
            became.append(each)
            if each.job:
                _explain(each.job)
                if not as_json:
                    click.echo(each.job.id)
    finally:  # also when it was interrupted: what has been prepared is there
        _show(became, as_json)
    failed = [each for each in became if each.fate is Fate.FAILED]
    error = _error(failed, len(became), listing=and_run or len(became) > LISTED)
    return [each.job for each in became if each.job], error


def _show(became: "Sequence[Became]", as_json: bool) -> None:
    from pipeline.cli.output import print_json, print_table

    if as_json:
        rows = [
            {
                "input": str(each.input),
                "became": each.fate.value,
                "job_id": each.job.id if each.job else None,
                "why": each.why,
                "next": each.next_step,
                "exit_code": int(each.code),
            }
            for each in became
        ]
        print_json("prepared", rows)
        return
    cells = [[printable(each.input.name), each.fate.value, each.job.id if each.job else each.reason] for each in became]
    print_table(["movie", "became", "job, or why"], cells, "no movie was looked at", err=True)


def _error(failed: "Sequence[Became]", of: int, listing: bool) -> PipelineError | None:
    from pipeline.prepare.batch import worst

    if not failed:
        return None
    steps = list(dict.fromkeys(each.next_step for each in failed if each.next_step))
    named = [f"  {printable(each.input.name)}: {each.reason}" for each in failed[:LISTED] if listing]
    more = [f"  and {len(failed) - LISTED} more"] if listing and len(failed) > LISTED else []
    what = f"{len(failed)} of {of} can't be prepared" + (":" if named else "")
    return PipelineError("\n".join([what, *named, *more]), "\n".join(steps) or None, worst(failed))


def _run(jobs: "Sequence[Job]", error: PipelineError | None) -> None:
    """What couldn't be prepared is told again at the end, and decides the exit code where the run went well."""
    from pipeline.cli import runner
    from pipeline.run.execute import Options

    runner.run(project(), [job.folder for job in jobs], Options())
    if error:
        raise error


def _require_media(media: Sequence[Path], chosen: dict[str, Any], run_with_json: bool) -> None:
    if run_with_json:
        raise UsageError("--json prints what was prepared, and --run what was delivered", "leave one of the two out")
    if media:
        return
    taken = chosen["from_subtitles"]
    if taken and Path(taken).exists():
        raise UsageError(
            f"{taken} was taken for the subtitles of --from-subtitles, and no movie is left",
            f"prepare-job --subtitle {taken} --from-subtitles   has it last",
        )
    raise UsageError("no movie was named", "prepare-job MOVIE --subtitle")


def _explain(job: "Job") -> None:
    from pipeline.engines import report
    from pipeline.jobs import environment_sources

    for line in [*environment_sources.messages(job.plan), *report.messages(job.plan.decisions)]:
        _tell(line)


def _tell(line: str) -> None:
    click.echo(printable(line), err=True)


def main() -> None:
    handler.run(command)
