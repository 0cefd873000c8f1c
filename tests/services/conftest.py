import os
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from pipeline.process_tree import kill_marked
from pipeline.services.folder import MARK, SERVICES, sweep_all
from tests.services.helpers import Services
from tests.test_process import eventually

SUPERVISION = "pipeline.services.supervisor_process"


@pytest.fixture
def runtime(spawning: None, tmp_path: Path) -> Iterator[Path]:
    """A runtime folder. Its services are left by their users at the test's end, and leave nothing of themselves."""
    folder = tmp_path / "runtime" / "pipeline"
    folder.parent.mkdir()
    yield folder
    gone = eventually(lambda: not supervisors(folder) and not left(folder))
    for process in supervisors(folder):  # so that a failing test leaves nothing
        process.kill()
    for name in left(folder):
        kill_marked(MARK, str(folder / SERVICES / name))
    assert gone


@pytest.fixture
def services(runtime: Path, tmp_path: Path) -> Iterator[Services]:
    with Services(runtime, tmp_path) as started:
        yield started
    sweep_all(runtime)


def supervisors(runtime: Path) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter(["cmdline", "status"]):
        words = " ".join(process.info["cmdline"] or [])
        if f"{runtime}/" in words and SUPERVISION in words and process.info["status"] != psutil.STATUS_ZOMBIE:
            found.append(process)
    return found


def left(runtime: Path) -> list[str]:
    folder = runtime / SERVICES
    return os.listdir(folder) if folder.is_dir() else []


def marked(runtime: Path) -> list[int]:
    """Processes that services have started."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get(MARK, "").startswith(str(runtime)):
                found.append(process.pid)
        except psutil.Error:
            continue
    return found
