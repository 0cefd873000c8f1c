"""A node in a process: how it introduces itself, whose it is, how it drains, and how the one before it ended."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from pipeline.cluster.content.errors import ContentRefused
from pipeline.cluster.content.server import Endpoint
from pipeline.cluster.node.agent_setup import AgentSettings
from pipeline.cluster.node.node_host import NodeHost
from pipeline.cluster.node.outcome_archive import ArchivedAttempt, OutcomeArchive
from pipeline.cluster.node_client import NodeClient
from pipeline.cluster.wire.attempt_order import AttemptId
from pipeline.cluster.wire.attempt_outcome import AttemptOutcome
from pipeline.cluster.wire.node_events import EventsQuestion
from pipeline.errors import NotReady, UsageError
from tests.cluster.helpers import TOKEN, Orders, agent_in, begin


@pytest.fixture
def settings(tmp_path: Path, spawning: None) -> AgentSettings:
    return AgentSettings(tmp_path / "node", "node1", token=TOKEN, owner="films of ada")


@pytest.fixture
def host(settings: AgentSettings) -> Iterator[NodeHost]:
    host = NodeHost(settings, {})
    yield host
    host.stop()


def test_it_introduces_itself(host: NodeHost) -> None:
    said = host.announcement(("node=highmem",), 3600.0, "job 7")
    assert (said.name, said.address) == ("node1", host.address)
    assert (said.labels, said.seconds_left, said.batch_job) == (("node=highmem",), 3600.0, "job 7")
    assert said.cpus >= 1
    assert said.memory > 1 << 20
    assert (said.gpus, said.earlier_end) == ((), "")
    assert NodeClient(host.address, TOKEN).attempts("run0").running == ()


def test_a_name_under_which_others_reach_it_may_be_given(settings: AgentSettings) -> None:
    host = NodeHost(settings, {}, host="node1.cluster")
    assert host.address.startswith("node1.cluster:")
    host.stop()


def test_without_tls_it_listens_to_this_machine_alone(settings: AgentSettings) -> None:
    with pytest.raises(UsageError):
        NodeHost(settings, {}, Endpoint("0.0.0.0"))
    NodeHost(settings, {}).stop()  # nothing was left that would hold the folder


@pytest.mark.parametrize("owner", ["", "films of bob"])
def test_a_folder_is_one_owner_s(host: NodeHost, settings: AgentSettings, owner: str) -> None:
    host.stop()
    other = AgentSettings(settings.folder, "node1", token=TOKEN, owner=owner)
    with pytest.raises(NotReady, match="films of ada"):
        NodeHost(other, {})
    NodeHost(settings, {}).stop()


def test_two_at_once_do_not_share_a_folder(host: NodeHost, settings: AgentSettings) -> None:
    with pytest.raises(NotReady, match="in use"):
        NodeHost(settings, {})


def test_it_may_be_stopped_twice_and_answers_nobody_then(host: NodeHost) -> None:
    client = NodeClient(host.address, TOKEN, tries=1)
    client.attempts("run0")
    host.stop()
    host.stop()
    with pytest.raises(NotReady):
        client.attempts("run0")


def test_how_the_one_before_ended_is_known(settings: AgentSettings) -> None:
    with agent_in(settings.folder) as agent:
        pid = agent.process.pid
        agent.process.send_signal(signal.SIGKILL)
    other = AgentSettings(settings.folder, "node1", token=TOKEN)
    host = NodeHost(other, {})
    assert f"process {pid} " in host.announcement().earlier_end
    host.stop()
    host = NodeHost(other, {})
    assert host.announcement().earlier_end == ""
    host.stop()


def test_a_machine_that_was_started_again_ended_the_one_before(settings: AgentSettings) -> None:
    NodeHost(settings, {}).stop()
    note = {"pid": 7, "host": "elsewhere", "boot": "another"}
    (settings.folder / "agent.json").write_text(json.dumps(note))
    host = NodeHost(settings, {})
    assert "ended with its machine" in host.announcement().earlier_end
    host.stop()


@pytest.mark.parametrize("text", ["", "[]", "{", '{"pid": "x"}'])
def test_a_note_that_is_none_says_nothing(settings: AgentSettings, text: str) -> None:
    NodeHost(settings, {}).stop()
    (settings.folder / "agent.json").write_text(text)
    host = NodeHost(settings, {})
    assert host.announcement().earlier_end == ""
    host.stop()


def test_one_that_drains_takes_no_more_orders_and_waits_for_what_runs(
    orders: Orders, tmp_path: Path, settings: AgentSettings
) -> None:
    host = NodeHost(settings, dict(os.environ))
    client = NodeClient(host.address, TOKEN)
    leave = tmp_path / "leave"
    order = orders.order(f"while not os.path.exists({str(leave)!r}): time.sleep(0.01)")
    begin(client, order, orders.files)
    assert not host.drain(0.0)
    with pytest.raises(ContentRefused, match="no more orders"):
        begin(client, orders.order("pass", stage="other"), orders.files)
    drained: list[bool] = []
    waiting = threading.Thread(target=lambda: drained.append(host.drain(60)))
    waiting.start()
    leave.touch()
    while not client.attempts("run0").ended:
        time.sleep(0.01)
    assert drained == []  # nobody has the outcome yet
    client.forget([order.id])
    waiting.join(60)
    assert drained == [True]
    host.stop()


def test_what_no_run_comes_back_for_is_not_kept_forever(
    settings: AgentSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    outcome = AttemptOutcome(id=AttemptId("run0", "job", "test", 1), node="node1", returncode=0)
    log = settings.folder / "attempts" / "one.log"
    log.parent.mkdir(parents=True)
    log.touch()
    with contextlib.closing(OutcomeArchive(settings.folder / "outcomes.jsonl")) as outcomes:
        outcomes.keep("one", ArchivedAttempt(outcome=outcome))
    host = NodeHost(settings, {})
    client = NodeClient(host.address, TOKEN)
    client.events(EventsQuestion("run1"))
    assert client.attempts("run0").ended == (outcome.id,)
    monkeypatch.setattr("pipeline.cluster.node.agent.KEPT_SECONDS", -1)
    client.events(EventsQuestion("run2"))
    assert client.attempts("run0").ended == ()
    assert not log.exists()
    host.stop()


HOSTED = """
import json, os, sys
from pathlib import Path
from pipeline.cluster.node.agent_setup import AgentSettings
from pipeline.cluster.node.node_host import NodeHost
host = NodeHost(AgentSettings(Path(sys.argv[1]), "node1", token=sys.argv[2]), dict(os.environ))
print(host.address, flush=True)
sys.stdin.read()
"""


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_nothing_outlives_a_process_that_hosts_a_node_without_stopping_it(
    orders: Orders, tmp_path: Path, number: signal.Signals
) -> None:
    """As a Dask worker's does that its nanny kills."""
    words = [sys.executable, "-c", HOSTED, str(tmp_path / "node"), TOKEN]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        client = NodeClient(process.stdout.readline().strip(), TOKEN)
        body = "print(os.getpid(), flush=True)\ntime.sleep(600)"
        several = [orders.order(body, stage=f"stage{each}") for each in range(2)]
        for order in several:
            begin(client, order, orders.files)
        pids = _pids(tmp_path / "node", len(several))
        process.send_signal(number)
        process.wait(20)
    _gone, alive = psutil.wait_procs(pids, timeout=20)
    assert [each for each in alive if each.status() != psutil.STATUS_ZOMBIE] == []


def _pids(folder: Path, count: int) -> list[psutil.Process]:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        logs = [each.read_text() for each in (folder / "attempts").glob("*.log")]
        if len([each for each in logs if each.endswith("\n")]) == count:
            return [psutil.Process(int(each)) for each in logs]
        time.sleep(0.02)
    raise TimeoutError
