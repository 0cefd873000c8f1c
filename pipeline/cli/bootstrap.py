"""``bootstrap``: build environments and fetch models, side by side."""

import signal
from pathlib import Path
from typing import Any

import click

from pipeline.cli import completion, handler
from pipeline.cli.context import on_terminal, project, root_option, version_option
from pipeline.errors import NotReady, PipelineError, UsageError


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--env",
    "names",
    multiple=True,
    metavar="NAME",
    shell_complete=completion.environments,
    help="Only this one; may be repeated.",
)
@click.option(
    "--model",
    "models",
    multiple=True,
    metavar="NAME",
    shell_complete=completion.models,
    help="Only this model of config/models.yaml; may be repeated.",
)
@click.option("--all", "everything", is_flag=True, help="All environments and all models that the project defines.")
@click.option("--force", is_flag=True, help="Build anew, also where nothing is wrong.")
@click.option("--prefetch", is_flag=True, help="Only fetch packages and models, for building without a network later.")
@click.option(
    "--from-bundle",
    "bundle",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Build what 'pipeline env bundle' put into this file, with no network; --force takes its definitions, too.",
)
@root_option
@version_option
def command(
    names: tuple[str, ...],
    models: tuple[str, ...],
    everything: bool,
    force: bool,
    prefetch: bool,
    bundle: Path | None,
) -> None:
    """Make ready what the default workflows need: their environments, models and tools."""
    from pipeline import bootstrap
    from pipeline.spec.catalog import Catalog

    if everything and (names or models):
        raise UsageError("--all doesn't go together with --env or --model", "bootstrap --help")
    if prefetch and force:
        raise UsageError("--prefetch builds nothing, so that --force doesn't go together with it", "bootstrap --help")
    if bundle and (names or models or everything or prefetch):
        raise UsageError("--from-bundle takes all of the file, and no option but --force", "bootstrap --help")
    _heed_signals()
    if bundle:
        _from_bundle(bundle, force)
        return
    catalog = Catalog(project())
    wanted = bootstrap.Wanted(names, models, everything)
    tasks = _prefetching(catalog, wanted) if prefetch else bootstrap.tasks(catalog, wanted, force)
    if not tasks:
        click.echo("nothing to make ready: config/pipeline.yaml names no default_workflows", err=True)
    with _display() as display:
        failures = bootstrap.carry_out(tasks, display)
    _raise_together(failures)


def _raise_together(failures: list[PipelineError]) -> None:
    if failures:
        steps = dict.fromkeys(error.next_step for error in failures if error.next_step)
        raise NotReady("\n".join(error.message for error in failures), "\n".join(steps) or None)


def _from_bundle(file: Path, force: bool) -> None:
    from functools import partial

    from pipeline import bootstrap
    from pipeline.bundles import install, look

    opened = look.look(project(), file, force)
    with _display() as display:
        tasks = install.install(opened, partial(display.doing, "bundle"), force)
        display.done("bundle", "in its place")
        failures = bootstrap.carry_out(tasks, display)
    _raise_together(failures)


def _prefetching(catalog: Any, wanted: Any) -> Any:  # imported only where it is asked for
    from pipeline import prefetch

    return prefetch.tasks(catalog, wanted)


def _heed_signals() -> None:
    """Let a request to end do what Ctrl-C does, so that no installer goes on alone. An ignored one stays ignored."""
    from pipeline.interrupts import ASKING

    for number in ASKING:
        if signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, signal.default_int_handler)


def _display() -> Any:  # what shows it is imported only where it is shown
    from pipeline.cli import bootstrap_display

    return bootstrap_display.LiveDisplay() if on_terminal() else bootstrap_display.PlainDisplay()


def main() -> None:
    handler.run(command)
