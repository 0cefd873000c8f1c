"""``pipeline worker``: the processes that this user's runs keep for later stages on this machine."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pipeline.cli.context import json_option
from pipeline.cli.output import print_json, print_table
from pipeline.errors import UsageError

if TYPE_CHECKING:
    from pipeline.sdk.server_protocol import ServerStatus


@click.group("worker")
def group() -> None:
    """Processes that stay alive between stages, so that libraries and models are loaded once."""


@group.command("list")
@json_option
def list_(as_json: bool) -> None:
    """List workers with their state."""
    rows = [_row(name, status) for name, status in _workers()]
    if as_json:
        print_json("worker-list", rows)
    else:
        columns = ["pid", "state", "tasks", "memory", "age", "idle", "environment"]
        print_table(columns, [_cells(row) for row in rows], "there are no workers")


@group.command()
@click.argument("pids", nargs=-1, type=int, metavar="[PID]...")
@click.option("--all", "everyone", is_flag=True, help="All of them.")
@click.option("--force", is_flag=True, help="Also those that a run is using; its stage is lost.")
def stop(pids: tuple[int, ...], everyone: bool, force: bool) -> None:
    """Stop the workers with these PIDs, or all."""
    from pipeline.executors import servers

    if bool(pids) == everyone:
        raise UsageError("name the workers to stop by their PIDs, or give --all", "pipeline worker list")
    known = {status.pid: name for name, status in _workers()}
    unknown = [pid for pid in pids if pid not in known]
    if unknown:
        raise UsageError(f"process {unknown[0]} isn't one of these workers", "pipeline worker list")
    chosen = pids or tuple(known)
    busy = [pid for pid in chosen if not servers.end(_folder(), known[pid], force)]
    click.echo(f"stopped {len(chosen) - len(busy)} of {len(chosen)}")
    if busy:
        pids_of_busy = " ".join(map(str, busy))
        raise UsageError(f"a run is using {pids_of_busy}", f"pipeline worker stop --force {pids_of_busy}")


def _folder() -> Path:
    from pipeline.executors import runtime_folder

    return runtime_folder.locate(os.environ)


def _workers() -> "list[tuple[str, ServerStatus]]":
    """The server's name of each, and its state."""
    from pipeline.executors import servers
    from pipeline.executors.runtime_folder import Unavailable, ensure

    if not hasattr(os, "fork") or not _folder().exists():
        return []
    try:
        ensure(_folder())
    except Unavailable as error:
        raise UsageError(f"workers can't be found: {error}", f"ls -ld {_folder()}") from error
    return list(servers.status(_folder()))


def _row(name: str, status: "ServerStatus") -> dict[str, Any]:
    from pipeline.executors import servers

    jobs = servers.work_of(_folder(), name)
    return {
        "pid": status.pid,
        "kind": "worker",
        "prefix": status.prefix,
        "jobs": jobs,
        "tasks": status.tasks,
        "age_seconds": status.age_seconds,
        "idle_seconds": status.idle_seconds,
        "state": "busy" if jobs else "held" if status.leased else "idle",
        "memory": _memory(status.pid),
    }


def _memory(pid: int) -> int | None:
    """Bytes; ``None`` where the process has just ended."""
    import psutil

    try:
        return int(psutil.Process(pid).memory_info().rss)
    except psutil.Error:
        return None


def _cells(row: dict[str, Any]) -> list[str]:
    state = " ".join([row["state"], *row["jobs"]])
    memory = "" if row["memory"] is None else f"{row['memory'] >> 20} MiB"
    ages = [f"{row[name]:.0f} s" for name in ("age_seconds", "idle_seconds")]
    return [str(row["pid"]), state, str(row["tasks"]), memory, *ages, row["prefix"]]
