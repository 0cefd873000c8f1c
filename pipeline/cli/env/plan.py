"""``pipeline env plan``."""

from typing import TYPE_CHECKING, Any

import click

from pipeline.cli.context import json_option, project, root_option
from pipeline.cli.output import print_json, print_table
from pipeline.config.catalog import Catalog

if TYPE_CHECKING:
    from pipeline.conflicts.groups import MergePlan

PROVIDER = "(provides tools)"  # an environment that no stage runs in


@click.command("plan")
@json_option
@root_option
def command(as_json: bool) -> None:
    """Show the fewest environments that all stages need, and which of today's could merge.

    Each merger is resolved as a whole, on the package index's metadata; nothing is changed. Packages that install
    the same module keep environments apart, too: that is seen where they are built.
    """
    from pipeline.conflicts.groups import plan

    merge_plan = plan(Catalog(project()))
    if as_json:
        print_json("env-plan", _data(merge_plan))
    else:
        _show(merge_plan)


def _data(merge_plan: "MergePlan") -> dict[str, Any]:
    return {
        "groups": [list(group) for group in merge_plan.groups],
        "is_fewest": merge_plan.is_fewest,
        "stages": {name: list(stages) for name, stages in merge_plan.stages.items()},
        "apart": [{"environments": list(each.names), "reasons": list(each.reasons)} for each in merge_plan.separations],
        "unused": list(merge_plan.unused),
        "not_built": list(merge_plan.unbuilt),
    }


def _show(merge_plan: "MergePlan") -> None:
    rows = [
        [
            " + ".join(group),
            ", ".join(stage for name in group for stage in merge_plan.stages[name]) or "(provides tools)",
        ]
        for group in merge_plan.groups
    ]
    print_table(["environment", "stages"], rows, "no stage needs an environment")
    if not rows:
        return
    today, fewest = len(merge_plan.stages), len(merge_plan.groups)
    how = "the fewest there can be" if merge_plan.is_fewest else "found by first fit: there may be a way with fewer"
    unseen = [name for group in merge_plan.groups if len(group) > 1 for name in group if name in merge_plan.unbuilt]
    verb = "may" if unseen else "would"
    click.echo(f"{today} today, {fewest} {verb} do ({how})")
    if unseen:
        click.echo("whether two of their packages install the same module is seen when they are built:")
        click.echo(f"  bootstrap {' '.join(f'--env {name}' for name in unseen)}")
    for each in merge_plan.separations:
        click.echo(f"apart: {' and '.join(each.names)}: {'; '.join(each.reasons)}")
    if merge_plan.unused:
        click.echo(f"needed by no stage: {', '.join(merge_plan.unused)}")
