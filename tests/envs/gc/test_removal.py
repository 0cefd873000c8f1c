"""Taking builds away: never one that is used, never half, and finished by the next where one was killed."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.envs import leases
from pipeline.envs.gc import removal
from pipeline.envs.notes import FOLDER, note_use
from pipeline.envs.platform.removal import move_aside
from pipeline.envs.registry import MARKER, Registry
from pipeline.locks import exclusive
from tests.conftest import REPOSITORY
from tests.envs.conftest import Make
from tests.envs.gc.conftest import found, states

KILLED = """
import os, signal, sys
from pathlib import Path
from pipeline.envs.gc import removal
from pipeline.envs.gc.survey import survey
from pipeline.envs.registry import Registry
removal.remove_tree = lambda folder: os.kill(os.getpid(), signal.SIGKILL)
registry = Registry(Path(sys.argv[1]))
removal.remove(registry, survey(registry)[0])
"""


def test_a_build_goes_with_its_name_and_its_notes(registry: Registry, make: Make) -> None:
    build = make("alpha", size=8192)
    note_use(registry.root, [build.prefix])
    freed = removal.remove(registry, found(registry)[build.prefix.name])
    assert freed >= 8192
    assert not build.prefix.exists()
    assert not os.path.lexists(registry.pointer("alpha"))
    assert list((registry.root / FOLDER).iterdir()) == []


def test_what_has_a_name_elsewhere_is_not_counted_as_freed(registry: Registry, make: Make, tmp_path: Path) -> None:
    build = make("alpha", size=0)
    (tmp_path / "cached").write_bytes(b"x" * 1_000_000)
    os.link(tmp_path / "cached", build.prefix / "linked")
    assert removal.remove(registry, found(registry)[build.prefix.name]) < 1_000_000


def test_a_name_that_stands_for_another_build_stays(registry: Registry, make: Make) -> None:
    before, now = make("alpha", 1), make("alpha", 2)
    removal.remove(registry, found(registry)[before.prefix.name])
    assert states(registry) == {now.prefix.name: "live"}


def test_a_build_that_a_process_uses_is_refused(registry: Registry, make: Make) -> None:
    build = make("alpha")
    with leases.hold(build), pytest.raises(removal.RemovalRefused, match="uses it"):
        removal.remove(registry, found(registry)[build.prefix.name])
    assert states(registry) == {build.prefix.name: "live"}


def test_a_damaged_build_that_a_process_uses_is_refused(registry: Registry, make: Make) -> None:
    build = make("alpha")
    with leases.hold(build):
        registry.retire(build.prefix)
        with pytest.raises(removal.RemovalRefused, match="uses it"):
            removal.remove(registry, found(registry)[build.prefix.name])


def test_while_a_process_builds_an_environment_none_of_its_builds_is_removed(registry: Registry, make: Make) -> None:
    build = make("alpha")
    with (
        exclusive(registry.builds / "alpha.lock"),
        pytest.raises(removal.RemovalRefused, match=f"process {os.getpid()}"),
    ):
        removal.remove(registry, found(registry)[build.prefix.name])


def test_a_build_that_was_finished_since_it_was_looked_at_is_refused(registry: Registry, make: Make) -> None:
    build = make("alpha")
    record = (build.prefix / MARKER).read_bytes()
    (build.prefix / MARKER).unlink()
    half = found(registry)[build.prefix.name]
    (build.prefix / MARKER).write_bytes(record)
    with pytest.raises(removal.RemovalRefused, match="made ready"):
        removal.remove(registry, half)


def test_a_build_that_its_name_was_given_again_since_it_was_looked_at_is_refused(
    registry: Registry, make: Make
) -> None:
    before, _ = make("alpha", 1), make("alpha", 2)
    superseded = found(registry)[before.prefix.name]
    registry.point("alpha", before.prefix)
    with pytest.raises(removal.RemovalRefused, match="made ready"):
        removal.remove(registry, superseded)


def test_a_build_that_another_process_has_removed_frees_nothing(registry: Registry, make: Make) -> None:
    build = make("alpha")
    each = found(registry)[build.prefix.name]
    removal.remove(registry, each)
    assert removal.remove(registry, each) == 0


def test_what_a_killed_removal_left_is_no_build_and_the_next_finishes_it(
    registry: Registry, make: Make, spawning: None
) -> None:
    make("alpha")
    done = subprocess.run([sys.executable, "-c", KILLED, registry.root], cwd=REPOSITORY, check=False)
    assert done.returncode == -9
    assert registry.live("alpha") is None
    assert list(states(registry).values()) == ["removed"]
    for each in found(registry).values():
        assert removal.remove(registry, each) >= 4096
    assert states(registry) == {}


def test_a_name_that_a_killed_removal_left_dangling_goes_with_the_next(registry: Registry, make: Make) -> None:
    build = make("alpha")
    move_aside(build.prefix)
    removal.sweep_pointers(registry)
    assert not os.path.lexists(registry.pointer("alpha"))


def test_a_person_s_own_dangling_link_stays(registry: Registry) -> None:
    (registry.root / "mine").symlink_to("/nonexistent/mine")
    removal.sweep_pointers(registry)
    assert os.path.lexists(registry.root / "mine")


def test_two_removals_at_once_free_each_build_once(registry: Registry, make: Make, spawning: None) -> None:
    for number in range(20):
        make("alpha", number, live=False, size=1)
    code = """
import sys
from pathlib import Path
from pipeline.envs.gc import removal
from pipeline.envs.gc.survey import survey
from pipeline.envs.registry import Registry
registry, count = Registry(Path(sys.argv[1])), 0
for found in survey(registry):
    try:
        count += removal.remove(registry, found) > 0 and found.name == "alpha"
    except removal.RemovalRefused:
        pass
print(count)
"""
    children = [
        subprocess.Popen([sys.executable, "-c", code, registry.root], cwd=REPOSITORY, stdout=subprocess.PIPE)
        for _ in range(2)
    ]
    counts = [int(child.communicate(timeout=60)[0]) for child in children]
    left = [each for each in states(registry).values() if each != "superseded"]
    assert left == []
    assert sum(counts) + len(states(registry)) == 20
