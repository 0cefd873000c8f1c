"""``pipeline env bisect``."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pipeline.cli.context import json_option, project, root_option
from pipeline.cli.output import print_json
from pipeline.cli.value_types import FiniteRange, NamedPath
from pipeline.config.catalog import Catalog
from pipeline.text import printable

if TYPE_CHECKING:
    from pipeline.conflicts.bisect import BisectResult
    from pipeline.conflicts.lock_changes import PinChange

LOCK = NamedPath(exists=True, dir_okay=False, path_type=Path)


@click.command("bisect", context_settings={"allow_interspersed_args": False})  # what follows is COMMAND's
@click.option("--good", required=True, type=LOCK, help="A lock with which the command succeeds.")
@click.option("--bad", required=True, type=LOCK, help="A lock with which it fails.")
@click.option("--python", metavar="RANGE", help="Default: that of the environment whose lock one of them is, else any.")
@click.option(
    "--timeout", type=FiniteRange(min=0, min_open=True), default=600, show_default=True, metavar="SECONDS",
    help="A command that takes longer has failed.",
)  # fmt: skip
@click.option(
    "--repeat", type=click.IntRange(min=1), default=1, show_default=True, metavar="N",
    help="For a command that fails only sometimes: it succeeds if it does so N times.",
)  # fmt: skip
@click.argument("argv", nargs=-1, required=True, metavar="-- COMMAND...", type=click.UNPROCESSED)
@json_option
@root_option
def command(
    good: Path, bad: Path, python: str | None, timeout: float, repeat: int, argv: tuple[str, ...], as_json: bool
) -> None:
    """Find which package's change broke COMMAND, between two locks.

    \b
      pipeline env bisect --good old.lock --bad requirements/whisper.lock -- python test.py

    COMMAND runs in throwaway environments, each with some of the changes, its programs first on PATH. Exit code 0 is
    good, 125 means that it can't be judged, any other is bad. Sets of packages that can't be installed or don't fit
    each other are passed over. Your environments aren't touched.
    """
    from pipeline.conflicts.bisect import LOG, bisect_in_project
    from pipeline.conflicts.trial_environment import Command

    here = project()

    def progress(step: str) -> None:
        click.echo(printable(step), err=True)

    result = bisect_in_project(Catalog(here), (good, bad), Command(argv, timeout, repeat), python, progress)
    log = here.logs / LOG
    if as_json:
        print_json("env-bisect", {**_data(result), "log": str(log)})
    else:
        _show(result, log)


def _data(result: "BisectResult") -> dict[str, Any]:
    return {
        "culprits": [_change(each) for each in result.culprits],
        "is_minimal": result.is_minimal,
        "changes": [_change(each) for each in result.changes],
        "last_lines": list(result.last_lines),
        "steps": [
            {
                "changes": [each.name for each in step.changes],
                "verdict": str(step.trial.verdict),
                "reason": step.trial.reason,
                "seconds": round(step.trial.seconds, 3),
            }
            for step in result.steps
        ],
    }


def _change(change: "PinChange") -> dict[str, str | None]:
    return {"name": change.name, "from": change.before or None, "to": change.after or None}


def _show(result: "BisectResult", log: Path) -> None:
    one = len(result.culprits) == 1
    what = "this change" if one else "these changes together"
    click.echo(f"\nOf {len(result.changes)} changes, {what} broke it:")
    for change in result.culprits:
        click.echo(printable(f"  {change}"))
    if not result.is_minimal:
        click.echo("Not all of them may be needed: some of them without the others can't be installed or judged.")
    if result.last_lines:
        click.echo("\nThe command's last lines with it:" if one else "\nThe command's last lines with them:")
        for line in result.last_lines:
            click.echo(printable(f"  {line}"))
    click.echo(f"\n{len(result.steps)} environments were tried; all their output is in {log}")
