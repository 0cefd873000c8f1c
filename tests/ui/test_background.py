"""Work of the server that gives way."""

import os
import subprocess
import sys
import threading
from functools import partial
from pathlib import Path

import pytest

from pipeline import process
from pipeline.ui import background

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere threads have no priority of their own")
ONE_CHANGE = 0.2  # seconds, in which the kernel takes no other one
TELL = [sys.executable, "-S", "-c", "import os; print(os.getpriority(os.PRIO_PROCESS, 0))"]


def own_priority() -> int:
    return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())


def test_a_thread_that_gives_way_does_so_alone() -> None:
    found = list[int]()

    def stream() -> None:
        background.give_way()
        found.append(own_priority())

    before = own_priority()
    thread = threading.Thread(target=stream)
    thread.start()
    thread.join(timeout=30)
    assert found == [background.NICENESS]
    assert own_priority() == before


@pytest.mark.usefixtures("spawning")
def test_a_process_that_is_started_in_the_background_gives_way_too() -> None:
    before = own_priority()
    told = background.in_background(lambda: subprocess.run(TELL, capture_output=True, check=True).stdout)
    assert int(told) == background.NICENESS
    assert own_priority() == before


@pytest.mark.usefixtures("spawning")
@pytest.mark.skipif(not Path("/proc/self/autogroup").exists(), reason="this kernel doesn't share by sessions")
def test_the_session_of_a_tool_that_is_run_in_the_background_gives_way_too() -> None:
    tell = ["/bin/sh", "-c", f"sleep {ONE_CHANGE}; cat /proc/self/autogroup"]
    told = background.in_background(partial(process.run, tell, {}, 30))
    assert told.stdout.split()[-1] == b"%d" % background.NICENESS
    assert process.run(tell, {}, 30).stdout.split()[-1] == b"0"


def test_what_goes_wrong_in_the_background_is_raised_to_who_asked() -> None:
    def fail() -> None:
        raise LookupError("there is no sound")

    with pytest.raises(LookupError, match="no sound"):
        background.in_background(fail)
