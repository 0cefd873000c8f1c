"""Stages without a network, and stages that can write into their own folder alone."""

import json
import os
import platform
import socket
import subprocess
from pathlib import Path
from typing import Any

import pytest

from pipeline.executors import runtime_folder
from pipeline.prepare import confinement
from tests.conftest import BIN, Sandbox
from tests.jobs.helpers import a_stage
from tests.stage_sources import reporting_stage

CONFINED = a_stage("a", network=False, read_only=True)
POSSIBLE = confinement.problem([CONFINED]) is None
needs_namespaces = pytest.mark.skipif(not POSSIBLE, reason="this machine lets nobody make namespaces")

ATTEMPTS = """
import multiprocessing, pty, socket, stat, subprocess, tempfile

def connect(address):
    with socket.create_connection(address, 5):
        pass

def loopback():
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        connect(server.getsockname())

def reach_worker():
    with socket.socket(socket.AF_UNIX) as asking:
        asking.connect(os.path.join(os.environ["XDG_RUNTIME_DIR"], "pipeline", "a-worker"))

def disks():
    paths = [os.path.join("/dev", name) for name in os.listdir("/dev")]
    return [path for path in paths if stat.S_ISBLK(os.stat(path).st_mode)]

def report(stage, source):
    (stage.work / "mine").write_text("x")
    print("logged")
    return {
        "network": attempted(lambda: connect(("192.0.2.1", 9))),
        "loopback": attempted(loopback),
        "input": attempted(lambda: source.open("a").close()),
        "source": attempted(lambda: open(__file__, "a").close()),
        "project": attempted(lambda: open(os.path.join(os.path.dirname(__file__), "new"), "w").close()),
        "home": attempted(lambda: open(os.path.expanduser("~/new"), "w").close()),
        "temporary": attempted(lambda: tempfile.NamedTemporaryFile().close()),
        "lock": attempted(multiprocessing.Lock),
        "worker": attempted(reach_worker),
        "host": attempted(lambda: socket.socket(40, socket.SOCK_STREAM).close()),
        "kernel": attempted(lambda: open("/proc/sys/kernel/panic", "a").close()),
        "power": attempted(lambda: open("/sys/power/state", "a").close()),
        "terminal": attempted(lambda: [os.close(each) for each in pty.openpty()]),
        "disks": disks(),
        "child": subprocess.run(["touch", str(source)], capture_output=True).returncode,
        "work": sorted(os.listdir(stage.work)),
    }
"""


def prepared(sandbox: Sandbox, bounds: str, workflow: str = "") -> str:
    sandbox.write("stages/bounded.py", reporting_stage(ATTEMPTS, *bounds.split(";")))
    sandbox.workflow("tested", f"bounded: {{inputs: {{file: job.input}}{workflow}}}", head="deliver: [bounded.report]")
    return sandbox.prepare("tested")


def report_of(sandbox: Sandbox, id: str) -> dict[str, Any]:
    done = sandbox.run("run-pipeline", "-j", id)
    assert done.code == 0, done.err
    assert (sandbox.job(id) / "logs/bounded.log").read_text() == "logged\n"
    found: dict[str, Any] = json.loads((sandbox.job(id) / "stages/bounded/1/outputs/report.json").read_text())
    return found


@needs_namespaces
@pytest.mark.parametrize("start", ["cold", "worker"])
def test_a_stage_without_a_network_reaches_itself_alone(ready: Sandbox, start: str) -> None:
    found = report_of(ready, prepared(ready, f'network = false;start = ["{start}"]'))
    assert found["network"] == "Network is unreachable"
    assert found["loopback"] == "done"
    assert found["project"] == "done"


@needs_namespaces
def test_a_stage_that_reads_alone_writes_into_its_own_folder_alone(ready: Sandbox) -> None:
    id = prepared(ready, "read_only = true")
    found = report_of(ready, id)
    refused = "Read-only file system"
    assert [found[name] for name in ("input", "source", "project", "home")] == [refused] * 4
    assert found["child"] == 1
    assert [found[name] for name in ("temporary", "lock", "work")] == ["done", "done", ["mine"]]
    assert sorted(path.name for path in (ready.job(id) / "stages/bounded/1").iterdir()) == [
        "invocation.json",
        "outputs",
        "result.json",
    ]


