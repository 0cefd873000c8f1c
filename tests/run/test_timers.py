from pipeline.run.timers import Timers
from tests.run.helpers import Clock


def test_what_is_due_is_done_in_order_and_once(clock: Clock) -> None:
    timers, done = Timers(), list[str]()
    for seconds, name in ((3, "late"), (1, "first"), (2, "second"), (2, "third")):
        timers.add(seconds, lambda name=name: done.append(name))  # type: ignore[misc]  # bound in the loop
    clock.now = 2
    timers.fire()
    timers.fire()
    assert done == ["first", "second", "third"]
    clock.now = 3
    timers.fire()
    assert done[3:] == ["late"]


def test_the_next_one_says_how_long_there_is_to_wait(clock: Clock) -> None:
    timers = Timers()
    assert timers.seconds is None
    timers.add(5, lambda: None)
    clock.now = 2
    assert timers.seconds == 3
    clock.now = 9
    assert timers.seconds == 0


def test_what_is_due_may_set_another_one(clock: Clock) -> None:
    timers, done = Timers(), list[int]()

    def again() -> None:
        done.append(len(done))
        timers.add(1, again)

    timers.add(1, again)
    for _ in range(3):
        clock.now += 1
        timers.fire()
    assert done == [0, 1, 2]


def test_one_that_is_due_at_once_is_done_with_the_next_look(clock: Clock) -> None:
    timers, done = Timers(), list[int]()
    timers.add(0, lambda: done.append(1))
    assert timers.seconds == 0
    timers.fire()
    assert done == [1]
