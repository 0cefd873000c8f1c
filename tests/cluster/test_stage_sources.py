"""The sources of stages, laid out once for many attempts."""

import errno
import threading
from pathlib import Path

import pytest

from pipeline.cluster.content.errors import ContentUnknown
from pipeline.cluster.content.store import ContentStore, opened
from pipeline.cluster.node import stage_sources
from pipeline.cluster.node.layout import lay_out
from pipeline.cluster.node.stage_sources import StageSources
from pipeline.cluster.wire.attempt_order import AttemptId, AttemptOrder, EnvironmentRecipe
from pipeline.cluster.wire.ordered_items import OrderedFile, OrderedItem
from tests.cluster.content.helpers import damage_quietly
from tests.cluster.helpers import AgentProcess, Orders


@pytest.fixture
def store(tmp_path: Path) -> ContentStore:
    with opened(tmp_path / "store", 1 << 20, headroom=0) as store:
        return store


@pytest.fixture
def sources(store: ContentStore, tmp_path: Path) -> StageSources:
    (tmp_path / "sources" / "left").mkdir(parents=True)
    return StageSources(tmp_path / "sources", store)


def order(store: ContentStore, folder: Path, text: str, number: int = 1) -> AttemptOrder:
    file = folder / "given.py"
    file.write_text(text)
    content = store.put(file)
    file.unlink()
    return AttemptOrder(
        id=AttemptId("run0", "job", "test", number),
        environment=EnvironmentRecipe(name="alpha", key="k", python=">=3.11", lock="a.lock"),
        stage_file=OrderedFile("test.py", content.digest, content.size),
        source_digest="sha256:1",
        arguments={},
    )


def test_attempts_with_the_same_source_have_it_at_one_place(
    sources: StageSources, store: ContentStore, tmp_path: Path
) -> None:
    one, two = order(store, tmp_path, "one"), order(store, tmp_path, "two", 2)
    with sources.laid_out(one) as first, sources.laid_out(two) as other:
        assert other.stage_file != first.stage_file
        assert other.stage_file.read_text() == "two"
    with sources.laid_out(order(store, tmp_path, "one", 3)) as again:
        assert again.stage_file == first.stage_file
        assert again.stage_file.read_text() == "one"
    assert not (tmp_path / "sources" / "left").exists()


@pytest.mark.parametrize("harm", ["write", "remove", "replace"])
def test_what_somebody_has_changed_is_laid_out_again(
    sources: StageSources, store: ContentStore, tmp_path: Path, harm: str
) -> None:
    with sources.laid_out(order(store, tmp_path, "one")) as first:
        pass
    first.stage_file.unlink()
    if harm != "remove":
        first.stage_file.write_text("xyz" if harm == "replace" else "one and more")
    with sources.laid_out(order(store, tmp_path, "one")) as again:
        assert again.stage_file.read_text() == "one"
        assert again.stage_file != first.stage_file
    assert not first.folder.exists()


def test_few_are_kept_and_none_is_taken_away_from_an_attempt(
    sources: StageSources, store: ContentStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stage_sources, "KEPT", 2)
    with sources.laid_out(order(store, tmp_path, "held")) as held:
        for number in range(6):
            with sources.laid_out(order(store, tmp_path, f"{number}")):
                pass
            assert held.stage_file.read_text() == "held"
        assert len(list((tmp_path / "sources").iterdir())) == 3
    assert len(list((tmp_path / "sources").iterdir())) == 2


def test_nothing_is_left_of_one_that_finds_no_room(
    sources: StageSources, store: ContentStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lay_out_a_part(item: OrderedItem, folder: Path, store: ContentStore) -> Path:
        lay_out(item, folder, store)
        raise OSError(errno.ENOSPC, "no room")

    monkeypatch.setattr(stage_sources, "lay_out", lay_out_a_part)
    with pytest.raises(OSError, match="no room"), sources.laid_out(order(store, tmp_path, "one")):
        pass
    assert list((tmp_path / "sources").iterdir()) == []


def test_one_whose_content_is_gone_is_refused(sources: StageSources, store: ContentStore, tmp_path: Path) -> None:
    wanted = order(store, tmp_path, "one")
    store.file(wanted.stage_file.digest).unlink()
    with pytest.raises(ContentUnknown), sources.laid_out(wanted):
        pass


def test_what_the_disk_has_damaged_is_laid_out_again(
    sources: StageSources, store: ContentStore, tmp_path: Path
) -> None:
    """Its size and its time stay, also those of a link to it."""
    wanted = order(store, tmp_path, "one")
    with sources.laid_out(wanted) as first:
        damage_quietly(store.file(wanted.stage_file.digest))
        assert first.stage_file.read_text() != "one"
    assert store.drop_damaged(wanted.stage_file.digest)
    sources.forget()
    with sources.laid_out(order(store, tmp_path, "one")) as again:
        assert again.stage_file.read_text() == "one"
    assert not first.folder.exists()


def test_threads_that_want_the_same_one_get_the_same(
    sources: StageSources, store: ContentStore, tmp_path: Path
) -> None:
    wanted, found = order(store, tmp_path, "one"), []

    def use() -> None:
        with sources.laid_out(wanted) as source:
            found.append(source.stage_file)

    threads = [threading.Thread(target=use) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert len(found) == 16
    assert len(set(found)) == 1


def test_a_worker_of_a_node_keeps_what_a_stage_has_loaded(orders: Orders, agent: AgentProcess) -> None:
    """Such as a model: as on the machine of a run."""
    body = "print(stage.memo('model', lambda: os.urandom(4).hex()), flush=True)"
    said = []
    for number in (1, 2, 3):
        order = orders.order(body, number, start="worker", fresh=True)
        assert agent.carry_out(order, orders.files).is_success
        said.append(agent.heard.log(order.id))
    assert len(set(said)) == 1
    assert said[0]
