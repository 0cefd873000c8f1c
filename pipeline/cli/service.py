"""``pipeline service``: the services of this user that run on this machine."""

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pipeline.cli import completion
from pipeline.cli.context import json_option, project_or_none
from pipeline.cli.output import print_json, print_table
from pipeline.errors import NotReady, UsageError, did_you_mean

if TYPE_CHECKING:
    from pipeline.services.folder import ServiceFolder
    from pipeline.services.wire import ServiceReport

    Running = list[tuple[ServiceFolder, ServiceReport]]

BEYOND = 20.0  # seconds that a service gets to end, beyond its own bound
START_SECONDS = 3600.0  # in which a restarted one is ready or has failed by itself
PAUSE = 0.2  # seconds between two looks at a log
SHOWN_KEY = 8  # characters
LISTING = "pipeline service list"

name_argument = click.argument("name", metavar="NAME", shell_complete=completion.services)


@click.group("service")
def group() -> None:
    """Programs that run beside stages and answer them. NAME is a service's name, or the beginning of its key."""


@group.command("list")
@json_option
def list_(as_json: bool) -> None:
    """List services with their state."""
    rows = [_row(report) for _, report in _running()]
    if as_json:
        print_json("service-list", rows)
    else:
        columns = ["name", "key", "state", "users", "restarts", "age", "address", "project"]
        print_table(columns, [_cells(row) for row in rows], "there are no services", spare=("project", "restarts"))


@group.command()
@name_argument
@click.option("-f", "--follow", is_flag=True, help="Go on until the service ends, or Ctrl-C.")
@click.option("-n", "--lines", type=click.IntRange(min=0), default=100, show_default=True, help="So many last lines.")
def logs(name: str, follow: bool, lines: int) -> None:
    """Print what a service has printed; also one that has ended, where its project keeps its log."""
    from pipeline.services.growing_log import GrowingLog

    folder, path = _log(name)
    log = GrowingLog(path, lines)
    try:
        while True:
            is_over = folder is None or not follow or not _is_there(folder)
            for line in log.new_lines():
                click.echo(line)
            if is_over:
                return
            time.sleep(PAUSE)
    finally:
        log.close()


@group.command()
@click.argument("names", nargs=-1, metavar="[NAME]...", shell_complete=completion.services)
@click.option("--all", "everyone", is_flag=True, help="All of them.")
@click.option("--force", is_flag=True, help="Also those that are used; stages that use them are repeated or fail.")
def stop(names: tuple[str, ...], everyone: bool, force: bool) -> None:
    """End services: each is asked to, and killed with all that it started where it takes too long."""
    from pipeline.services import live_services

    if bool(names) == everyone:
        raise UsageError("name the services to stop, or give --all", LISTING)
    there = _running()
    chosen = [_found(there, name) for name in names] if names else there
    _require_unused(chosen, "pipeline service stop {names} --force", force)
    left = [report.name for folder, report in chosen if not live_services.stop(folder, _patience(report))]
    click.echo(f"stopped {len(chosen) - len(left)} of {len(chosen)}")
    if left:
        raise NotReady(f"{', '.join(left)} can't be ended", LISTING)


@group.command()
@name_argument
@click.option("--force", is_flag=True, help="Also one that is used; stages that use it are repeated or fail.")
def restart(name: str, force: bool) -> None:
    """End a service's program and start it again, at the same address; returns when it is ready."""
    from pipeline.services import live_services
    from pipeline.services.status import ServiceState

    folder, report = _found(_running(), name)
    _require_unused([(folder, report)], "pipeline service restart {names} --force", force)
    try:
        after = live_services.restart(folder, _patience(report) + START_SECONDS).status
    except OSError:
        raise NotReady(f"the service '{report.name}' has just ended", LISTING) from None
    if after.state is not ServiceState.READY:
        why = f": {after.failure.text}" if after.failure else ""
        raise NotReady(f"the service '{report.name}' isn't ready{why}", f"pipeline service logs {report.name}")
    click.echo(f"{report.name} is ready")


