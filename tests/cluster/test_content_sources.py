"""Contents that a node fetches itself: from another node, or from a folder that machines share."""

import os
import signal
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from pipeline.cluster.wire.attempt_order import AttemptOrder
from pipeline.cluster.wire.attempt_outcome import AttemptOutcome
from pipeline.cluster.wire.node_events import ContentSource, OrderAnswer, OrderBatch
from pipeline.cluster.wire.ordered_items import OrderedFile
from tests.cluster.helpers import AgentProcess, Orders, agent_in

BODY = "Path(stage.output('file')).write_bytes(Path(stage.input('film')).read_bytes()[::-1])"


@pytest.fixture
def film(orders: Orders) -> OrderedFile:
    return orders.file("film.mp4", os.urandom(3 << 20))


@pytest.fixture
def order(orders: Orders, film: OrderedFile) -> AttemptOrder:
    return orders.order(BODY, inputs={"film": (film,)}, outputs={"file": "reversed.mp4"})


@pytest.fixture
def peer(orders: Orders, film: OrderedFile, tmp_path: Path) -> Iterator[AgentProcess]:
    with agent_in(tmp_path / "peer", "node2") as peer:
        peer.client.push(orders.files[film.digest], film.digest)
        yield peer


def with_sources(
    agent: AgentProcess, orders: Orders, order: AttemptOrder, digest: str, sources: Sequence[ContentSource]
) -> OrderAnswer:
    """Begin it, when all other contents are there."""
    for other in order.contents():
        if other != digest:
            agent.client.push(orders.files[other], other)
    (answer,) = agent.client.begin(OrderBatch((order,), sources={digest: tuple(sources)})).answers
    return answer


def came_whole(agent: AgentProcess, outcome: AttemptOutcome, film: Path, folder: Path) -> bool:
    folder.mkdir()
    agent.client.pull(outcome, folder)
    return (folder / "reversed.mp4").read_bytes() == film.read_bytes()[::-1]


def test_a_node_fetches_from_another_one(
    orders: Orders, agent: AgentProcess, peer: AgentProcess, order: AttemptOrder, film: OrderedFile, tmp_path: Path
) -> None:
    source = ContentSource(address=peer.client.contents.address)
    assert with_sources(agent, orders, order, film.digest, [source]) == OrderAnswer(order.id)
    assert came_whole(agent, agent.outcome(order), orders.files[film.digest], tmp_path / "pulled")


def test_a_node_copies_from_a_folder_that_it_shares(
    orders: Orders, agent: AgentProcess, order: AttemptOrder, film: OrderedFile, tmp_path: Path
) -> None:
    source = ContentSource(path=str(orders.files[film.digest]))
    assert not with_sources(agent, orders, order, film.digest, [source]).missing
    assert came_whole(agent, agent.outcome(order), orders.files[film.digest], tmp_path / "pulled")


@pytest.mark.parametrize("wrong", ["other bytes", "shorter", "gone", "folder", "dead node", "empty node", "no address"])
def test_a_source_that_fails_leads_to_the_next(
    orders: Orders,
    agent: AgentProcess,
    peer: AgentProcess,
    order: AttemptOrder,
    film: OrderedFile,
    tmp_path: Path,
    wrong: str,
) -> None:
    first = _wrong_source(wrong, tmp_path, film.size)
    second = ContentSource(address=peer.client.contents.address)
    if wrong == "empty node":
        with agent_in(tmp_path / "empty", "node3") as empty:
            first = ContentSource(address=empty.client.contents.address)
            with_sources(agent, orders, order, film.digest, [first, second])
            outcome = agent.outcome(order)
    else:
        with_sources(agent, orders, order, film.digest, [first, second])
        outcome = agent.outcome(order)
    assert came_whole(agent, outcome, orders.files[film.digest], tmp_path / "pulled")
    assert not list((tmp_path / "node" / "contents" / "parts").iterdir())


def test_where_no_source_is_left_the_outcome_names_the_content_and_a_push_helps(
    orders: Orders, agent: AgentProcess, order: AttemptOrder, film: OrderedFile, tmp_path: Path
) -> None:
    source = _wrong_source("other bytes", tmp_path, film.size)
    with_sources(agent, orders, order, film.digest, [source])
    outcome = agent.outcome(order)
    assert (outcome.problem, outcome.missing) == ("content", (film.digest,))
    assert film.digest in outcome.words
    again = orders.order(BODY, 2, inputs={"film": (film,)}, outputs={"file": "reversed.mp4"})
    assert agent.carry_out(again, orders.files).is_success


def test_contents_without_a_source_are_asked_for(
    orders: Orders, agent: AgentProcess, order: AttemptOrder, film: OrderedFile
) -> None:
    sources: dict[str, tuple[ContentSource, ...]] = {film.digest: (ContentSource(path=str(orders.files[film.digest])),)}
    (answer,) = agent.client.begin(OrderBatch((order,), sources=sources)).answers
    assert set(answer.missing) == set(order.contents()) - {film.digest}


def test_small_contents_come_with_the_order(orders: Orders, agent: AgentProcess, order: AttemptOrder) -> None:
    small = {digest: orders.files[digest].read_bytes() for digest, size in order.contents().items() if size < 1 << 20}
    (answer,) = agent.client.begin(OrderBatch((order,), small)).answers
    assert answer.missing == tuple(digest for digest in order.contents() if digest not in small)


def test_a_fetch_ends_with_its_attempt(
    orders: Orders, agent: AgentProcess, peer: AgentProcess, order: AttemptOrder, film: OrderedFile
) -> None:
    """Also where the other node says nothing at all."""
    peer.process.send_signal(signal.SIGSTOP)
    try:
        with_sources(agent, orders, order, film.digest, [ContentSource(address=peer.client.contents.address)])
        agent.client.cancel([order.id])
        assert agent.outcome(order).problem == "cancelled"
    finally:
        peer.process.send_signal(signal.SIGCONT)


def _wrong_source(wrong: str, folder: Path, size: int) -> ContentSource:
    file = folder / "shared.mp4"
    match wrong:
        case "other bytes":
            file.write_bytes(bytes(size))
        case "shorter":
            file.write_bytes(bytes(size - 1))
        case "folder":
            file.mkdir()
        case "dead node":
            return ContentSource(address="127.0.0.1:9")
        case "no address":
            return ContentSource(address="nowhere")
    return ContentSource(path=str(file))
