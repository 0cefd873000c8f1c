"""The leases of a run, and of the workers that outlive it."""

import os
import signal
from pathlib import Path

import pytest

from pipeline.envs import leases
from pipeline.envs.build import Build
from pipeline.envs.registry import Registry
from pipeline.envs.run_leases import Leases
from pipeline.executors import runtime_folder, servers
from tests.conftest import Sandbox
from tests.test_process import eventually


@pytest.fixture
def alpha(ready: Sandbox) -> Build:
    build = Registry(ready.root / "venv").live("alpha")
    assert build
    return build


def test_a_build_is_held_once_however_often_it_is_asked_for(alpha: Build) -> None:
    with Leases() as held:
        assert held.on(alpha) == held.on(alpha)
        assert leases.is_held(alpha)
    assert not leases.is_held(alpha)


def test_two_runs_hold_one_build(alpha: Build) -> None:
    with Leases() as one:
        one.on(alpha)
        with Leases() as other:
            other.on(alpha)
        assert leases.is_held(alpha)


STAGE = """# /// script
# [tool.pipeline.stage]
# environment = "alpha"
# start = ["worker", "cold"]
# [tool.pipeline.stage.outputs]
# file = "pid.txt"
# ///
import os


def run(stage):
    stage.output("file").write_text(str(os.getpid()))
"""


def run_job(ready: Sandbox) -> None:
    ready.write("stages/kept.py", STAGE)
    ready.workflow("kept", "kept: {}")
    done = ready.run("run-pipeline", "-j", ready.prepare("kept"))
    assert done.code == 0, done.err


def end_servers(ready: Sandbox) -> None:
    done = ready.run("pipeline", "worker", "stop", "--all", "--force")
    assert done.code == 0, done.err


def test_a_process_that_waits_for_the_next_run_holds_its_build_until_it_ends(ready: Sandbox, alpha: Build) -> None:
    run_job(ready)
    assert leases.is_held(alpha)
    end_servers(ready)
    assert eventually(lambda: not leases.is_held(alpha))


def test_a_keeper_that_is_killed_holds_nothing(ready: Sandbox, alpha: Build) -> None:
    run_job(ready)
    ((_, status),) = servers.status(runtime_folder.locate(os.environ))
    os.kill(status.owner, signal.SIGKILL)
    assert eventually(lambda: not leases.is_held(alpha))
    end_servers(ready)


def test_a_program_that_a_worker_s_stage_starts_has_no_part_in_the_lease(ready: Sandbox, alpha: Build) -> None:
    body = STAGE.replace(
        "str(os.getpid())",
        """__import__("subprocess").run(["ls", "-l", "/proc/self/fd"], capture_output=True, text=True).stdout""",
    )
    ready.write("stages/kept.py", body)
    ready.workflow("kept", "kept: {}", head="deliver: [kept.file]")
    id = ready.prepare("kept")
    done = ready.run("run-pipeline", "-j", id)
    assert done.code == 0, done.err
    (listed,) = [path for path in (ready.job(id) / "output").iterdir() if path.is_file()]
    assert ".pipeline-ready.json" not in Path(listed).read_text()
    assert "/dev/null" in Path(listed).read_text()
    end_servers(ready)
