import contextlib
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from pipeline.executors import Event, WorkerLimits, servers
from pipeline.executors.local import LocalExecutor
from pipeline.executors.runtime_folder import LOG
from tests.executors.helpers import Runs, invocation, until_exit
from tests.test_process import eventually


@pytest.fixture
def never() -> Iterator[int]:
    """A descriptor on which nothing ever arrives."""
    read, write = os.pipe()
    yield read
    os.close(read)
    os.close(write)


@pytest.fixture
def runtime(spawning: None, tmp_path: Path) -> Iterator[Path]:
    """A folder for servers; they end with the test, and leave nothing of themselves."""
    folder = tmp_path / "runtime"
    yield folder
    for process in servers_in(folder):
        with contextlib.suppress(psutil.NoSuchProcess):
            process.send_signal(signal.SIGTERM)
    assert eventually(lambda: not servers_in(folder))
    servers.sweep(folder)  # one that was ended before it had begun could not tidy up
    assert not folder.is_dir() or set(os.listdir(folder)) <= {LOG}


def servers_in(folder: Path) -> list[psutil.Process]:
    """Processes that serve in a folder: keepers and workers."""
    found = []
    for process in psutil.process_iter(["cmdline", "status"]):
        words = process.info["cmdline"] or []
        if "--serve" in words and str(folder) in words and process.info["status"] != psutil.STATUS_ZOMBIE:
            found.append(process)
    return found


@pytest.fixture
def limits() -> WorkerLimits:
    return WorkerLimits()


@pytest.fixture
def executor(waited: None, runtime: Path, limits: WorkerLimits, tmp_path: Path) -> Iterator[LocalExecutor]:
    executor = LocalExecutor(tmp_path, limits, runtime)
    yield executor
    executor.stop(grace=0)
    executor.close()


@pytest.fixture
def run(executor: LocalExecutor, never: int, tmp_path: Path, start: str) -> Runs:
    """Run a stage with a body to its end, in the way that the test's ``start`` says."""

    def run(body: str, **named: object) -> list[Event]:
        executor.submit(invocation(tmp_path, body, start, **named))  # type: ignore[arg-type]  # of a test's own words
        return until_exit(executor, never)

    return run
