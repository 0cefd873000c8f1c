"""What a run has, and a node."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cluster.helpers import AgentProcess, Orders, agent_in
from tests.conftest import Sandbox, offline


@pytest.fixture
def orders(sandbox: Sandbox, tmp_path: Path, spawning: None, monkeypatch: pytest.MonkeyPatch) -> Orders:
    """The node's installer sees no index, and no packages but those that the run sends."""
    shutil.move(tmp_path / "wheels", tmp_path / "packages")
    for name, text in offline(tmp_path).items():
        if name != "UV_FIND_LINKS":
            monkeypatch.setenv(name, text)
    return Orders(sandbox, tmp_path / "packages")


@pytest.fixture
def agent(orders: Orders, tmp_path: Path) -> Iterator[AgentProcess]:
    with agent_in(tmp_path / "node") as agent:
        yield agent
