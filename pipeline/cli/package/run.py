"""``pipeline package run``."""

import shlex
from pathlib import Path
from typing import Any

import click

from pipeline.cli import job_options
from pipeline.cli import run as workflow_run
from pipeline.cli.context import ROOT, json_option
from pipeline.cli.options import click_options
from pipeline.cli.package.install import build_environments
from pipeline.cli.package.options import file_argument, progress, read, signers_option
from pipeline.cli.run_options import OF_EVERY_RUN
from pipeline.cli.value_types import NamedPath
from pipeline.errors import PipelineError, UsageError
from pipeline.project import ROOT_VARIABLE
from pipeline.text import printable


@click.command("run")
@file_argument
@click.argument("files", metavar="INPUT", type=NamedPath(path_type=Path), nargs=-1, required=True)
@signers_option
@job_options.workflow_values
@job_options.allowance_options
@click_options(OF_EVERY_RUN)
@json_option
@click.pass_context
def command(
    context: click.Context, /, file: Path, files: tuple[Path, ...], signers: Path | None, **values: Any
) -> None:
    """Run a package on INPUT as 'pipeline run' does. It is installed first where it isn't yet.

    With --build, what is missing is built and fetched first.
    """
    from pipeline.packages import install
    from pipeline.packages.manifest import ENVIRONMENTS

    _require_one(file, files)
    package, _ = read(file, signers)
    done = install.install(package, progress)
    if values["build"] and ENVIRONMENTS in package.manifest["files"]:
        build_environments(done.package)
    else:
        install.place_models(done.package, progress)
    context.meta[ROOT] = done.package.folder
    try:
        context.invoke(workflow_run.command, workflow=package.name, files=files, locks=False, **values)
    except PipelineError as error:
        error.next_step = _there(error.next_step, done.package.folder)
        raise


def _there(step: str | None, folder: Path) -> str | None:
    """A next command as it works from anywhere: the package's project isn't the one around the current folder."""
    if step is None or step.split()[:2] == ["pipeline", "package"]:
        return step
    return f"export {ROOT_VARIABLE}={shlex.quote(str(folder))}\n{step}"


def _require_one(package: Path, files: tuple[Path, ...]) -> None:
    """Raises ``UsageError`` for several files, and for a folder."""
    if len(files) > 1 or files[0].is_dir():
        what = f"{len(files)} inputs" if len(files) > 1 else f"{printable(str(files[0]))}, which is a folder"
        step = printable(f"pipeline package run {shlex.quote(str(package))} INPUT   for each file")
        raise UsageError(f"a job has one file as its input, not {what}", step)
