"""A bench for runs that start nothing and take no time."""

import pytest

from pipeline.project import ProjectFolder
from pipeline.run import timers
from tests.conftest import Sandbox
from tests.run.helpers import Bench, Clock


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(timers, "time", clock)
    return clock


@pytest.fixture
def bench(sandbox: Sandbox, clock: Clock) -> Bench:
    return Bench(ProjectFolder(sandbox.root), clock)
