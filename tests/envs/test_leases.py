"""Who uses a build, told by locks that end with their process."""

import errno
import fcntl
import os
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.envs import leases
from pipeline.envs.registry import MARKER, Registry
from pipeline.errors import NotReady
from tests.conftest import REPOSITORY
from tests.envs.conftest import Make

HOLDER = """
import sys
from pathlib import Path
from pipeline.envs.build import Build
from pipeline.envs import leases
with leases.hold(Build("alpha", Path(sys.argv[1]), "", {})):
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


def test_nobody_holds_a_new_build(make: Make) -> None:
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
    with pytest.raises(NotReady, match="was removed just now") as refused, leases.hold(build):
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
    with pytest.raises(NotReady, match="was removed just now"):
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
    with pytest.raises(leases.InUse, match=f"process {child.pid} "), leases.alone(build.prefix):
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
