"""Who waits for an environment, and what becomes of it when nobody does any more."""

import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline import process
from pipeline.cluster.node.environment_preparation import EnvironmentPreparation
from pipeline.cluster.node.node_attempt import AttemptStopped, NodeAttempt
from pipeline.cluster.wire.attempt_order import AttemptId
from pipeline.envs.build import Build
from pipeline.errors import NotReady
from pipeline.progress import Progress

BUILD = Build("alpha", Path("/nowhere"), "sha256:1", None)
BOUND = 20.0


def attempt(number: int = 1) -> NodeAttempt:
    return NodeAttempt(AttemptId("run0", "job", "test", number), Path("/nowhere"), "", lambda: None)


class Waiting:
    """An attempt that waits in a thread of its own; the first, for which it is made, or one that joins it."""

    def __init__(
        self,
        make: Callable[[Progress], Build],
        joins: EnvironmentPreparation | None = None,
        after: EnvironmentPreparation | None = None,
    ) -> None:
        self.attempt = attempt()
        self.came: list[object] = []
        self.making = joins or EnvironmentPreparation(make, self.attempt, after)
        assert joins is None or joins.join(self.attempt)
        self._thread = threading.Thread(target=self._wait, args=(self.making,))
        self._thread.start()

    def _wait(self, making: EnvironmentPreparation) -> None:
        try:
            self.came.append(making.wait(self.attempt))
        except (AttemptStopped, NotReady) as error:
            self.came.append(type(error))

    def result(self) -> object:
        self._thread.join(BOUND)
        return self.came[0]


def test_all_who_wait_get_what_is_made_once() -> None:
    leave, made = threading.Event(), []

    def make(progress: Progress) -> Build:
        progress("building")
        made.append(leave.wait(BOUND))
        return BUILD

    first = Waiting(make)
    several = [first, *(Waiting(make, first.making) for _ in range(3))]
    leave.set()
    assert [each.result() for each in several] == [BUILD] * 4
    assert made == [True]
    assert not first.making.join(attempt())


def test_all_who_wait_hear_why_it_cannot_be_made() -> None:
    leave = threading.Event()

    def make(_: Progress) -> Build:
        leave.wait(BOUND)
        raise NotReady("no such package")

    first = Waiting(make)
    several = [first, Waiting(make, first.making)]
    leave.set()
    assert [each.result() for each in several] == [NotReady] * 2


def test_one_that_is_to_end_waits_no_longer_and_the_others_do() -> None:
    leave = threading.Event()

    def make(_: Progress) -> Build:
        leave.wait(BOUND)
        return BUILD

    first = Waiting(make)
    second = Waiting(make, first.making)
    first.attempt.stop("cancelled")
    assert first.result() is AttemptStopped
    leave.set()
    assert second.result() == BUILD


def test_with_the_last_who_wants_it_the_program_is_ended_that_makes_it(tmp_path: Path, spawning: None) -> None:
    ended: list[int] = []
    only = Waiting(_long_program(tmp_path / "begun", ended))
    _until((tmp_path / "begun").exists)
    only.attempt.stop("superseded")
    assert only.result() is AttemptStopped
    only.making.join_thread()
    assert len(ended) == 1
    assert ended[0] != 0
    assert not only.making.join(attempt())


def test_what_is_made_anew_begins_when_the_end_before_it_has_come(tmp_path: Path, spawning: None) -> None:
    ended: list[int] = []
    only = Waiting(_long_program(tmp_path / "begun", ended))
    _until((tmp_path / "begun").exists)
    only.attempt.stop("cancelled")
    only.result()

    def make(_: Progress) -> Build:
        assert ended
        return BUILD

    assert Waiting(make, after=only.making).result() == BUILD


def test_one_that_was_to_end_before_it_waits_does_not() -> None:
    leave = threading.Event()

    def make(_: Progress) -> Build:
        leave.wait(BOUND)
        return BUILD

    late = attempt()
    making = EnvironmentPreparation(make, late)
    late.stop("cancelled")
    with pytest.raises(AttemptStopped):
        making.wait(late)
    leave.set()


def _long_program(begun: Path, ended: list[int]) -> Callable[[Progress], Build]:
    def make(_: Progress) -> Build:
        words = [sys.executable, "-c", f"open({str(begun)!r}, 'w'); import time; time.sleep(600)"]
        ended.append(process.run(words, {}, 600).returncode)
        raise NotReady("it was ended")

    return make


def _until(is_so: Callable[[], bool]) -> None:
    until = time.monotonic() + BOUND
    while not is_so():
        assert time.monotonic() < until
        time.sleep(0.01)
