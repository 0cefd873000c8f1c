"""``pipeline env remove``."""

import click

from pipeline.cli import completion
from pipeline.cli.context import json_option, project, root_option
from pipeline.cli.env.removed import row, tell
from pipeline.cli.output import print_json
from pipeline.config.catalog import Catalog
from pipeline.config.source import require_name
from pipeline.envs.gc.survey import Found
from pipeline.errors import NotReady
from pipeline.project import Project
from pipeline.setup import cleanup


@click.command("remove")
@click.argument("name", shell_complete=completion.environments)
@click.option("--force", is_flag=True, help="Also where a job that isn't finished was prepared for it.")
@click.option("--dry-run", is_flag=True, help="Only show what would be removed.")
@json_option
@root_option
def command(name: str, force: bool, dry_run: bool, as_json: bool) -> None:
    """Remove all builds of an environment; its definition and its lock stay.

    Refuses, and removes nothing, where a process uses one of them.
    """
    here = project()
    builds = cleanup.of_name(here, name)
    if not builds:
        require_name("environment", name, Catalog(here).environment_names, "pipeline env list")
    _require_free(here, builds, force)
    removed = cleanup.Removed({}, {}) if dry_run else cleanup.carry_out(here, builds)
    going = [each for each in builds if dry_run or each.folder.name in removed.freed]
    data = {
        "name": name,
        "dry_run": dry_run,
        "freed": sum(removed.freed.values()),
        "removed": [row(each, each.state.value, removed.freed.get(each.folder.name)) for each in going],
        "kept": [row(each, removed.refused[each.folder.name], None) for each in builds if each not in going],
    }
    if as_json:
        print_json("environment-remove", data)
    else:
        tell(data)
    if data["kept"] and not as_json:
        raise NotReady(f"environment '{name}' isn't removed: somebody began to use it", f"pipeline env remove {name}")


def _require_free(here: Project, builds: list[Found], force: bool) -> None:
    """Raises ``NotReady`` with who needs a build."""
    jobs = {} if force else cleanup.unfinished(here)
    for each in builds:
        if who := cleanup.users(each):
            raise NotReady(
                f"{each.folder.name} isn't removed: {who}",
                "wait for it, or end it: pipeline job cancel for a job, pipeline worker stop for a worker",
            )
        if job := jobs.get(each.key):
            raise NotReady(
                f"{each.folder.name} isn't removed: {job} isn't finished and was prepared for it",
                f"run-pipeline --job {job}   or pipeline env remove {each.name} --force",
            )
