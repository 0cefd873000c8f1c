"""``pipeline env gc``."""

from collections.abc import Mapping
from typing import Any

import click

from pipeline.cli.context import json_option, project, root_option, size
from pipeline.cli.env.removed import row, tell
from pipeline.cli.output import print_json
from pipeline.config.catalog import Catalog
from pipeline.envs.gc.selection import DAY_SECONDS, Bounds, Choice
from pipeline.setup import cleanup
from pipeline.sizes import show_size


@click.command("gc")
@click.option(
    "--limit",
    callback=size,
    metavar="SIZE",
    help="Instead of the project's environments_limit, such as '50 GiB'.",
)
@click.option("--older-than", type=click.FloatRange(min=0), metavar="DAYS", help="Also those unused for so long.")
@click.option("--force", is_flag=True, help="Also what jobs that aren't finished were prepared for.")
@click.option("--dry-run", is_flag=True, help="Only show what would be removed.")
@json_option
@root_option
def command(limit: int | None, older_than: float | None, force: bool, dry_run: bool, as_json: bool) -> None:
    """Remove what is left of builds, and those used least recently until the rest fits the limit.

    What was interrupted, replaced or found damaged goes always. Never goes what a process uses, nor, without
    --force, what a job that isn't finished was prepared for. Locks stay: bootstrap builds again what is needed.
    """
    here = project()
    catalog = Catalog(here)
    bounds = Bounds(
        limit=catalog.settings.environments_limit if limit is None else limit,
        older_than=None if older_than is None else older_than * DAY_SECONDS,
        defined=catalog.environment_names,
    )
    choice = cleanup.choice(here, bounds, force)
    going = [each.found for each in choice.going]
    removed = cleanup.Removed({}, {}) if dry_run else cleanup.carry_out(here, going)
    data = {"limit": bounds.limit, "dry_run": dry_run, **_told(choice, removed, dry_run)}
    if as_json:
        print_json("environment-gc", data)
        return
    tell(data)
    limited = f", the limit is {show_size(bounds.limit)}" if bounds.limit is not None else ""
    click.echo(f"{show_size(data['before'])} before, {show_size(data['after'])} after{limited}")


def _told(choice: Choice, removed: cleanup.Removed, dry_run: bool) -> Mapping[str, Any]:
    going = {each.found.folder.name: each for each in choice.going}
    gone = list(going) if dry_run else list(removed.freed)
    kept = {each.folder.name: (each, who) for each, who in choice.kept}
    kept |= {name: (going[name].found, who) for name, who in removed.refused.items()}
    return {
        "before": choice.before,
        "after": choice.before - sum(going[name].found.size.allocated for name in gone),
        "freed": sum(removed.freed.values()),
        "removed": [row(going[name].found, going[name].why, removed.freed.get(name)) for name in gone],
        "kept": [row(found, who, None) for found, who in kept.values()],
    }
