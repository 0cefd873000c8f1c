"""A run that is killed anywhere goes on from there: same outputs, nothing done twice, nothing left behind."""

import pytest

from tests.conftest import Sandbox
from tests.crash.harness import (
    KILLED,
    forget_results,
    in_child,
    labels_of,
    recorded,
    require_alone,
    require_whole,
    run_here,
    run_with,
)
from tests.crash.shapes import SHAPES, Shape, job_of
from tests.crash.steps import TEARABLE, At, First, Nth, Steps, is_by_chance

SPREAD = {name: number for number, name in enumerate(SHAPES)}
# What has to be among the places at which a run was killed, or the walk has lost its way.
ESSENTIAL = (
    "write in journal.append < job_journal.run_started",
    "write in journal.append < job_journal.started",
    "write in journal.append < job_journal.finished",
    "write in journal.append < job_journal.ended",
    "fsync in journal.flush < job_journal.flush",
    "fsync in files.sync_file < attempts._make_durable",
    "fsync in files.sync_folder < attempts.begin",
    "fsync in files.sync_folder < attempts.commit",
    "fsync in files.sync_folder < deliver.deliver",
    "os.mkdir in attempts.begin",
    "os.rename in files._write < files.write_at_once < attempts.record",
    "os.rename in files.publish < store._publish",
    "os.rename in files._write < files.write_at_once < durations.save",
    "os.rename in files.replaced < deliver._place",
    "order in ",
    "os.posix_spawn in process._posix_spawn < process.spawn < guardian.",
    "os.posix_spawn in process._posix_spawn < process.spawn < cold.",
)


def killed_and_resumed(sandbox: Sandbox, shape: Shape, at: At, torn: bool, again: bool, where: str) -> bool:
    """Kill a run of a new job at a step, ``again`` the next one there, too; then let one come to its end. Whether there
    was such a step."""
    forget_results(sandbox)
    job = job_of(sandbox, shape)
    code = run_with(Steps(sandbox.root, at, torn), sandbox, job)
    if code == 0:
        return False
    assert code == KILLED, where
    before = recorded(job)
    if again and run_with(Steps(sandbox.root, at, torn), sandbox, job) == KILLED:
        before = recorded(job)
    assert in_child(lambda: run_here(sandbox, job)) == 0, where
    require_whole(sandbox, job, shape, before, where)
    return True


def places(sandbox: Sandbox, shape: Shape) -> list[str]:
    """Where a run of this shape takes steps, each once, in the order in which it comes there."""
    return list(dict.fromkeys(labels_of(sandbox, job_of(sandbox, shape))))


@pytest.mark.parametrize("torn", [False, True], ids=["before", "in the middle of"])
@pytest.mark.parametrize("name", SHAPES)
def test_a_run_killed_where_it_first_comes_to_a_place_goes_on(
    ready: Sandbox, spawning: None, name: str, torn: bool
) -> None:
    """The places are dealt out among the shapes, so that together they have been to all."""
    known = [place for place in places(ready, SHAPES[name]) if not torn or place.startswith(TEARABLE)]
    chosen = [place for number, place in enumerate(known) if number % len(SHAPES) == SPREAD[name]]
    for place in chosen:
        killed = killed_and_resumed(ready, SHAPES[name], First(place), torn, False, f"{name}: {place}")
        assert killed or is_by_chance(place), place
    require_alone()


def test_the_walk_comes_to_every_place_that_matters(ready: Sandbox, spawning: None) -> None:
    known = places(ready, SHAPES["chain"])
    assert [place for place in ESSENTIAL if not any(each.startswith(place) for each in known)] == []


@pytest.mark.exhaustive
@pytest.mark.parametrize("torn", [False, True], ids=["before", "in the middle of"])
@pytest.mark.parametrize("name", SHAPES)
def test_a_run_killed_at_any_step_and_again_goes_on(ready: Sandbox, spawning: None, name: str, torn: bool) -> None:
    number, reached = 0, True
    while reached:
        number += 1
        reached = killed_and_resumed(ready, SHAPES[name], Nth(number, torn), torn, True, f"{name}: step {number}")
    assert number > (8 if torn else 50)
    require_alone()
