"""Calls from inside a stage, also one that is confined."""

import json
import os
import sysconfig
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import REPOSITORY, Sandbox
from tests.stage_sources import reporting_stage
from tests.test_run_confined import needs_namespaces

CALLS = """
import socket, sys

def report(stage, source):
    sys.path += {path}
    import pipeline

    with pipeline.environment("beta").open({file!r}) as session:
        reached, written = session.reached({address!r}), session.written({there!r})
        return {{"there": session.prefix(), "reached": reached, "written": written}}
"""

FUNCTIONS = """
import socket, sys

def prefix():
    return sys.prefix

def reached(address):
    try:
        socket.create_connection(address, 5).close()
    except OSError:
        return False
    return True

def written(path):
    try:
        open(path, "w").close()
    except OSError:
        return False
    return True
"""


def told(sandbox: Sandbox, tmp_path: Path, address: tuple[str, int], *bounds: str) -> dict[str, Any]:
    """What a stage gets to hear that calls into another environment: where that is, and what is in reach there."""
    file = tmp_path / "functions.py"
    file.write_text(FUNCTIONS)
    path = [str(REPOSITORY), sysconfig.get_path("purelib")]
    source = CALLS.format(path=path, file=str(file), address=address, there=str(tmp_path / "written"))
    sandbox.write("stages/calling.py", reporting_stage(source, *bounds))
    sandbox.workflow("tested", "calling: {inputs: {file: job.input}}", head="deliver: [calling.report]")
    id = sandbox.prepare("tested")
    done = sandbox.run("run-pipeline", "-j", id)
    assert done.code == 0, done.err + (sandbox.job(id) / "logs/calling.log").read_text()
    report: dict[str, Any] = json.loads((sandbox.job(id) / "stages/calling/1/outputs/report.json").read_text())
    return report


@pytest.fixture
def address() -> Any:
    import socket

    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        yield server.getsockname()


def test_a_stage_calls_into_another_environment_of_its_project(
    ready: Sandbox, ended_workers: None, tmp_path: Path, address: tuple[str, int]
) -> None:
    report = told(ready, tmp_path, address, "timeout_seconds = 100")
    assert os.path.realpath(report["there"]) == os.path.realpath(ready.root / "venv/beta")
    assert report["reached"]
    assert report["written"]


@needs_namespaces
@pytest.mark.parametrize("bounds", [("network = false",), ("network = false", "read_only = true")])
def test_what_a_confined_stage_calls_is_confined_as_it_is(
    ready: Sandbox, ended_workers: None, tmp_path: Path, address: tuple[str, int], bounds: tuple[str, ...]
) -> None:
    report = told(ready, tmp_path, address, *bounds)
    assert os.path.realpath(report["there"]) == os.path.realpath(ready.root / "venv/beta")
    assert not report["reached"]
    assert report["written"] is (len(bounds) == 1)
    assert ready.run("pipeline", "worker", "list").out == "there are no workers\n"
