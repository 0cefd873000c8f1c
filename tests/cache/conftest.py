"""An empty store in a folder that a test has for itself."""

from pathlib import Path

import pytest

from pipeline.cache.store import ResultStore


@pytest.fixture
def store(tmp_path: Path) -> ResultStore:
    return ResultStore(tmp_path / "results")
