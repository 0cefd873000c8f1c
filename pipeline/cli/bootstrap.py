"""``bootstrap``: build environments and fetch models, side by side."""

from pathlib import Path

import click

from pipeline.cli import completion, handler, setup_display
from pipeline.cli.context import project, root_option, version_option
from pipeline.cli.model_option import models_option
from pipeline.cli.value_types import NamedPath
from pipeline.errors import UsageError
from pipeline.setup.tasks import SetupSelection, SetupTask, carry_out, raise_together

HELP = "bootstrap --help"


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--env",
    "names",
    multiple=True,
    metavar="NAME",
    shell_complete=completion.environments,
    help="Only this one; may be repeated.",
)
@models_option("Only this model of config/models.yaml")
@click.option("--all", "everything", is_flag=True, help="All environments and all models that the project defines.")
@click.option("--force", is_flag=True, help="Build again, also where nothing is wrong.")
@click.option(
    "--offline", is_flag=True, help="Don't use the network: only files that a build or --prefetch fetched before."
)
@click.option(
    "--jobs",
    type=click.IntRange(min=1),
    metavar="N",
    help="How many tasks at a time; default: the number of processors, at least 4.",
)
@click.option(
    "--repair",
    is_flag=True,
    help="Read every file of all built environments (or of each --env), and install only damaged packages again.",
)
@click.option(
    "--inherit-environment",
    "inherits",
    is_flag=True,
    help="Let builds from source see all variables of this shell. Otherwise they get those of their definition, and"
    " those that compilers and the network need.",
)
@click.option("--prefetch", is_flag=True, help="Only fetch packages and models, for building without a network later.")
@click.option(
    "--from-bundle",
    "bundle",
    type=NamedPath(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Build the environments in a file of 'pipeline env bundle', without a network; --force takes its definitions.",
)
@root_option
@version_option
def command(
    names: tuple[str, ...],
    models: tuple[str, ...],
    everything: bool,
    force: bool,
    offline: bool,
    jobs: int | None,
    repair: bool,
    inherits: bool,
    prefetch: bool,
    bundle: Path | None,
) -> None:
    """Make ready what the default workflows need: their environments, models and tools."""
    if everything and (names or models):
        raise UsageError("--all doesn't go together with --env or --model", HELP)
    if inherits and (repair or prefetch or bundle):
        raise UsageError("--inherit-environment doesn't go together with --repair, --prefetch or --from-bundle", HELP)
    if repair and (models or everything or force or prefetch):
        raise UsageError("--repair goes together only with --env, --offline and --jobs", HELP)
    if prefetch and (force or offline):
        raise UsageError("--prefetch doesn't go together with --force or --offline, since it only fetches", HELP)
    if bundle and (names or models or everything or prefetch or repair):
        raise UsageError(
            "--from-bundle builds all that is in the file; it goes together only with --force and --jobs", HELP
        )
    setup_display.handle_signals()
    if bundle:
        _from_bundle(bundle, force, jobs)
        return
    selection = SetupSelection(names, models, everything)
    tasks = (
        _special_tasks(selection, offline, repair)
        if repair or prefetch
        else _tasks(selection, force, offline, inherits)
    )
    if not tasks:
        reason = "no environment is built" if repair else "config/pipeline.yaml names no default_workflows"
        click.echo(f"nothing to make ready: {reason}", err=True)
    setup_display.perform(tasks, jobs)


def _tasks(selection: SetupSelection, force: bool, offline: bool, inherits: bool) -> list[SetupTask]:
    from pipeline.config.catalog import Catalog
    from pipeline.scaffold import editor_schemas
    from pipeline.setup import bootstrap

    here = project()
    editor_schemas.refresh_if_used(here)
    return bootstrap.tasks(Catalog(here), selection, force, offline, inherits)


def _special_tasks(selection: SetupSelection, offline: bool, repair: bool) -> list[SetupTask]:
    """Tasks that repair, or those that only fetch."""
    from pipeline.config.catalog import Catalog

    catalog = Catalog(project())
    if repair:
        from pipeline.setup import repair as repairs

        return repairs.tasks(catalog, selection.environments, offline)
    from pipeline.bundles import prefetch as prefetching

    return prefetching.tasks(catalog, selection)


def _from_bundle(file: Path, force: bool, jobs: int | None) -> None:
    from functools import partial

    from pipeline.bundles import inspection, install

    opened = inspection.inspect(project(), file, force)
    with setup_display.display() as display:
        tasks = install.install(opened, partial(display.doing, "bundle"), force)
        display.done("bundle", "in its place")
        raise_together(carry_out(tasks, display, jobs))


def main() -> None:
    handler.run(command)
