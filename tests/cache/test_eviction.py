"""Who has to go: the least recently used first, never what a job holds, and no more than is needed."""

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from pipeline.cache.eviction import choose
from pipeline.cache.store import ResultStore
from pipeline.cache.usage import Entry
from tests.cache.helpers import entry, key_of, make_old, put, taken


def some(key: str, size: int, used: float) -> Entry:
    return Entry(key, Path(key), size, 0, used)


entry_lists = st.lists(
    st.builds(some, st.text("abcdef", min_size=4, max_size=4), st.integers(1, 100), st.floats(0, 10)),
    max_size=12,
    unique_by=lambda each: each.key,
)


def test_the_least_recently_used_goes_first() -> None:
    entries = [some("b", 10, 3), some("a", 10, 1), some("c", 10, 2)]
    assert [each.key for each in choose(entries, 15, ()).evicted] == ["a", "c"]


def test_nothing_goes_while_it_fits() -> None:
    assert choose([some("a", 10, 1), some("b", 5, 2)], 15, ()).evicted == ()


def test_what_a_running_job_holds_stays_though_it_is_too_much() -> None:
    eviction = choose([some("a", 10, 1), some("b", 10, 2)], 0, {"a"})
    assert [each.key for each in eviction.evicted] == ["b"]
    assert (eviction.before, eviction.after, eviction.remaining, eviction.in_use) == (20, 10, 1, 1)


@given(entry_lists, st.integers(0, 600), st.data())
def test_whatever_there_is_the_rest_fits_or_is_held(entries: list[Entry], limit: int, data: st.DataObject) -> None:
    held = set(data.draw(st.lists(st.sampled_from([each.key for each in entries])))) if entries else set()
    eviction = choose(entries, limit, held)
    evicted = eviction.evicted
    kept = [each for each in entries if each not in evicted]
    assert held.isdisjoint(each.key for each in evicted)
    assert eviction.after == sum(each.size for each in kept)
    assert eviction.after <= limit or held >= {each.key for each in kept}
    assert all(last.used <= each.used for last in evicted for each in kept if each.key not in held)
    if evicted:
        assert eviction.after + evicted[-1].size > limit  # the last one had to go, too


def test_a_trim_makes_room_and_spares_what_is_held(store: ResultStore, tmp_path: Path) -> None:
    keys = [put(store, str(number), words="x" * 4096) for number in range(10)]  # four blocks each
    for age, key in enumerate(keys):
        make_old(entry(store, key) / "record.json", 1000 * (10 - age))
    assert taken(store, keys[1], tmp_path / "new")  # used just now
    store.trim(8 * 4 * 4096, {keys[0]})
    left = {each.key for each in store.entries()}
    assert {keys[0], keys[1], *keys[5:]} == left  # a tenth below eight of them: seven


def test_a_trim_does_nothing_where_everything_fits(store: ResultStore) -> None:
    put(store, "one", words="x" * 4096)
    store.trim(4 * 4096, ())
    assert [each.key for each in store.entries()] == [key_of("one")]


def test_what_somebody_else_evicted_already_is_not_counted(store: ResultStore) -> None:
    put(store, "one")
    found = list(store.entries())
    assert store.evict(found) == found
    assert store.evict(found) == []
