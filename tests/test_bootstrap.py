"""What bootstrap makes of a definition, and how many it does at a time."""

import threading
from pathlib import Path

from pipeline import bootstrap
from pipeline.bootstrap import Task
from pipeline.envs.building.build import Builder
from pipeline.envs.definition import Definition
from pipeline.envs.registry import Registry


class Silent:
    def doing(self, task: str, step: str) -> None:
        """Nothing."""

    def done(self, task: str, result: str) -> None:
        """Nothing."""


def test_an_environment_that_somebody_else_makes_is_used_as_it_is(tmp_path: Path) -> None:
    builder = Builder(Registry(tmp_path / "venv"), Path("uv"), tmp_path / "logs", 60)
    definition = Definition("theirs", ">=3.11", None, interpreter=tmp_path / "conda")
    task = bootstrap._build(builder, definition, force=True)
    assert task.carry_out(lambda _: None) == f"used as it is: {tmp_path / 'conda'}"
    assert list(tmp_path.iterdir()) == []


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
