"""Leases on builds: of processes, of a run, and of the workers that outlive a run."""

import errno
import fcntl
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.envs import leases
from pipeline.envs.build import Build
from pipeline.envs.leases import Leases
from pipeline.envs.registry import MARKER, Registry
from pipeline.errors import NotReady
from pipeline.executors import runtime_folder, servers
from tests.conftest import REPOSITORY, Sandbox
from tests.envs.conftest import Make
from tests.test_process import eventually

HOLDER = """
import sys
from pathlib import Path
from pipeline.envs.build import Build
from pipeline.envs import leases
from pipeline.envs.build import Build
from pipeline.envs.leases import Leases
with leases.hold(Build("alpha", Path(sys.argv[1]), "", None)):
    print("held", flush=True)
    sys.stdin.read()
"""


def holding(prefix: Path) -> "subprocess.Popen[bytes]":
    """Another process that holds a lease until its input ends, or it is killed."""
    child = subprocess.Popen(
        [sys.executable, "-c", HOLDER, prefix], cwd=REPOSITORY, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert child.stdout is not None
    assert child.stdout.readline() == b"held\n"
    return child


def test_no_process_holds_a_new_build(make: Make) -> None:
    assert not leases.is_held(make("alpha"))


def test_several_hold_a_build_at_once(make: Make) -> None:
    build = make("alpha")
    with leases.hold(build), leases.hold(build):
        assert leases.is_held(build)
    assert not leases.is_held(build)


def test_a_lease_needs_no_right_to_write(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    build, modes, real = make("alpha"), [], os.open

    def noting(path: str, flags: int) -> int:
        modes.append(flags)
        return real(path, flags)

    monkeypatch.setattr(os, "open", noting)
    with leases.hold(build):
        assert modes == [os.O_RDONLY]


def test_a_lease_outlives_the_marker_s_change_of_name(registry: Registry, make: Make) -> None:
    build = make("alpha")
    with leases.hold(build):
        registry.retire(build.prefix)
        assert leases.is_held(build)


def test_a_build_that_is_gone_is_refused_with_the_command_that_makes_it(make: Make) -> None:
    build = make("alpha")
    build.prefix.rename(build.prefix.with_name(".alpha.0.aside"))
    with pytest.raises(NotReady, match="'alpha'") as refused, leases.hold(build):
        pass
    assert refused.value.next_step == "bootstrap --env alpha"


def test_a_build_that_goes_while_its_lease_is_waited_for_is_refused(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    build = make("alpha")

    def slow(_descriptor: int, _seconds: float) -> bool:
        (build.prefix / MARKER).unlink()
        return True

    monkeypatch.setattr(leases, "try_shared", slow)
    with pytest.raises(NotReady, match="'alpha'"):
        leases.acquire(build)


def test_a_build_can_be_used_where_the_disk_has_no_locks_and_is_taken_for_held(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    build = make("alpha")
    monkeypatch.setattr(fcntl, "flock", refuse)
    with leases.hold(build):
        assert leases.is_held(build)


def test_a_lease_ends_with_a_killed_process(make: Make, spawning: None) -> None:
    build = make("alpha")
    child = holding(build.prefix)
    assert leases.is_held(build)
    child.kill()
    child.communicate()
    assert not leases.is_held(build)


def test_a_holder_is_named(make: Make, spawning: None) -> None:
    build = make("alpha")
    child = holding(build.prefix)
    with pytest.raises(leases.InUse, match=f"process {child.pid} "), leases.exclusive_use(build.prefix):
        pass
    child.communicate()


def test_a_descriptor_that_holds_a_lease_can_be_handed_on(make: Make, spawning: None) -> None:
    build = make("alpha")
    descriptor = leases.acquire(build)
    child = subprocess.Popen(["sleep", "60"], pass_fds=[descriptor])
    os.close(descriptor)
    assert leases.is_held(build)
    child.kill()
    child.wait()
    assert not leases.is_held(build)


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
