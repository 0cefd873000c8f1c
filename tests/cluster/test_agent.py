"""An agent as a process of its own, over its server, without anything that would hand out orders."""

import os
import signal
import threading
import time
from pathlib import Path

import psutil
import pytest

from pipeline.cluster.content.errors import ContentRefused, ContentUnknown
from pipeline.cluster.node_client import NodeClient
from pipeline.cluster.wire.node_events import EventsQuestion, OrderBatch
from pipeline.policy import Start
from pipeline.values import replace
from tests.cluster.helpers import TOKEN, AgentProcess, Orders, agent_in

WRITES = "Path(stage.output('file')).write_text(Path(stage.input('source')).read_text().upper())"


def test_a_stage_runs_on_a_node_in_the_environment_that_is_built_there(
    orders: Orders, agent: AgentProcess, tmp_path: Path
) -> None:
    made = "quirk.VERSION + Path(stage.input('source')).read_text() + sys.prefix"
    body = "import quirk, sys\nprint('hello from the stage')\nstage.progress(0.5)"
    body += f"\nPath(stage.output('file')).write_text({made})"
    source = orders.file("a film.mp4", b" seen ")
    order = orders.order(body, inputs={"source": (source,)}, outputs={"file": "out.txt"})
    outcome = agent.carry_out(order, orders.files)
    assert outcome.is_success, outcome
    assert outcome.node == "node1"
    assert b"hello from the stage" in agent.heard.log(order.id)
    assert [each.progress for each in agent.heard.reports(order.id) if each.progress] == [0.5]
    (tmp_path / "pulled").mkdir()
    agent.client.pull(outcome, tmp_path / "pulled")
    text = (tmp_path / "pulled" / "out.txt").read_text()
    assert text.startswith(f"1.0 seen {tmp_path / 'node'}")


def test_what_the_run_does_not_have_is_told(orders: Orders, agent: AgentProcess) -> None:
    order = orders.order("pass")
    with pytest.raises(ContentUnknown):
        agent.begin(order, {})


