"""``bootstrap``: build environments and fetch models, side by side."""

from typing import Any

import click

from pipeline.cli import completion, handler
from pipeline.cli.context import on_terminal, project, root_option, version_option
from pipeline.errors import NotReady


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--env",
    "names",
    multiple=True,
    metavar="NAME",
    shell_complete=completion.environments,
    help="Only this one; may be repeated.",
)
@click.option("--all", "everything", is_flag=True, help="All environments and all models that the project defines.")
@click.option("--force", is_flag=True, help="Build anew, also where nothing is wrong.")
@root_option
@version_option
def command(names: tuple[str, ...], everything: bool, force: bool) -> None:
    """Make ready what the default workflows need: their environments, models and tools."""
    from pipeline import bootstrap
    from pipeline.spec.catalog import Catalog

    catalog = Catalog(project())
    tasks = bootstrap.tasks(catalog, names, everything, force)
    with _display() as display:
        failures = bootstrap.carry_out(tasks, display)
    if failures:
        raise NotReady("\n".join(error.message for error in failures), failures[0].next_step)


def _display() -> Any:  # what shows it is imported only where it is shown
    from pipeline.cli import bootstrap_display

    return bootstrap_display.LiveDisplay() if on_terminal() else bootstrap_display.PlainDisplay()


def main() -> None:
    handler.run(command)
