"""A later attempt at the same work: it takes over what the earlier one does, or ends it."""

import signal
from pathlib import Path

import pytest

from pipeline.cluster.content.errors import ContentRefused
from pipeline.cluster.wire.attempt_order import AttemptOrder
from pipeline.cluster.wire.node_events import AttemptBegan
from pipeline.values import replace
from tests.cluster.helpers import AgentProcess, Heard, Orders, agent_in


def counts(folder: Path, then: str = "") -> str:
    """A stage that leaves a mark for each time that it runs, and waits for leave to end."""
    return (
        f"with open({str(folder / 'counted')!r}, 'a') as file: file.write('x')\n"
        "print('at work', flush=True)\n"
        f"while not os.path.exists({str(folder / 'leave')!r}): time.sleep(0.01)\n"
        f"Path(stage.output('file')).write_text('made')\n{then}"
    )


def later(order: AttemptOrder, **changes: object) -> AttemptOrder:
    return replace(order, id=replace(order.id, number=order.id.number + 1), **changes)


@pytest.fixture
def order(orders: Orders, tmp_path: Path) -> AttemptOrder:
    return orders.order(counts(tmp_path), outputs={"file": "out.txt"})


def test_what_runs_goes_on_as_the_later_attempt_and_is_told_from_its_beginning(
    orders: Orders, agent: AgentProcess, order: AttemptOrder, tmp_path: Path
) -> None:
    agent.begin(order, orders.files)
    assert agent.log(order) == b"at work\n"
    back = Heard(agent.client)  # the run was killed, and is back
    second = later(order)
    agent.begin(second, orders.files)
    assert agent.client.attempts("run0").running == (second.id,)
    back.ask(5)
    assert back.log(second.id) == b"at work\n"
    assert any(isinstance(each, AttemptBegan) and each.id == second.id for each in back.events)
    (tmp_path / "leave").touch()
    agent.heard = back
    outcome = agent.outcome(second)
    assert outcome.is_success
    assert outcome.id == second.id
    assert back.outcome(order.id) is None
    assert (tmp_path / "counted").read_text() == "x"
    with pytest.raises(ContentRefused, match="attempt 2"):
        agent.begin(order, orders.files)


def test_the_same_run_may_take_over_while_it_listens(
    orders: Orders, agent: AgentProcess, order: AttemptOrder, tmp_path: Path
) -> None:
    agent.begin(order, orders.files)
    agent.log(order)
    second = later(order)
    agent.begin(second, orders.files)
    (tmp_path / "leave").touch()
    assert agent.outcome(second).is_success
    assert agent.heard.log(second.id) == b"at work\n"


def test_what_ended_well_is_the_later_attempt_s_also_after_the_agent_was_killed(
    orders: Orders, order: AttemptOrder, tmp_path: Path
) -> None:
    (tmp_path / "leave").touch()
    with agent_in(tmp_path / "node") as agent:
        first = agent.carry_out(order, orders.files)
        second = later(order)
        agent.begin(second, orders.files)
        assert agent.outcome(second) == replace(first, id=second.id)
        agent.process.send_signal(signal.SIGKILL)
    with agent_in(tmp_path / "node") as agent:
        assert agent.client.attempts("run0").ended == (second.id,)
        third = later(second)
        agent.begin(third, orders.files)
        assert agent.outcome(third) == replace(first, id=third.id)
        assert agent.heard.log(third.id) == b"at work\n"
        (tmp_path / "pulled").mkdir()
        agent.client.pull(agent.outcome(third), tmp_path / "pulled")
    assert (tmp_path / "pulled" / "out.txt").read_text() == "made"
    assert (tmp_path / "counted").read_text() == "x"


def test_what_failed_is_done_again(orders: Orders, agent: AgentProcess, tmp_path: Path) -> None:
    (tmp_path / "leave").touch()
    order = orders.order(counts(tmp_path, "raise SystemExit(3)"), outputs={"file": "out.txt"})
    assert agent.carry_out(order, orders.files).returncode == 3
    assert agent.carry_out(later(order), orders.files).returncode == 3
    assert (tmp_path / "counted").read_text() == "xx"


def test_what_was_cancelled_is_done_again(
    orders: Orders, agent: AgentProcess, order: AttemptOrder, tmp_path: Path
) -> None:
    agent.begin(order, orders.files)
    agent.log(order)
    agent.client.cancel([order.id])
    second = later(order)
    agent.begin(second, orders.files)
    (tmp_path / "leave").touch()
    assert agent.outcome(second).is_success
    assert (tmp_path / "counted").read_text() == "xx"


@pytest.mark.parametrize("changes", [{"fresh": True}, {"cpus": 2}])
def test_what_was_ordered_otherwise_is_done_again(
    orders: Orders, agent: AgentProcess, order: AttemptOrder, tmp_path: Path, changes: dict[str, object]
) -> None:
    agent.begin(order, orders.files)
    agent.log(order)
    second = later(order, **changes)
    agent.begin(second, orders.files)
    assert agent.outcome(order).problem == "superseded"
    (tmp_path / "leave").touch()
    assert agent.outcome(second).is_success
    assert (tmp_path / "counted").read_text() == "xx"
    third = later(replace(second, fresh=False))
    agent.begin(third, orders.files)  # one that was made again may be taken over
    assert agent.outcome(third).is_success
    assert (tmp_path / "counted").read_text() == "xx"


def test_a_number_that_was_forgotten_does_not_come_back(orders: Orders, agent: AgentProcess) -> None:
    second = later(orders.order("pass"))
    agent.carry_out(second, orders.files)
    agent.heard.ask(done=(second.id,))
    assert not agent.knows(second)
    for order in (orders.order("pass"), second):
        with pytest.raises(ContentRefused, match=r"attempt 2 .*(known|forgotten)"):
            agent.begin(order, orders.files)