def test_an_order_that_comes_twice_is_carried_out_once(orders: Orders, agent: AgentProcess, tmp_path: Path) -> None:
    counted = tmp_path / "counted"
    order = orders.order(f"with open({str(counted)!r}, 'a') as file: file.write('x')")
    threads = [threading.Thread(target=agent.begin, args=(order, orders.files)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert agent.outcome(order).is_success
    assert agent.carry_out(order, orders.files).is_success
    assert counted.read_text() == "x"


def test_eight_who_need_one_environment_make_one_build(orders: Orders, agent: AgentProcess, tmp_path: Path) -> None:
    several = [orders.order("pass", stage=f"stage{number}") for number in range(8)]
    for order in several:
        agent.begin(order, orders.files)
    assert all(agent.outcome(order).is_success for order in several)
    builds = tmp_path / "node" / "venv" / ".builds"
    assert len([each for each in builds.iterdir() if each.is_dir()]) == 1


def test_only_the_attempt_with_the_highest_number_counts(orders: Orders, agent: AgentProcess) -> None:
    first, second = orders.order("time.sleep(60)", 1), orders.order("pass", 2)
    agent.begin(first, orders.files)
    assert agent.carry_out(second, orders.files).is_success
    assert agent.outcome(first).problem == "superseded"
    agent.client.forget([first.id])
    with pytest.raises(ContentRefused, match="attempt 2"):
        agent.begin(first, orders.files)


def test_one_that_is_cancelled_ends_and_says_so(orders: Orders, agent: AgentProcess) -> None:
    order = orders.order("print('at work', flush=True)\ntime.sleep(60)")
    agent.begin(order, orders.files)
    agent.log(order)
    agent.client.cancel([order.id])
    assert agent.outcome(order).problem == "cancelled"


def test_one_that_takes_too_long_is_ended(orders: Orders, agent: AgentProcess) -> None:
    outcome = agent.carry_out(orders.order("time.sleep(60)", seconds=0.5), orders.files)
    assert outcome.problem == "time"


def test_a_stage_begins_when_one_of_its_predecessors_ends(orders: Orders, agent: AgentProcess) -> None:
    agent.carry_out(orders.order("pass", stage="environment"), orders.files)
    first = orders.order("time.sleep(0.3)\nprint(time.monotonic())", stage="first")
    long = orders.order("print('at work', flush=True)\ntime.sleep(60)", stage="long")
    later = orders.order("print(time.monotonic())", stage="later", predecessors=(first.id, long.id))
    for order in (long, first, later):
        agent.begin(order, orders.files)
    assert agent.outcome(later).is_success
    assert float(agent.log(later)) >= float(agent.log(first))
    assert agent.heard.outcome(long.id) is None


def test_a_stage_that_fails_is_no_problem_of_the_node(orders: Orders, agent: AgentProcess) -> None:
    order = orders.order("raise ValueError('no such language')")
    outcome = agent.carry_out(order, orders.files)
    assert (outcome.problem, outcome.returncode) == ("", 1)
    raised = [each.raised for each in agent.heard.reports(order.id) if each.raised]
    assert [each.message for each in raised] == ["no such language"]


def test_a_stage_that_leaves_nothing_has_no_outputs(orders: Orders, agent: AgentProcess) -> None:
    outcome = agent.carry_out(orders.order("pass", outputs={"file": "out.txt"}), orders.files)
    assert outcome.problem == "outputs"


def test_a_stage_that_changes_its_input_makes_no_result(orders: Orders, agent: AgentProcess) -> None:
    source = orders.file("a.txt", b"before")
    body = "path = Path(stage.input('source'))\npath.chmod(0o644)\npath.write_text('changed')\n" + WRITES
    order = orders.order(body, inputs={"source": (source,)}, outputs={"file": "out.txt"})
    assert agent.carry_out(order, orders.files).problem == "inputs"
    order = orders.order(WRITES, stage="other", inputs={"source": (source,)}, outputs={"file": "out.txt"})
    outcome = agent.carry_out(order, orders.files)
    assert outcome.is_success
    assert outcome.outputs["file"] == replace(orders.file("out.txt", b"BEFORE"), name="out.txt")


def test_a_directory_comes_back_as_it_was_left(orders: Orders, agent: AgentProcess, tmp_path: Path) -> None:
    body = (
        "top = Path(stage.output('files'))\n(top / 'sub').mkdir(parents=True)\n(top / 'sub' / 'a').write_text('a')\n"
        "(top / 'run.sh').write_text('#!')\n(top / 'run.sh').chmod(0o755)\n(top / 'link').symlink_to('sub/a')"
    )
    outcome = agent.carry_out(orders.order(body, outputs={"files": "files/"}), orders.files)
    assert outcome.is_success, outcome
    (tmp_path / "pulled").mkdir()
    agent.client.pull(outcome, tmp_path / "pulled")
    top = tmp_path / "pulled" / "files"
    assert (top / "link").read_text() == "a"
    assert os.access(top / "run.sh", os.X_OK)
    assert (top / "link").is_symlink()


def test_an_environment_that_would_be_another_one_is_not_made(orders: Orders, agent: AgentProcess) -> None:
    recipe = orders.recipe(key="sha256:" + "0" * 64)
    outcome = agent.carry_out(orders.order("pass", environment=recipe), orders.files)
    assert outcome.problem == "environment"
    assert outcome.returncode is None


def test_an_environment_that_cannot_be_built_is_tried_once_for_all_who_wait(
    orders: Orders, agent: AgentProcess, tmp_path: Path
) -> None:
    recipe = replace(orders.recipe(), packages=())
    several = [orders.order("pass", stage=f"stage{number}", environment=recipe) for number in range(4)]
    for order in several:
        agent.begin(order, orders.files)
    assert {agent.outcome(order).problem for order in several} == {"environment"}
    logs = list((tmp_path / "node" / "logs" / "environments").glob("alpha*.log"))
    assert len(logs) == 1


def test_a_damaged_environment_is_built_again_before_it_is_used(orders: Orders, tmp_path: Path) -> None:
    with agent_in(tmp_path / "node") as agent:
        assert agent.carry_out(orders.order("import quirk"), orders.files).is_success
    (module,) = (tmp_path / "node" / "venv" / "alpha").resolve().rglob("quirk.py")
    times = module.stat()
    module.chmod(0o644)
    module.unlink()
    module.write_text("raise ImportError('damaged')\n")
    os.utime(module, ns=(times.st_atime_ns, times.st_mtime_ns))
    with agent_in(tmp_path / "node") as agent:
        outcome = agent.carry_out(orders.order("import quirk", 2), orders.files)
        assert outcome.is_success, outcome


def test_an_environment_that_is_damaged_while_it_is_used_is_built_again(
    orders: Orders, agent: AgentProcess, tmp_path: Path
) -> None:
    assert agent.carry_out(orders.order("from quirk import VERSION"), orders.files).is_success
    venv = tmp_path / "node" / "venv" / "alpha"
    (module,) = venv.resolve().rglob("quirk.py")
    module.write_bytes(b"")  # its folder doesn't change, which would be seen before the stage begins
    outcome = agent.carry_out(orders.order("from quirk import VERSION", stage="next"), orders.files)
    assert outcome.problem == "content"
    assert "quirk.py" in outcome.words
    assert agent.carry_out(orders.order("from quirk import VERSION", 2, stage="next"), orders.files).is_success
    assert venv.resolve().name not in module.parts


def test_a_stage_that_imports_what_nobody_has_is_no_problem_of_the_node(orders: Orders, agent: AgentProcess) -> None:
    for number in (1, 2):
        outcome = agent.carry_out(orders.order("import nothing_like_this", number), orders.files)
        assert (outcome.problem, outcome.returncode) == ("", 1)


def test_an_outcome_is_told_again_by_the_next_agent_until_it_is_forgotten(orders: Orders, tmp_path: Path) -> None:
    source = orders.file("a.txt", b"text")
    order = orders.order(WRITES, inputs={"source": (source,)}, outputs={"file": "out.txt"})
    with agent_in(tmp_path / "node") as agent:
        outcome = agent.carry_out(order, orders.files)
        agent.process.send_signal(signal.SIGKILL)
    with agent_in(tmp_path / "node") as agent:
        assert agent.outcome(order) == outcome
        (tmp_path / "pulled").mkdir()
        agent.client.pull(outcome, tmp_path / "pulled")
        agent.client.forget([order.id])
        assert not agent.knows(order)
    assert (tmp_path / "pulled" / "out.txt").read_text() == "TEXT"


def test_nothing_outlives_an_agent_that_is_killed(orders: Orders, tmp_path: Path) -> None:
    order = orders.order("print('at work', os.getpid(), flush=True)\ntime.sleep(600)")
    with agent_in(tmp_path / "node") as agent:
        agent.begin(order, orders.files)
        pid = int(agent.log(order).split()[2])
        agent.process.send_signal(signal.SIGKILL)
    with agent_in(tmp_path / "node") as agent:
        assert not agent.knows(order)
        assert not list((tmp_path / "node" / "attempts").iterdir())
    assert _is_gone(pid)


LEAVES = (
    "import subprocess\n"
    "left = subprocess.Popen(['sleep', '600'], start_new_session=True, env={**os.environ})\n"
    "print('left', left.pid, flush=True)"
)


@pytest.mark.parametrize("start", ["cold", "worker"])
def test_nothing_that_a_stage_has_started_outlives_it(orders: Orders, agent: AgentProcess, start: Start) -> None:
    order = orders.order(LEAVES, start=start)
    outcome = agent.carry_out(order, orders.files)
    assert outcome.is_success, outcome
    assert _is_gone(int(agent.heard.log(order.id).split()[1]))


def test_nothing_that_a_stage_has_started_outlives_an_agent_that_is_killed(orders: Orders, tmp_path: Path) -> None:
    order = orders.order(LEAVES + "\ntime.sleep(600)")
    with agent_in(tmp_path / "node") as agent:
        agent.begin(order, orders.files)
        pid = int(agent.log(order).split()[1])
        agent.process.send_signal(signal.SIGKILL)
    assert _is_gone(pid)


def test_a_node_without_room_says_so(orders: Orders, tmp_path: Path) -> None:
    body = "Path(stage.output('file')).write_bytes(bytes(200_000))"
    with agent_in(tmp_path / "node", limit=100_000) as agent:
        outcome = agent.carry_out(orders.order(body, outputs={"file": "out.bin"}), orders.files)
    assert outcome.problem == "room"


def test_one_agent_has_a_folder(orders: Orders, agent: AgentProcess) -> None:
    with pytest.raises(ValueError, match="Expecting value"), agent_in(agent.folder):
        pass


def test_a_stranger_learns_and_does_nothing(orders: Orders, agent: AgentProcess) -> None:
    stranger = NodeClient(agent.client.contents.address, TOKEN + "x", tries=1)
    order = orders.order("pass")
    with pytest.raises(ContentRefused):
        stranger.begin(OrderBatch((order,)))
    with pytest.raises(ContentRefused):
        stranger.events(EventsQuestion("run0"))
    with pytest.raises(ContentRefused):
        stranger.attempts("run0")


@pytest.mark.parametrize("name", ["../a.txt", "a/b.txt", "", "..", "/etc/passwd"])
def test_names_that_lead_elsewhere_are_refused(orders: Orders, agent: AgentProcess, name: str) -> None:
    source = replace(orders.file("a.txt", b"text"), name=name)
    with pytest.raises(ContentRefused):
        agent.begin(orders.order("pass", inputs={"source": (source,)}), orders.files)


def test_an_order_of_another_version_is_refused(orders: Orders, agent: AgentProcess) -> None:
    with pytest.raises(ContentRefused, match="version"):
        agent.begin(orders.order("pass", schema=99), orders.files)


def test_secrets_reach_the_stage_and_no_file(orders: Orders, agent: AgentProcess, tmp_path: Path) -> None:
    body = "print('it is', stage.parameters['key'], flush=True)\nassert len(stage.parameters['key']) == 9"
    order = orders.order(body, secrets=(("key", "swordfish"),))
    outcome = agent.carry_out(order, orders.files)
    assert outcome.is_success, agent.heard.log(order.id)
    log = agent.heard.log(order.id)
    assert b"it is" in log
    assert b"swordfish" not in log
    files = [each for each in (tmp_path / "node").rglob("*") if each.is_file() and ".builds" not in each.parts]
    assert [each for each in files if b"swordfish" in each.read_bytes()] == []


def _is_gone(pid: int) -> bool:
    """Within some seconds; one that nobody has collected is."""
    until = time.monotonic() + 20
    while time.monotonic() < until:
        try:
            if psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
                return True
        except psutil.NoSuchProcess:
            return True
        time.sleep(0.05)
    return False
