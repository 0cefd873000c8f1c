"""How much the store holds, and that the cheap answer is the right one after everything that can happen."""

import os
import time
from pathlib import Path

import pytest

from pipeline.cache import usage
from pipeline.cache.removal import MEASURED
from pipeline.cache.store import ResultStore
from pipeline.cache.usage import BLOCK, DAY_SECONDS, estimate
from tests.cache.helpers import LARGE, entry, key_of, litter, put, taken


def exact(store: ResultStore) -> int:
    return sum(each.size for each in store.entries())


def settle(store: ResultStore) -> None:
    """As if the last changes were a minute ago."""
    for shard in store.root.iterdir():
        if shard.is_dir():
            then = shard.stat().st_mtime - 60
            os.utime(shard, (then, then))


def looked_at(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The entries that are looked at from now on."""
    seen: list[str] = []
    original = usage._measured

    def noting(folder: str, name: str) -> usage.Entry:
        seen.append(name)
        return original(folder, name)

    monkeypatch.setattr(usage, "_measured", noting)
    return seen


def test_a_store_that_is_not_there_holds_nothing(store: ResultStore) -> None:
    assert list(store.entries()) == []
    assert estimate(store.root) == 0
    assert not store.root.exists()


def test_an_entry_takes_whole_blocks_for_its_files_and_folders(store: ResultStore) -> None:
    put(store, "none")
    assert exact(store) == 2 * BLOCK  # its folder and its record
    put(store, "one", words="x" * (BLOCK + 1))
    assert exact(store) == 2 * BLOCK + 5 * BLOCK  # folder, record, outputs, two blocks


def test_what_jobs_have_too_is_told_apart(store: ResultStore, tmp_path: Path) -> None:
    put(store, "one", words=LARGE)
    assert next(store.entries()).shared == (1 << 20) + BLOCK
    (tmp_path / "job-one" / "words.txt").unlink()
    assert next(store.entries()).shared == 0


def test_the_estimate_is_exact_after_puts_and_evictions(store: ResultStore) -> None:
    for number in range(20):
        put(store, str(number), words="x" * 5000 * number)
        assert estimate(store.root) == exact(store)
    store.evict(list(store.entries())[:7])
    assert estimate(store.root) == exact(store)


def test_a_shard_that_has_not_changed_is_not_looked_into(store: ResultStore, monkeypatch: pytest.MonkeyPatch) -> None:
    names = [str(number) for number in range(20)]
    for name in names:
        put(store, name, words="hello\n")
    settle(store)
    total = estimate(store.root)
    seen = looked_at(monkeypatch)
    assert estimate(store.root) == total
    assert seen == []
    shard = entry(store, key_of("0")).parent
    another = next(name for name in map(str, range(20, 100_000)) if entry(store, key_of(name)).parent == shard)
    put(store, another, words="hello\n")
    assert estimate(store.root) == total + 4 * BLOCK
    assert sorted(seen) == sorted(each.name for each in shard.iterdir())
    assert len(seen) > 1


def test_a_shard_that_changed_just_now_is_looked_into_again(store: ResultStore) -> None:
    """What is added within one step of the file system's clock doesn't change the folder's time."""
    key = put(store, "one", words="hello\n")
    shard = entry(store, key).parent
    before = shard.stat()
    first = estimate(store.root)
    (shard / ("f" * 64)).mkdir()
    os.utime(shard, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert estimate(store.root) == first + BLOCK == exact(store)


def test_a_time_in_the_future_is_not_trusted(store: ResultStore) -> None:
    shard = entry(store, put(store, "one", words="hello\n")).parent
    later = time.time() + 1000
    os.utime(shard, (later, later))
    first = estimate(store.root)
    (shard / ("f" * 64)).mkdir()
    os.utime(shard, (later, later))
    assert estimate(store.root) == first + BLOCK


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"\xff", b'{"%s": 1}', b'{"%s": [1, 2, 3]}', b'{"%s": ["a", "b"]}', b'{"%s": null}']
)
def test_a_broken_memory_is_measured_again(store: ResultStore, content: bytes) -> None:
    key = put(store, "one", words="hello\n")
    settle(store)
    shard = entry(store, key).parent.name.encode()
    (store.root / MEASURED).write_bytes(content.replace(b"%s", shard))
    assert estimate(store.root) == exact(store)


def test_a_memory_that_can_not_be_written_is_done_without(store: ResultStore) -> None:
    put(store, "one", words="hello\n")
    settle(store)
    (store.root / MEASURED).mkdir()
    assert estimate(store.root) == exact(store)
    assert litter(store) == []


def test_an_entry_without_a_record_was_never_used(store: ResultStore) -> None:
    key = put(store, "one", words="hello\n")
    (entry(store, key) / "record.json").unlink()
    assert next(store.entries()).used == 0


def test_a_use_that_the_clock_says_is_days_ahead_is_none(store: ResultStore, tmp_path: Path) -> None:
    """A clock that was wrong for a while doesn't keep what was used then for ever."""
    key = put(store, "one")
    ahead = time.time() + 2 * DAY_SECONDS
    os.utime(entry(store, key) / "record.json", (ahead, ahead))
    assert next(store.entries()).used == 0
    taken(store, key, tmp_path / "new")
    assert next(store.entries()).used > 0


def test_only_who_has_put_something_asks_how_much_there_is(store: ResultStore, tmp_path: Path) -> None:
    key = put(store, "one", words="hello\n")
    assert store.needs_trim(exact(store) - 1)
    assert not store.needs_trim(exact(store))
    other = ResultStore(store.root)
    taken(other, key, tmp_path / "new")
    assert not other.needs_trim(0)
