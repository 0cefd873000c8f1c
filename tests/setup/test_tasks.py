"""Tasks are done side by side, as many at a time as was asked for."""

import threading

from pipeline.setup.tasks import SetupTask, carry_out


class Silent:
    def doing(self, task: str, step: str) -> None:
        """Nothing."""

    def done(self, task: str, result: str) -> None:
        """Nothing."""


def test_no_more_are_done_at_a_time_than_was_asked_for() -> None:
    running, most, lock = 0, 0, threading.Lock()

    def act(_: object) -> str:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        threading.Event().wait(0.01)
        with lock:
            running -= 1
        return "ready"

    assert carry_out([SetupTask(str(number), act) for number in range(8)], Silent(), jobs=2) == []
    assert most <= 2