@needs_namespaces
def test_what_is_not_a_file_of_a_disk_is_bounded_for_root_too(ready: Sandbox) -> None:
    found = report_of(ready, prepared(ready, "read_only = true"))
    assert found["disks"] == []
    assert found["terminal"] == "done"
    as_root = "Read-only file system"
    assert found["kernel"] in {as_root, "Permission denied"}
    assert found["power"] in {as_root, "Permission denied", "No such file or directory"}


@needs_namespaces
@pytest.mark.parametrize("bounds", ["network = false", "read_only = true"])
def test_a_worker_that_is_not_bounded_cannot_be_reached(ready: Sandbox, bounds: str) -> None:
    folder = runtime_folder.locate(os.environ)
    runtime_folder.ensure(folder)
    with socket.socket(socket.AF_UNIX) as worker:
        place = folder / "a-worker"
        with runtime_folder.address(place) as address:
            worker.bind(address)
        worker.listen()
        try:
            assert report_of(ready, prepared(ready, bounds))["worker"] == "No such file or directory"
        finally:
            place.unlink()


@needs_namespaces
@pytest.mark.skipif(platform.machine() not in {"x86_64", "aarch64"}, reason="the filter knows these")
def test_a_stage_without_a_network_has_no_socket_to_the_host_of_a_virtual_machine(ready: Sandbox) -> None:
    assert report_of(ready, prepared(ready, "network = false"))["host"] == "Address family not supported by protocol"


@needs_namespaces
def test_a_workflow_may_ask_for_it(ready: Sandbox) -> None:
    found = report_of(ready, prepared(ready, "", ", network: false, read_only: true"))
    assert (found["network"], found["input"]) == ("Network is unreachable", "Read-only file system")


@needs_namespaces
def test_a_result_within_bounds_is_another_one(ready: Sandbox) -> None:
    first = prepared(ready, "")
    report_of(ready, first)
    id = prepared(ready, "", ", network: false")
    assert report_of(ready, id)["network"] == "Network is unreachable"


def impossible(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    program = tmp_path / "confinement.py"
    program.write_text("import sys; sys.exit('unshare: Operation not permitted')")
    monkeypatch.setattr(confinement, "PROGRAM", program)
    return "Operation not permitted"


def test_where_it_cannot_be_had_that_is_told_in_the_job(
    ready: Sandbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    reason = impossible(monkeypatch, tmp_path)
    ready.write("input.txt", "some input\n")
    ready.write("stages/bounded.py", reporting_stage(ATTEMPTS, "network = false"))
    ready.workflow("tested", "bounded: {inputs: {file: job.input}}")
    done = ready.give("prepare-job", ready.root / "input.txt", "--workflow", "tested")
    assert done.code == 0
    assert reason in done.err
    id = done.out.strip()
    assert reason in ready.give("pipeline", "job", "show", id).out
    assert reason in json.loads((ready.job(id) / "job.json").read_text())["unconfined"]
    assert ready.run("run-pipeline", "-j", id).code == 0


def test_nothing_is_tried_where_no_stage_asks_for_it() -> None:
    assert confinement.problem([a_stage("a")]) is None


@needs_namespaces
def test_a_stage_that_cannot_be_confined_any_more_does_not_run(ready: Sandbox) -> None:
    id = prepared(ready, "network = false")
    script = 'echo 0 > /proc/sys/user/max_user_namespaces && exec "$0" "$@"'
    done = subprocess.run(
        ["unshare", "--user", "--map-root-user", "sh", "-c", script, BIN / "run-pipeline", "-j", id],
        env={**os.environ, "PIPELINE_ROOT": str(ready.root)},
        capture_output=True,
        check=False,
    )
    assert done.returncode == 4, done.stderr
    assert b"prepare the job again" in done.stderr
    assert not list(ready.job(id).glob("stages/bounded/*/outputs/*"))
