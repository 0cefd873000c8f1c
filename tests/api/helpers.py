"""What several tests of the Python interface ask."""

import os
import signal
import threading
import time
from pathlib import Path

import pytest

from pipeline import Job
from tests.test_process import alive, eventually


def pids(job: Job) -> list[int]:
    """The processes of the stage that sleeps, once it does."""
    file = job.folder / "stages/sleeps/1/outputs/pids.txt"
    assert eventually(file.exists, 30)
    return [int(word) for word in file.read_text().split()]


def all_gone(numbers: list[int]) -> bool:
    return eventually(lambda: not any(map(alive, numbers)), 20)


def interrupt_run_of(job: Job) -> None:
    """Run a job whose stage sleeps, with a Ctrl-C once it does."""

    def interrupt() -> None:
        pids(job)
        os.kill(os.getpid(), signal.SIGINT)

    beside = threading.Thread(target=interrupt)
    beside.start()
    with pytest.raises(KeyboardInterrupt):
        job.run()
    beside.join()


def umask() -> int:
    """Of this process."""
    now = os.umask(0o22)
    os.umask(now)
    return now


def wait_for(file: Path, seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not file.exists():
        assert time.monotonic() < end, f"{file} never came"
        time.sleep(0.02)
