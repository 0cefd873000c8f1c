"""Agents as processes for each test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cluster.driver.faults import Cluster, cluster_in
from tests.cluster.driver.helpers import Nodes, nodes_in
from tests.conftest import Sandbox, offline


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spawning: None) -> None:
    """Only the fixture's packages are there, for runs and for nodes."""
    for name, text in offline(tmp_path).items():
        monkeypatch.setenv(name, text)


@pytest.fixture
def cluster(ready: Sandbox, tmp_path: Path, index: None) -> Iterator[Cluster]:
    """Two nodes."""
    with cluster_in(ready, tmp_path / "nodes", "node1", "node2") as cluster:
        yield cluster


@pytest.fixture
def no_nodes(ready: Sandbox, tmp_path: Path, index: None) -> Iterator[Cluster]:
    """A cluster to which a test adds nodes."""
    with cluster_in(ready, tmp_path / "nodes") as cluster:
        yield cluster


@pytest.fixture
def nodes(ready: Sandbox, tmp_path: Path, index: None) -> Iterator[Nodes]:
    """Two nodes, for runs in this process."""
    with nodes_in(ready, tmp_path / "nodes", "node1", "node2") as nodes:
        yield nodes
