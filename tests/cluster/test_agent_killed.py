"""An agent that is killed or stopped at any moment: the next one carries the order out, or tells what became of it."""

import contextlib
import random
import signal
import threading
import time
from pathlib import Path

import pytest

from pipeline.cluster.wire.attempt_order import AttemptOrder
from pipeline.errors import NotReady
from tests.cluster.helpers import AgentProcess, Orders, agent_in

SIZE = 1 << 20
LONGEST = 1.2  # seconds in which a whole order is carried out, environment and all
KILLED = 4


@pytest.mark.parametrize("seed", range(KILLED))
def test_an_agent_may_be_killed_at_any_moment(orders: Orders, tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    film = orders.file("film.mp4", random.Random(seed).randbytes(SIZE))
    body = "Path(stage.output('file')).write_bytes(Path(stage.input('film')).read_bytes()[::-1])"
    order = orders.order(body, inputs={"film": (film,)}, outputs={"file": "reversed.mp4"})
    moments = [chance.uniform(0.0, LONGEST) for _ in range(2)]
    for moment in moments:
        with agent_in(tmp_path / "node") as agent:
            _kill_after(agent, moment, order, orders)
    with agent_in(tmp_path / "node") as agent:
        outcome = agent.carry_out(order, orders.files)
        assert outcome.is_success, outcome
        (tmp_path / "pulled").mkdir()
        agent.client.pull(outcome, tmp_path / "pulled")
    whole = orders.files[film.digest].read_bytes()
    assert (tmp_path / "pulled" / "reversed.mp4").read_bytes() == whole[::-1]
    assert not list((tmp_path / "node" / "contents" / "parts").iterdir())


@pytest.mark.parametrize("seed", range(KILLED // 2))
def test_an_agent_may_be_stopped_for_a_while_at_any_moment(orders: Orders, tmp_path: Path, seed: int) -> None:
    order = orders.order("Path(stage.output('file')).write_text('made')", outputs={"file": "out.txt"})
    with agent_in(tmp_path / "node") as agent:
        stopping = threading.Thread(target=_stop_for_a_while, args=(agent, random.Random(seed)))
        stopping.start()
        outcome = agent.carry_out(order, orders.files)
        stopping.join()
        assert outcome.is_success, outcome


def _kill_after(agent: AgentProcess, seconds: float, order: AttemptOrder, orders: Orders) -> None:
    timer = threading.Timer(seconds, agent.process.send_signal, (signal.SIGKILL,))
    timer.start()
    with contextlib.suppress(NotReady, OSError):
        agent.carry_out(order, orders.files)
    timer.join()
    agent.process.wait()


def _stop_for_a_while(agent: AgentProcess, chance: random.Random) -> None:
    time.sleep(chance.uniform(0.0, LONGEST))
    agent.process.send_signal(signal.SIGSTOP)
    time.sleep(chance.uniform(0.1, 1.0))
    agent.process.send_signal(signal.SIGCONT)