@group.command()
@name_argument
@click.option("--port", metavar="PORT", help="The name of one of its ports; default: its first.")
@click.option("--token", is_flag=True, help="Print the token after it, which a service may want of its users.")
@json_option
def url(name: str, port: str | None, token: bool, as_json: bool) -> None:
    """Print the address of a service that is ready."""
    from pipeline.services.status import ServiceState

    _, report = _found(_running(), name)
    status = report.status
    if status.state is not ServiceState.READY:
        said = f": {status.message}" if status.message else ""
        raise NotReady(f"the service '{report.name}' is {status.state}{said}", f"pipeline service logs {report.name}")
    if port is not None and port not in status.urls:
        near = did_you_mean(port, list(status.urls))
        raise UsageError(f"the service '{report.name}' has no port '{port}'{near}", LISTING)
    if as_json:
        print_json("service-url", {"urls": dict(status.urls), "token": status.token})
        return
    click.echo(status.urls[port or next(iter(status.urls))])
    if token:
        click.echo(status.token)


def _running() -> "Running":
    from pipeline.executors.runtime_folder import Unavailable, locate
    from pipeline.services import live_services

    try:
        folder = live_services.runtime_folder(os.environ)
    except Unavailable as error:
        raise UsageError(f"services can't be found: {error}", f"ls -ld {locate(os.environ)}") from error
    return live_services.all_reports(folder) if folder else []


def _found(there: "Running", name: str) -> "tuple[ServiceFolder, ServiceReport]":
    """Raises ``UsageError`` where there is none of this name, or several."""
    fitting = _fitting(there, name)
    if not fitting:
        near = did_you_mean(name, [report.name for _, report in there])
        raise UsageError(f"no service '{name}' runs{near}", LISTING)
    if len(fitting) > 1:
        keys = ", ".join(_key(report) for _, report in fitting)
        raise UsageError(f"there are {len(fitting)} services '{name}'; name one by its key: {keys}", LISTING)
    return fitting[0]


def _fitting(there: "Running", name: str) -> "Running":
    """This project's own come before those of others."""
    named = [each for each in there if each[1].name == name]
    here = project_or_none()
    own = [each for each in named if here and each[1].project == str(here.root)]
    return own or named or [each for each in there if len(name) >= 4 and _whole_key(each[1]).startswith(name)]


def _log(name: str) -> "tuple[ServiceFolder | None, Path]":
    """Of one that runs, else of the project's own that has run last."""
    there, here = _running(), project_or_none()
    if not _fitting(there, name) and here and (kept := here.logs / "services" / f"{name}.log").is_file():
        return None, kept
    folder, report = _found(there, name)
    return folder, Path(report.status.log)


def _is_there(folder: "ServiceFolder") -> bool:
    try:
        folder.connect().close()
    except OSError:
        return False
    return True


def _require_unused(chosen: "Running", forced: str, is_forced: bool) -> None:
    used = [report for _, report in chosen if report.users]
    if used and not is_forced:
        names = " ".join(report.name for report in used)
        raise UsageError(f"it is used by others: {names}", forced.format(names=names))


def _patience(report: "ServiceReport") -> float:
    return report.longest_end + BEYOND


def _row(report: "ServiceReport") -> dict[str, Any]:
    status = report.status
    return {
        "name": report.name,
        "key": _whole_key(report),
        "project": report.project,
        "state": str(status.state),
        "message": status.message,
        "urls": dict(status.urls),
        "users": report.users,
        "restarts": status.restarts,
        "age_seconds": round(max(0.0, time.time() - status.started_at), 1) if status.started_at else 0.0,
        "pid": report.program,
        "supervisor": report.supervisor,
        "failure": None if status.failure is None else {"kind": str(status.failure.kind), "text": status.failure.text},
        "log": status.log,
    }


def _cells(row: dict[str, Any]) -> list[str]:
    state = f"{row['state']}: {row['message']}" if row["message"] and row["state"] != "ready" else row["state"]
    numbers = [str(row["users"]), str(row["restarts"]), f"{row['age_seconds']:.0f} s"]
    return [row["name"], row["key"][:SHOWN_KEY], state, *numbers, " ".join(row["urls"].values()), row["project"]]


def _whole_key(report: "ServiceReport") -> str:
    return report.key.rpartition(":")[2]


def _key(report: "ServiceReport") -> str:
    return _whole_key(report)[:SHOWN_KEY]
