"""Stages of one line, and executors to run them on."""

import json
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from pipeline.digests import sha256_of_bytes
from pipeline.executors import Event, Invocation, Message, ProcessExit
from pipeline.executors.local import LocalExecutor
from pipeline.policy import Start
from pipeline.process import Interpreter
from pipeline.values import replace

TOKEN = "0123456789abcdef"
HERE = Interpreter(Path(sys.executable), Path(sys.prefix), {"PATH": os.environ["PATH"], "PIPELINE_RUN": TOKEN})
MISSING = Interpreter(Path("/nowhere/bin/python"), Path("/nowhere"), {})
BOUND = 60.0  # seconds in which anything must have happened
HEAD = "import os, signal, subprocess, sys, threading, time"

Runs = Callable[..., list[Event]]  # runs a stage with this body to its end


def invocation(
    folder: Path,
    body: str,
    start: Start = "cold",
    interpreter: Interpreter = HERE,
    id: str = "job/test/1",
    variables: Mapping[str, str] | None = None,
    modules: tuple[Path, ...] = (),
) -> Invocation:
    """A stage whose ``run`` has this body."""
    lines = "\n    ".join(body.splitlines())
    source = f"{HEAD}\nLOADED_BY = os.getpid()\ndef run(stage):\n    {lines}\n"
    stage_file, file = folder / "stage.py", folder / "invocation.json"
    stage_file.write_text(source)
    arguments = {"name": "test", "parameters": {"n": 1}, "inputs": {}, "models": {}, "outputs": {"file": "out.txt"}}
    places = {"inputs": {}, "models": {}, "output_folder": str(folder), "work": str(folder / "work")}
    file.write_text(json.dumps({"arguments": arguments, **places, "cpus": 1}))
    files = [each for path in modules for each in sorted([path, *path.rglob("*.py")]) if each.is_file()]
    shared = b"".join(each.read_bytes() for each in files)
    digest, log = sha256_of_bytes(source.encode() + shared), folder / "stage.log"
    return Invocation(id, interpreter, stage_file, digest, file, log, start, variables or {}, modules)


def with_id(invocation: Invocation, number: int) -> Invocation:
    """Another attempt at the same."""
    return replace(invocation, id=f"job/test/{number}")


def until_exit(executor: LocalExecutor, wake: int, exits: int = 1) -> list[Event]:
    """Without what processes used and when they began, which differs each time."""
    return [
        replace(each, used=None, began=None) if isinstance(each, ProcessExit) else each
        for each in events_to_exit(executor, wake, exits)
    ]


def events_to_exit(executor: LocalExecutor, wake: int, exits: int = 1) -> list[Event]:
    events: list[Event] = []
    while len([event for event in events if isinstance(event, ProcessExit)]) < exits:
        arrived = executor.wait(wake, BOUND)
        assert arrived, f"nothing happened after {events}"
        events += arrived
    return events


def exit_of(events: list[Event]) -> ProcessExit:
    (exited,) = [event for event in events if isinstance(event, ProcessExit)]
    return exited


def warnings(events: list[Event]) -> list[str]:
    return [event.report.warning for event in events if isinstance(event, Message) and event.report.warning]


def log(folder: Path) -> str:
    return (folder / "stage.log").read_text()
