"""Runs and agents that come and go while one stage is to be carried out."""

import contextlib
import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from pipeline.cluster.wire.attempt_order import AttemptOrder
from pipeline.errors import NotReady
from pipeline.values import replace
from tests.cluster.helpers import TOKEN, AgentProcess, Heard, Orders, agent_in

SEEDS = 4
LONGEST = 1.5  # seconds in which a whole order is carried out, environment and all


@pytest.mark.parametrize("seed", range(SEEDS))
def test_runs_and_agents_may_be_killed_in_any_order(orders: Orders, tmp_path: Path, seed: int) -> None:
    """Each run that comes back begins a later attempt; what was done well once isn't done again."""
    chance = random.Random(seed)
    counted = tmp_path / "counted"
    body = (
        f"time.sleep(0.1)\nPath(stage.output('file')).write_text('made')\n"
        f"with open({str(counted)!r}, 'a') as file: file.write('x')"
    )
    order = orders.order(body, outputs={"file": "out.txt"})
    number, ended_well = 0, False
    for _ in range(3):
        with agent_in(tmp_path / "node") as agent:
            killing = threading.Timer(chance.uniform(0.1, LONGEST), agent.process.send_signal, (signal.SIGKILL,))
            killing.start()
            for _ in range(2):
                number += 1
                ended_well |= _is_carried_out(agent, order, number, orders, chance.uniform(0.1, LONGEST))
            killing.join()
            agent.process.wait()
    before = counted.read_text() if counted.exists() else ""
    with agent_in(tmp_path / "node") as agent:
        last = replace(order, id=replace(order.id, number=number + 1))
        outcome = agent.carry_out(last, orders.files)
        assert outcome.is_success, outcome
        (tmp_path / "pulled").mkdir()
        agent.client.pull(outcome, tmp_path / "pulled")
        assert agent.client.attempts("run0").running == ()
    assert (tmp_path / "pulled" / "out.txt").read_text() == "made"
    if ended_well:
        assert counted.read_text() == before


def _is_carried_out(agent: AgentProcess, order: AttemptOrder, number: int, orders: Orders, seconds: float) -> bool:
    """By a run of its own, which is killed after so many seconds."""
    heard = Heard(agent.client)
    mine = replace(order, id=replace(order.id, number=number))
    until = time.monotonic() + seconds
    with contextlib.suppress(NotReady, OSError):
        agent.begin(mine, orders.files)
        while time.monotonic() < until:
            heard.ask(0.05)
            if (outcome := heard.outcome(mine.id)) and outcome.is_success:
                return True
    return False


def test_of_several_agents_that_race_for_a_folder_one_gets_it(orders: Orders, tmp_path: Path) -> None:
    line = f'{{"folder": "{tmp_path / "node"}", "name": "node1", "token": "{TOKEN}"}}\n'
    words = [sys.executable, "-m", "pipeline.cluster.node.agent_process"]
    pipe = subprocess.PIPE
    racing = [subprocess.Popen(words, stdin=pipe, stdout=pipe, stderr=pipe, text=True) for _ in range(5)]
    try:
        for each in racing:
            assert each.stdin
            each.stdin.write(line)
            each.stdin.flush()
        losers = _first_to_end(racing, len(racing) - 1)
        (winner,) = [each for each in racing if each not in losers]
        assert winner.stdout
        assert '"address"' in winner.stdout.readline()
        for each in losers:
            _, words_of_it = each.communicate(timeout=20)
            assert each.returncode == 3
            assert "is in use by" in words_of_it
    finally:
        for each in racing:
            each.kill()
            each.communicate()


def _first_to_end(processes: list["subprocess.Popen[str]"], count: int) -> list["subprocess.Popen[str]"]:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        ended = [each for each in processes if each.poll() is not None]
        if len(ended) >= count:
            return ended
        time.sleep(0.05)
    raise TimeoutError


WRONG_CLOCK = """
import sys, time
real, off = time.time, float(sys.argv[1])
time.time = lambda: real() + off
from pipeline.cluster.node.agent_process import main
sys.exit(main())
"""


@pytest.mark.parametrize("off", [-3600.0, 3600.0])
def test_a_node_s_clock_may_be_wrong(orders: Orders, tmp_path: Path, off: float) -> None:
    order = orders.order("Path(stage.output('file')).write_text('made')", outputs={"file": "out.txt"})
    command = (sys.executable, "-c", WRONG_CLOCK, f"{off}")
    with agent_in(tmp_path / "node", command=command) as agent:
        first = agent.carry_out(order, orders.files)
        assert first.is_success, first
        agent.process.send_signal(signal.SIGKILL)
    with agent_in(tmp_path / "node") as agent:  # the right time again
        assert agent.outcome(order) == first
    with agent_in(tmp_path / "node", command=command) as agent:
        assert agent.outcome(order) == first
        (tmp_path / "pulled").mkdir()
        agent.client.pull(first, tmp_path / "pulled")
