"""Contents on their way to an agent that is killed, and from it to a run that is."""

import http.client
import os
import signal
import time
from pathlib import Path

import pytest

from pipeline.cluster.content.client import ContentClient
from pipeline.cluster.content.errors import ContentUnknown
from pipeline.cluster.content.partial import PartialContent
from pipeline.cluster.wire.attempt_outcome import AttemptOutcome
from pipeline.cluster.wire.ordered_items import OrderedFile, OrderedFolder
from pipeline.directories.manifest import TreeEntry
from pipeline.values import replace
from tests.cluster.content.helpers import damage_quietly
from tests.cluster.helpers import BOUND, TOKEN, Orders, agent_in

SIZE = 3 << 20


def test_what_came_before_an_agent_was_killed_need_not_come_again(orders: Orders, tmp_path: Path) -> None:
    film = orders.file("film.mp4", os.urandom(SIZE))
    with agent_in(tmp_path / "node") as agent:
        _send_first_half(agent.client.contents, film, orders.files[film.digest].read_bytes())
        agent.process.send_signal(signal.SIGKILL)
    with agent_in(tmp_path / "node") as agent:
        assert (agent.client.contents.received(film.digest) or 0) >= SIZE // 2
        agent.client.contents.push(orders.files[film.digest], film.digest)
        assert agent.client.contents.received(film.digest) is None


def test_what_came_before_a_run_was_killed_need_not_come_again(orders: Orders, tmp_path: Path) -> None:
    film = orders.file("film.mp4", os.urandom(SIZE))
    data = orders.files[film.digest].read_bytes()
    outcome = AttemptOutcome(id=orders.order("pass").id, node="node1", outputs={"film": film})
    (tmp_path / "pulled").mkdir()
    with agent_in(tmp_path / "node") as agent:
        agent.client.contents.push(orders.files[film.digest], film.digest)
        with PartialContent(tmp_path / "pulled" / f".{film.digest[-16:]}.part", film.digest, SIZE) as partial:
            partial.write(data[: SIZE // 2])
        agent.client.pull(outcome, tmp_path / "pulled")
    assert [each.name for each in (tmp_path / "pulled").iterdir()] == ["film.mp4"]
    assert (tmp_path / "pulled" / "film.mp4").read_bytes() == data


@pytest.mark.parametrize(
    "item",
    [
        OrderedFile("../a", "blake3:" + "0" * 64, 1),
        OrderedFolder("..", ()),
        OrderedFolder("files", (TreeEntry("../a", "file", 1, "0" * 64),)),
    ],
)
def test_a_node_cannot_let_a_run_write_elsewhere(
    orders: Orders, tmp_path: Path, item: OrderedFile | OrderedFolder
) -> None:
    outcome = AttemptOutcome(id=orders.order("pass").id, node="node1", outputs={"film": item})
    (tmp_path / "pulled").mkdir()
    with agent_in(tmp_path / "node") as agent, pytest.raises(ValueError, match="can't be the name"):
        agent.client.pull(replace(outcome, outputs={"film": item}), tmp_path / "pulled")
    assert list((tmp_path / "pulled").iterdir()) == []


def test_an_input_that_the_disk_has_damaged_since_is_sent_again(orders: Orders, tmp_path: Path) -> None:
    film = orders.file("film.mp4", os.urandom(SIZE))
    body = "Path(stage.output('file')).write_bytes(Path(stage.input('film')).read_bytes()[::-1])"
    order = orders.order(body, inputs={"film": (film,)}, outputs={"file": "reversed.mp4"})
    with agent_in(tmp_path / "node") as agent:
        assert agent.carry_out(order, orders.files).is_success
        agent.client.forget([order.id])
    damage_quietly(_stored(tmp_path / "node", film))
    with agent_in(tmp_path / "node") as agent:
        second, third = (replace(order, id=replace(order.id, number=number)) for number in (2, 3))
        outcome = agent.carry_out(second, orders.files)
        assert outcome.problem == "content", outcome
        assert film.digest in outcome.words
        outcome = agent.carry_out(third, orders.files)
        assert outcome.is_success, outcome


def test_a_stage_that_fails_over_an_input_that_is_damaged_has_not_failed_itself(orders: Orders, tmp_path: Path) -> None:
    film = orders.file("film.mp4", b"a" * SIZE)
    body = "assert set(Path(stage.input('film')).read_bytes()) == {97}"
    order = orders.order(body, inputs={"film": (film,)})
    with agent_in(tmp_path / "node") as agent:
        assert agent.carry_out(order, orders.files).problem == "", "it is sound"
        damage_quietly(_stored(tmp_path / "node", film))
        second, third = (replace(order, id=replace(order.id, number=number), fresh=True) for number in (2, 3))
        outcome = agent.carry_out(second, orders.files)
        assert (outcome.problem, outcome.returncode) == ("content", 1), outcome
        outcome = agent.carry_out(third, orders.files)
        assert outcome.is_success, outcome


def test_what_a_run_has_not_fetched_before_its_agent_was_killed_makes_room(orders: Orders, tmp_path: Path) -> None:
    order = orders.order(f"Path(stage.output('file')).write_bytes(bytes({SIZE}))", outputs={"file": "made.bin"})
    film = orders.file("film.mp4", os.urandom(SIZE))
    with agent_in(tmp_path / "node") as agent:
        outcome = agent.carry_out(order, orders.files)
        assert outcome.is_success
        agent.process.send_signal(signal.SIGKILL)
    with agent_in(tmp_path / "node", limit=SIZE + (SIZE >> 1)) as agent:
        assert agent.outcome(order) == outcome  # it is told, and what it made is there until room is needed
        agent.client.contents.push(orders.files[film.digest], film.digest)
        (tmp_path / "pulled").mkdir()
        with pytest.raises(ContentUnknown):
            agent.client.pull(outcome, tmp_path / "pulled")


def _stored(node: Path, file: OrderedFile) -> Path:
    digits = file.digest.partition(":")[2]
    (found,) = (node / "contents").glob(f"*/{digits[:2]}/{digits}/content")
    return found


def _send_first_half(client: ContentClient, film: OrderedFile, data: bytes) -> None:
    """And wait until it is there; the rest never comes."""
    connection = http.client.HTTPConnection(client.address)
    connection.putrequest("PUT", f"/content/{film.digest}")
    connection.putheader("Authorization", f"Bearer {TOKEN}")
    connection.putheader("Content-Length", str(SIZE))
    connection.endheaders(data[: SIZE // 2])
    until = time.monotonic() + BOUND
    while (client.received(film.digest) or 0) < SIZE // 2 and time.monotonic() < until:
        time.sleep(0.01)
    connection.close()
