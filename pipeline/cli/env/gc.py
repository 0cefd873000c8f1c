"""``pipeline env gc``, and how removed builds are shown."""

import time
from collections.abc import Mapping
from typing import Any

import click

from pipeline.cli.context import json_option, project, root_option, size
from pipeline.cli.output import print_json, print_table
from pipeline.cli.value_types import FiniteRange
from pipeline.config.catalog import Catalog
from pipeline.envs.gc.selection import DAY_SECONDS, RemovalPlan, StorageLimits
from pipeline.envs.gc.survey import BuildFolder
from pipeline.setup import cleanup
from pipeline.sizes import show_size


@click.command("gc")
@click.option(
    "--limit",
    callback=size,
    metavar="SIZE",
    help="Instead of the project's environments_limit, such as '50 GiB'.",
)
@click.option("--older-than", type=FiniteRange(min=0), metavar="DAYS", help="Also those unused for so long.")
@click.option("--force", is_flag=True, help="Also builds that unfinished jobs were prepared for.")
@click.option("--dry-run", is_flag=True, help="Only show what would be removed.")
@json_option
@root_option
def command(limit: int | None, older_than: float | None, force: bool, dry_run: bool, as_json: bool) -> None:
    """Remove useless builds, and those used least recently until the rest fits the limit.

    Interrupted, replaced and damaged builds are always removed. A build that a process uses never is, nor, without
    --force, one that an unfinished job was prepared for. Locks stay: bootstrap builds again what is needed.
    """
    here = project()
    catalog = Catalog(here)
    limits = StorageLimits(
        total=catalog.settings.environments_limit if limit is None else limit,
        age=None if older_than is None else older_than * DAY_SECONDS,
        defined=catalog.environment_names,
    )
    plan = cleanup.removal_plan(here, limits, force)
    builds = [each.build for each in plan.removals]
    result = cleanup.CleanupResult({}, {}) if dry_run else cleanup.carry_out(here, builds)
    data = {"limit": limits.total, "dry_run": dry_run, **_data(plan, result, dry_run)}
    if as_json:
        print_json("environment-gc", data)
        return
    show(data)
    limited = f", the limit is {show_size(limits.total)}" if limits.total is not None else ""
    click.echo(f"{show_size(data['before'])} before, {show_size(data['after'])} after{limited}")


def _data(plan: RemovalPlan, result: cleanup.CleanupResult, dry_run: bool) -> Mapping[str, Any]:
    removals = {each.build.path.name: each for each in plan.removals}
    gone = list(removals) if dry_run else list(result.freed)
    kept = {build.path.name: (build, user) for build, user in plan.exceptions}
    kept |= {name: (removals[name].build, user) for name, user in result.refused.items()}
    return {
        "before": plan.before,
        "after": plan.before - sum(removals[name].build.size.allocated for name in gone),
        "freed": sum(result.freed.values()),
        "removed": [row(removals[name].build, removals[name].reason, result.freed.get(name)) for name in gone],
        "kept": [row(build, user, None) for build, user in kept.values()],
    }


def row(build: BuildFolder, why: str, freed: int | None) -> dict[str, Any]:
    """A build that was removed or that stays, as JSON. ``freed``: bytes; ``None`` where it wasn't removed."""
    used = build.last_used
    return {
        "build": build.path.name,
        "environment": build.name or None,
        "why": why,
        "size": build.size.allocated,
        "shared": build.size.shared,
        "freed": freed,
        "last_used": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(used)) if used else None,
    }


def show(data: Mapping[str, Any]) -> None:
    """Print the rows in ``removed`` and ``kept``."""
    cells = [
        [each["build"], each["environment"] or "", each["why"], show_size(each["size"]), each["last_used"] or ""]
        for each in data["removed"]
    ]
    if cells:
        print_table(("build", "environment", "why", "size", "last used"), cells, "")
    for each in data["kept"]:
        of = f" of environment '{each['environment']}'" if each["environment"] else ""
        click.echo(f"{each['build']}{of} stays: {each['why']}")
    builds = "1 build" if len(cells) == 1 else f"{len(cells)} builds"
    if data["dry_run"]:
        click.echo(f"{builds} would be removed")
    else:
        click.echo(f"{builds} removed, {show_size(data['freed'])} freed")
