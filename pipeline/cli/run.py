"""``pipeline run``: prepare a job for one input, run it, and print where its results are."""

import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pipeline.cli import completion, job_options, job_request
from pipeline.cli.context import json_option, project, root_option
from pipeline.cli.options import click_options
from pipeline.cli.run_options import OF_EVERY_RUN, execution_options
from pipeline.cli.value_types import NamedPath
from pipeline.errors import UsageError, did_you_mean
from pipeline.progress import Progress, quiet
from pipeline.text import printable

if TYPE_CHECKING:
    from pipeline.config.catalog import Catalog
    from pipeline.jobs.job import PlannedJob
    from pipeline.prepare.preparation import JobRequest


@click.command("run")
@click.argument("workflow", shell_complete=completion.workflows)
@click.argument("files", metavar="INPUT", type=NamedPath(path_type=Path), nargs=-1, required=True)
@job_options.workflow_values
@job_options.allowance_options
@click.option("--lock", "locks", is_flag=True, help="Also make the locks that are missing.")
@click_options(OF_EVERY_RUN)
@json_option
@root_option
def command(workflow: str, files: tuple[Path, ...], locks: bool, as_json: bool, **values: Any) -> None:
    """Run WORKFLOW on INPUT: prepare the job, run it, and print the paths of what it delivers, one a line.

    With --build, what is missing is built and fetched first. A job that was interrupted, or has failed, goes on where
    it stopped when the same command is given again. --force goes last, or with the name of a stage.
    """
    from pipeline.cli import runner
    from pipeline.config.catalog import Catalog
    from pipeline.media.subtitles import AlreadyThere

    catalog = Catalog(project(), saves=False)
    _require_workflow(catalog, workflow)
    _require_one(workflow, files)
    execution = execution_options(values)
    show = quiet if values["quiet"] else _show
    make = job_request.request_factory({**values, "workflow": workflow, "build": False}, catalog)
    try:
        job = _prepared(catalog, make(files[0]), locks, bool(values["build"]), show)
    except AlreadyThere as there:
        _show(there.message)
        _show(f"next:  {there.next_step}")
        return
    outcomes = runner.run(catalog.project, [job.folder], execution, as_json, is_quiet=values["quiet"])
    if sys.stdout.isatty() and not (as_json or values["quiet"]):  # elsewhere, the reporter has printed them
        from pipeline.cli.plain_reporter import print_delivered

        print_delivered(outcomes)


def _require_workflow(catalog: "Catalog", name: str) -> None:
    """Raises ``UsageError`` with the nearest name, and all that there are."""
    known = catalog.workflow_names
    if name in known:
        return
    near = did_you_mean(name, known, listing=False)
    others = f"\nthere are: {', '.join(known)}" if known else "\nthe project has none yet"
    step = "pipeline workflow list" if known else "pipeline workflow new NAME"
    raise UsageError(f"no workflow '{printable(name)}'{near}{others}", step)


def _require_one(workflow: str, files: Sequence[Path]) -> None:
    """Raises ``UsageError`` for several files, and for a folder."""
    if len(files) > 1 or files[0].is_dir():
        what = f"{len(files)} inputs" if len(files) > 1 else f"{printable(str(files[0]))}, which is a folder"
        several = printable(shlex.join(["prepare-job", *map(str, files), "--workflow", workflow, "--run"]))
        raise UsageError(f"a job has one file as its input, not {what}", f"{several}   makes a job for each file")


def _prepared(catalog: "Catalog", request: "JobRequest", locks: bool, builds: bool, show: Progress) -> "PlannedJob":
    """The job, the one that the file has already where there is one. Builds what is missing, if that is allowed."""
    from pipeline.cli.build_permission import PersonsPermission, again_with
    from pipeline.prepare.earlier_jobs import continued
    from pipeline.prepare.prepare import prepare
    from pipeline.report.job_explanation import explanations
    from pipeline.setup import missing_parts

    if locks:
        missing_parts.make_locks(catalog, request.workflow, show)
    wanted = continued(catalog, request)
    permission = PersonsPermission(builds, again_with("--build"))
    job = missing_parts.with_parts(catalog, lambda: prepare(catalog, wanted, show), permission)
    for line in explanations(job):
        show(line)
    return job


def _show(line: str) -> None:
    click.echo(printable(line), err=True)
