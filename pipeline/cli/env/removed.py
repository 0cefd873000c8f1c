"""What ``gc`` and ``remove`` tell of builds that went or had to stay."""

import time
from collections.abc import Mapping
from typing import Any

import click

from pipeline.cli.output import print_table
from pipeline.envs.gc.survey import Found
from pipeline.sizes import show_size


def row(found: Found, why: str, freed: int | None) -> dict[str, Any]:
    used = found.last_used
    return {
        "build": found.folder.name,
        "environment": found.name or None,
        "why": why,
        "size": found.size.allocated,
        "shared": found.size.shared,
        "freed": freed,
        "last_used": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(used)) if used else None,
    }


def tell(data: Mapping[str, Any]) -> None:
    cells = [[each["build"], each["why"], show_size(each["size"]), each["last_used"] or ""] for each in data["removed"]]
    if cells:
        print_table(("build", "why", "size", "last used"), cells, "")
    for each in data["kept"]:
        click.echo(f"{each['build']} stays: {each['why']}")
    builds = "1 build" if len(cells) == 1 else f"{len(cells)} builds"
    if data["dry_run"]:
        click.echo(f"{builds} would be removed")
    else:
        click.echo(f"{builds} removed, {show_size(data['freed'])} freed")
