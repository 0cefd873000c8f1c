"""What bootstrap makes of a definition, and how many it does at a time."""

import threading

from pipeline.provisioning import bootstrap
from pipeline.provisioning.bootstrap import Task
from tests.conftest import Sandbox


class Silent:
    def doing(self, task: str, step: str) -> None:
        """Nothing."""

    def done(self, task: str, result: str) -> None:
        """Nothing."""


def test_an_environment_that_somebody_else_makes_is_looked_at_and_left_alone(sandbox: Sandbox, built: Sandbox) -> None:
    theirs = built.root / "venv" / "alpha"
    sandbox.write("config/environments/theirs.yaml", f"interpreter: {theirs}\nimports: [quirk]\n")
    done = sandbox.give("bootstrap", "--env", "theirs")
    assert done.code == 0, done.err
    assert f"used as it is: {theirs}" in done.err
    assert not (sandbox.root / "venv" / "theirs").exists()


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

    assert bootstrap.carry_out([Task(str(number), act) for number in range(8)], Silent(), jobs=2) == []
    assert most <= 2
