"""An environment of a project, and a file in it that is called."""

import gc
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

import pipeline
from pipeline.calls.environment import CallEnvironment
from pipeline.calls.session import CallSession
from tests.conftest import FIXTURES, Sandbox


@pytest.fixture(scope="module", autouse=True)
def collected() -> Iterator[None]:
    """An error that was raised has its session by its traceback, and so the lease on a build that other tests share."""
    yield
    gc.collect()


@pytest.fixture
def called(tmp_path: Path) -> Path:
    return Path(shutil.copy(FIXTURES / "called" / "functions.py", tmp_path / "called.py"))


@pytest.fixture
def alpha(ready: Sandbox, ended_workers: None) -> CallEnvironment:
    return pipeline.environment("alpha", ready.root)


@pytest.fixture
def session(alpha: CallEnvironment, called: Path) -> Iterator[CallSession]:
    with alpha.open(called) as session:
        yield session
