"""Processes of Dask, which end with their test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cluster.dask.helpers import DaskProcesses


@pytest.fixture
def dask(tmp_path: Path, spawning: None) -> Iterator[DaskProcesses]:
    folder = tmp_path / "dask"
    folder.mkdir()
    processes = DaskProcesses(folder)
    try:
        yield processes
    finally:
        processes.end()
