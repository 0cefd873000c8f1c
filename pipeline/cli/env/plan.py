"""``pipeline env plan``."""

from typing import TYPE_CHECKING, Any

import click

from pipeline.cli.context import json_option, project, root_option
from pipeline.cli.output import print_json, print_table
from pipeline.config.catalog import Catalog

if TYPE_CHECKING:
    from pipeline.conflicts.groups import MergePlan


@click.command("plan")
@json_option
@root_option
def command(as_json: bool) -> None:
    """Show the fewest environments that all stages need, and which of today's could merge.

    Each merger is resolved as a whole, on the package index's metadata; nothing is changed. Packages that install
    the same module keep environments apart, too: that is seen where they are built.
    """
    from pipeline.conflicts.groups import plan

    found = plan(Catalog(project()))
    if as_json:
        print_json("env-plan", _data(found))
    else:
        _tell(found)


def _data(found: "MergePlan") -> dict[str, Any]:
    return {
        "groups": [list(group) for group in found.groups],
        "is_fewest": found.is_fewest,
        "stages": {name: list(stages) for name, stages in found.stages.items()},
        "apart": [{"environments": list(each.names), "reasons": list(each.reasons)} for each in found.separations],
        "unused": list(found.unused),
        "not_built": list(found.unbuilt),
    }


def _tell(found: "MergePlan") -> None:
    rows = [
        [" + ".join(group), ", ".join(stage for name in group for stage in found.stages[name]) or "(provides tools)"]
        for group in found.groups
    ]
    print_table(["environment", "stages"], rows, "no stage needs an environment")
    if not rows:
        return
    today, fewest = len(found.stages), len(found.groups)
    how = "the fewest there can be" if found.is_fewest else "found by first fit: there may be a way with fewer"
    unseen = [name for group in found.groups if len(group) > 1 for name in group if name in found.unbuilt]
    verb = "may" if unseen else "would"
    click.echo(f"{today} today, {fewest} {verb} do ({how})")
    if unseen:
        click.echo("whether two of their packages install the same module is seen when they are built:")
        click.echo(f"  bootstrap {' '.join(f'--env {name}' for name in unseen)}")
    for each in found.separations:
        click.echo(f"apart: {' and '.join(each.names)}: {'; '.join(each.reasons)}")
    if found.unused:
        click.echo(f"needed by no stage: {', '.join(found.unused)}")
