"""SIGKILL at any moment of any of the three: nothing is left, and the next user gets a service."""

import os
import random
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import psutil
import pytest

from pipeline.services.client import ServiceClient
from pipeline.services.folder import sweep_all
from pipeline.services.order import ServiceOrder
from pipeline.values import encode
from tests.conftest import REPOSITORY
from tests.services.conftest import left, marked, supervisors
from tests.services.helpers import Services, definition, got, ready, serving
from tests.test_process import eventually

ROUNDS = int(os.environ.get("PIPELINE_KILL_ROUNDS", "12"))
# A user in a process of its own, which asks all the time.
USER = """
import sys
from functools import partial
from pathlib import Path
from pipeline.services.client import connect
from pipeline.services.order import ServiceOrder
from pipeline.values import decode
import time
client = connect(Path(sys.argv[1]), decode(sys.stdin.buffer.read(), ServiceOrder))
while True:
    client.wait_ready(1)
    time.sleep(0.01)
"""


def user(services: Services, order: ServiceOrder) -> "subprocess.Popen[bytes]":
    words = [sys.executable, "-c", USER, str(services.runtime)]
    started = subprocess.Popen(words, stdin=subprocess.PIPE, cwd=REPOSITORY)
    assert started.stdin is not None
    started.stdin.write(encode(order))
    started.stdin.close()
    return started


def kill_one(services: Services, using: "subprocess.Popen[bytes]", which: str) -> None:
    victims = {
        "user": lambda: [using.pid],
        "supervisor": lambda: [each.pid for each in supervisors(services.runtime)],
        "program": lambda: marked(services.runtime),
    }
    for pid in victims[which]():
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue


def is_answered(client: ServiceClient) -> bool:
    """What is ready may have been killed a moment ago."""
    try:
        return got(ready(client), "/") == "well"
    except OSError:
        return False


@pytest.mark.parametrize("which", ["user", "supervisor", "program"])
def test_whoever_is_killed_nothing_is_left_and_nothing_hangs(services: Services, which: str) -> None:
    body = "import subprocess\nsubprocess.Popen(['sleep', '1000'], start_new_session=True)"
    order = services.order(serving(body), definition(idle_seconds=0.1))
    for _ in range(ROUNDS // 3):
        using = user(services, order)
        try:
            time.sleep(random.uniform(0.05, 0.8))  # the moment is what is tried here
            kill_one(services, using, which)
            client = services.use(order)
            assert eventually(partial(is_answered, client))
            client.close()
        finally:
            using.kill()
            using.wait()
        # A killed supervisor's own leavings are removed by who comes next, as by any command that looks.
        assert eventually(lambda: not supervisors(services.runtime))
        sweep_all(services.runtime)
        assert left(services.runtime) == []
        assert marked(services.runtime) == []


def test_no_descriptor_is_left_open_in_a_process_that_uses_many(services: Services) -> None:
    order = services.order(serving(), definition(idle_seconds=5.0))
    first = services.use(order)
    ready(first)
    before = psutil.Process().num_fds()
    (supervisor,) = supervisors(services.runtime)
    theirs = supervisor.num_fds()
    for _ in range(50):
        client = services.use(order)
        ready(client)
        client.close()
    assert psutil.Process().num_fds() == before
    assert eventually(lambda: supervisor.num_fds() <= theirs)
    assert Path(services.file("log")).exists()
