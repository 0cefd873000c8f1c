"""Orders of commands, for cards, and in somebody else's environment."""

import os
import sys
from pathlib import Path

import pytest

from pipeline.cluster.wire.attempt_order import EnvironmentRecipe
from pipeline.cluster.wire.node_events import AttemptPrepares
from pipeline.envs.external.candidates import inspect
from pipeline.envs.external.inspection_cache import InspectionCache
from pipeline.host.gpu_leases import LeaseFolder
from pipeline.host.gpus import Gpu
from pipeline.run.invocation_file import CommandInvocation
from tests.cluster.helpers import AgentProcess, Orders, agent_in

CARDS = r"GPU-aaaa, Fake 8000, 8192\nGPU-bbbb, Fake 8000, 8192\n"  # for printf
SEES = "Path(stage.output('cards')).write_text(os.environ.get('CUDA_VISIBLE_DEVICES', 'all'))"


def test_a_command_gets_its_files_and_words(orders: Orders, agent: AgentProcess, tmp_path: Path) -> None:
    script = orders.file("upper.py", b"import sys\nprint(open(sys.argv[1]).read().upper(), sys.argv[2])\n")
    source = orders.file("a.txt", b"seen")
    command = CommandInvocation(
        words=["python", "{file.script}", "{input.source}", "{parameter.n}"],
        shell="",
        files={"script": "somewhere/upper.py"},
        variables={},
        stdin="",
        stdout="file",
    )
    order = orders.order(
        "raise SystemExit('this is never run')",
        inputs={"source": (source,)},
        outputs={"file": "out.txt"},
        command=command,
        command_files={"script": script},
        start="worker",
    )
    outcome = agent.carry_out(order, orders.files)
    assert outcome.is_success, agent.heard.log(order.id)
    (tmp_path / "pulled").mkdir()
    agent.client.pull(outcome, tmp_path / "pulled")
    assert (tmp_path / "pulled" / "out.txt").read_text() == "SEEN 3\n"


def test_a_command_that_fails_ends_as_it_ended(orders: Orders, agent: AgentProcess) -> None:
    command = CommandInvocation(words=[], shell="echo no luck; exit 7", files={}, variables={}, stdin="", stdout="")
    order = orders.order("pass", command=command)
    assert agent.carry_out(order, orders.files).returncode == 7
    assert b"no luck" in agent.heard.log(order.id)


@pytest.fixture
def leases(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> LeaseFolder:
    """Those of a machine with two cards."""
    tool = tmp_path / "bin" / "nvidia-smi"
    tool.parent.mkdir()
    tool.write_text(f"#!/bin/sh\nprintf '{CARDS}'\n")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tool.parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("PIPELINE_GPU_LEASES", str(tmp_path / "leases"))
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    return LeaseFolder(tmp_path / "leases")


def test_a_stage_sees_the_cards_of_its_order_alone(orders: Orders, leases: LeaseFolder, tmp_path: Path) -> None:
    with agent_in(tmp_path / "node") as agent:
        order = orders.order(SEES, outputs={"cards": "cards.txt"}, cards=("GPU-bbbb",))
        outcome = agent.carry_out(order, orders.files)
        assert outcome.is_success, outcome
        (tmp_path / "pulled").mkdir()
        agent.client.pull(outcome, tmp_path / "pulled")
    assert (tmp_path / "pulled" / "cards.txt").read_text() == "GPU-bbbb"
    assert not list((tmp_path / "leases").glob("*.lease"))


def test_it_waits_while_another_run_has_the_card_and_says_so(
    orders: Orders, leases: LeaseFolder, tmp_path: Path
) -> None:
    held = leases.lease([Gpu("GPU-aaaa", "Fake 8000", 8192 << 20)], 1, None)
    assert held is not None
    with agent_in(tmp_path / "node") as agent:
        order = orders.order(SEES, outputs={"cards": "cards.txt"}, cards=("GPU-aaaa",), gpu_memory=1 << 30)
        agent.begin(order, orders.files)
        agent.until(lambda: [each for each in agent.heard.events if _waits(each)])
        held.release()
        assert agent.outcome(order).is_success
    assert not list((tmp_path / "leases").glob("*.lease"))


def test_one_that_waits_for_a_card_may_be_cancelled(orders: Orders, leases: LeaseFolder, tmp_path: Path) -> None:
    held = leases.lease([Gpu("GPU-aaaa", "Fake 8000", 8192 << 20)], 1, None)
    assert held is not None
    with agent_in(tmp_path / "node") as agent:
        order = orders.order(SEES, outputs={"cards": "cards.txt"}, cards=("GPU-aaaa",))
        agent.begin(order, orders.files)
        agent.until(lambda: [each for each in agent.heard.events if _waits(each)])
        agent.client.cancel([order.id])
        outcome = agent.outcome(order)
    assert (outcome.problem, outcome.returncode) == ("cancelled", None)
    held.release()


def test_a_card_that_the_node_has_not_is_told(orders: Orders, leases: LeaseFolder, tmp_path: Path) -> None:
    with agent_in(tmp_path / "node") as agent:
        outcome = agent.carry_out(orders.order("pass", cards=("GPU-cccc",)), orders.files)
    assert outcome.problem == "node"
    assert "GPU-cccc" in outcome.words
    assert "GPU-aaaa, GPU-bbbb" in outcome.words


def test_somebody_else_s_environment_is_used_where_it_is(orders: Orders, agent: AgentProcess, tmp_path: Path) -> None:
    prefix = Path(sys.prefix)
    key = inspect(prefix, InspectionCache(tmp_path / "inspected")).record.key
    recipe = EnvironmentRecipe(name="shared", key=key, python="", place=str(prefix))
    body = "import sys\nPath(stage.output('file')).write_text(sys.prefix)"
    order = orders.order(body, outputs={"file": "out.txt"}, environment=recipe)
    outcome = agent.carry_out(order, orders.files)
    assert outcome.is_success, outcome
    (tmp_path / "pulled").mkdir()
    agent.client.pull(outcome, tmp_path / "pulled")
    assert (tmp_path / "pulled" / "out.txt").read_text() == str(prefix)
    assert not (tmp_path / "node" / "venv").exists()


@pytest.mark.parametrize("place", ["/nowhere/at/all", sys.prefix])
def test_an_environment_that_is_another_one_here_is_not_used(orders: Orders, agent: AgentProcess, place: str) -> None:
    recipe = EnvironmentRecipe(name="shared", key="sha256:" + "0" * 64, python="", place=place)
    outcome = agent.carry_out(orders.order("pass", environment=recipe), orders.files)
    assert outcome.problem == "environment"
    assert place in outcome.words


def _waits(event: object) -> bool:
    return isinstance(event, AttemptPrepares) and event.words.startswith("waiting for GPU-aaaa")
