"""``pipeline env lock``."""

import sys
from functools import partial
from typing import Any

import click

from pipeline.cli import completion
from pipeline.cli.context import json_option, project, root_option
from pipeline.cli.output import print_json
from pipeline.config.catalog import Catalog
from pipeline.envs.lockfiles.resolve import Upgrade
from pipeline.errors import ExitCode, NotReady, UsageError
from pipeline.setup import lock as locking
from pipeline.setup.lock import LockResult

EVERYTHING = ""  # what click gives for --upgrade alone


@click.command("lock")
@click.argument("names", nargs=-1, metavar="[NAME]...", shell_complete=completion.environments)
@click.option(
    "--upgrade",
    "upgrades",
    is_flag=False,
    flag_value=EVERYTHING,
    multiple=True,
    metavar="[PACKAGE]",
    help="Let all pins move to the newest version, or PACKAGE's alone (may be repeated). Stands after the NAMEs.",
)
@click.option("--check", is_flag=True, help="Only say whether the locks are what the requirements ask for.")
@json_option
@root_option
def command(names: tuple[str, ...], upgrades: tuple[str, ...], check: bool, as_json: bool) -> None:
    """Pin the requirements of environments: every package, every hash, for every platform.

    Without NAME, all environments. Writes requirements/NAME.lock, which belongs in version control. Pins that
    still fit stay as they are. Where nothing fits, the resolver's explanation is shown and the lock stays.
    """
    if check and upgrades:
        raise UsageError(
            "--check changes nothing, so it doesn't go together with --upgrade", "leave one of the two out"
        )
    catalog = Catalog(project())
    definitions = locking.with_locks(catalog, names)
    if check:
        _check(locking.problems(definitions), as_json)
        return
    upgrade = Upgrade(EVERYTHING in upgrades, tuple(each for each in upgrades if each != EVERYTHING))
    locking.require_known(definitions, upgrade)
    if not definitions and not as_json:
        click.echo("the project has no environment of its own to lock")
    results = []
    for result in locking.make(catalog, definitions, upgrade, partial(click.echo, err=True)):
        results.append(result)
        if not as_json:
            _show(result)
    if as_json:
        print_json("env-lock", [_plain(result) for result in results])
    _end(results, as_json)


def _check(reasons: dict[str, str], as_json: bool) -> None:
    if as_json:
        print_json("env-lock-check", [{"environment": name, "problem": reason} for name, reason in reasons.items()])
        sys.exit(ExitCode.NOT_READY if reasons else ExitCode.OK)
    if reasons:
        raise NotReady("\n".join(reasons.values()), f"pipeline env lock {' '.join(reasons)}")
    click.echo("the locks are what the requirements ask for")


def _show(result: LockResult) -> None:
    lock = f"requirements/{result.definition.locked.name}"
    if result.error:
        return  # shown at the end, where it isn't scrolled away
    if result.changes is None:
        click.echo(f"{lock} is as it was")
        return
    click.echo(f"{lock} written" if result.changes else f"{lock} written; no version changed")
    for change in result.changes:
        click.echo(f"  {change}")


def _end(results: list[LockResult], as_json: bool) -> None:
    errors = [result.error for result in results if result.error]
    written = [result.definition.name for result in results if result.changes is not None]
    if errors and as_json:
        sys.exit(errors[0].exit_code)  # an error's envelope would be a second document
    if errors:
        steps = dict.fromkeys(error.next_step for error in errors if error.next_step)
        raise NotReady("\n".join(error.message for error in errors), "\n".join(steps), errors[0].exit_code)
    if written and not as_json:
        click.echo(f"next: bootstrap {' '.join(f'--env {name}' for name in dict.fromkeys(written))}")


def _plain(result: LockResult) -> dict[str, Any]:
    return {
        "environment": result.definition.name,
        "variant": result.definition.variant,
        "lock": f"requirements/{result.definition.locked.name}",
        "written": result.changes is not None,
        "changes": [
            {"name": each.name, "before": list(each.before), "after": list(each.after)} for each in result.changes or ()
        ],
        "error": result.error.message if result.error else None,
    }
