"""``pipeline package run``."""

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

    package, _ = read(file, signers)
    done = install.install(package, progress)
    if values["build"] and ENVIRONMENTS in package.manifest["files"]:
        build_environments(done.package)
    else:
        install.place_models(done.package, progress)
    context.meta[ROOT] = done.package.folder
    context.invoke(workflow_run.command, workflow=package.name, files=files, locks=False, **values)
