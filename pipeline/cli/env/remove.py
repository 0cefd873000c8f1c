"""``pipeline env remove``."""

import click

from pipeline.cli import completion
from pipeline.cli.context import json_option, project, root_option
from pipeline.cli.env.gc import row, show
from pipeline.cli.output import print_json
from pipeline.config.catalog import Catalog
from pipeline.config.source import require_name
from pipeline.envs.gc.survey import BuildFolder
from pipeline.errors import NotReady
from pipeline.project import ProjectFolder
from pipeline.setup import cleanup


@click.command("remove")
@click.argument("name", shell_complete=completion.environments)
@click.option("--force", is_flag=True, help="Also where an unfinished job was prepared for it.")
@click.option("--dry-run", is_flag=True, help="Only show what would be removed.")
@json_option
@root_option
def command(name: str, force: bool, dry_run: bool, as_json: bool) -> None:
    """Remove all builds of an environment; its definition and its lock stay.

    Builds that another environment or another project uses stay, too.

    Refuses, and removes nothing, where a process uses one of them.
    """
    here = project()
    builds = cleanup.builds_of(here, name)
    other = cleanup.other_user(here, name)
    if not builds and not other:
        require_name("environment", name, Catalog(here).environment_names, "pipeline env list")
    _require_free(here, name, builds, force)
    result = cleanup.CleanupResult({}, {}) if dry_run else cleanup.carry_out(here, builds)
    if other and not dry_run:
        cleanup.let_go(here, name)
    gone = [each for each in builds if dry_run or each.path.name in result.freed]
    data = {
        "name": name,
        "dry_run": dry_run,
        "freed": sum(result.freed.values()),
        "removed": [row(each, each.state.value, result.freed.get(each.path.name)) for each in gone],
        "kept": [row(each, result.refused[each.path.name], None) for each in builds if each not in gone],
        "used_elsewhere": other,
    }
    if as_json:
        print_json("environment-remove", data)
    else:
        show(data)
        if other:
            click.echo(f"the build of environment '{name}' stays: {other}")
    if data["kept"] and not as_json:
        raise NotReady(
            f"not all of environment '{name}' was removed: a process has begun to use it", f"pipeline env remove {name}"
        )


def _require_free(here: ProjectFolder, name: str, builds: list[BuildFolder], force: bool) -> None:
    """Raises ``NotReady`` with who needs a build."""
    jobs = {} if force else cleanup.unfinished(here)
    for each in builds:
        if who := cleanup.users(each):
            raise NotReady(
                f"{each.path.name} of environment '{name}' isn't removed: {who}",
                "wait until it has ended, or end it; these show jobs and workers\npipeline job list\n"
                "pipeline worker list",
            )
        if job := jobs.get(each.key):
            raise NotReady(
                f"{each.path.name} of environment '{name}' isn't removed: {job} isn't finished and was prepared for it",
                f"run-pipeline -j {job}\nor, to remove it all the same\npipeline env remove {name} --force",
            )
