"""Killed anywhere, or many at once: what is taken is what was put, and nothing stays behind for good."""

from pathlib import Path

import pytest

from pipeline.cache.store import ResultStore
from tests.cache.helpers import LARGE, entry, finished, key_of, litter, make_old, put, python, taken

# Does the work in a child that is killed before its Nth call that changes or reads the file system, in a folder of its
# own for each N, until there is no such call any more; prints how many there were.
KILL_AT_EACH_STEP = """
import itertools, os, signal, sys
from pathlib import Path
from pipeline.cache.store import ResultStore
from tests.cache.helpers import LARGE, put, taken, key_of

def prepare(store):
    if sys.argv[2] != "put":
        put(store, "one", words="hello\\n", times=LARGE)
        put(store, "two")

def act(store):
    match sys.argv[2]:
        case "put":
            put(store, "one", words="hello\\n", times=LARGE)
        case "take":
            taken(store, key_of("one"), store.root.parent / "new")
        case "trim":
            store._has_put = True
            assert store.needs_trim(0)
            store.trim(0, ())

for number in itertools.count(1):
    folder = Path(sys.argv[1]) / str(number)
    folder.mkdir()
    store = ResultStore(folder / "results")
    child = os.fork()  # before any digest, whose threads a fork would lose
    if child == 0:
        prepare(store)
        seen = 0
        def count(event, arguments):
            global seen
            if event == "open" and str(arguments[0]).startswith(sys.argv[1]) or event.startswith(("os.", "shutil.")):
                seen += 1
                if seen == number:
                    os.kill(os.getpid(), signal.SIGKILL)
        sys.addaudithook(count)
        act(store)
        os._exit(0)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert code in (0, -signal.SIGKILL), code
    if code == 0:
        print(number - 1)
        break
"""


def killed_stores(tmp_path: Path, work: str) -> list[ResultStore]:
    """One store for each step at which the work was killed."""
    (out,) = finished(python(KILL_AT_EACH_STEP, tmp_path, work))
    return [ResultStore(tmp_path / str(number) / "results") for number in range(1, int(out) + 1)]


@pytest.mark.parametrize(("work", "steps"), [("put", 10), ("take", 5), ("trim", 10)])
def test_a_process_that_is_killed_anywhere_leaves_a_store_that_works(
    tmp_path: Path, spawning: None, work: str, steps: int
) -> None:
    stores = killed_stores(tmp_path, work)
    assert len(stores) >= steps
    for store in stores:
        expected = {"words.txt": "hello\n", "times.txt": LARGE}
        assert taken(store, key_of("one"), store.root.parent / "first") in (None, expected)
        put(store, "one", words="hello\n", times=LARGE)
        assert taken(store, key_of("one"), store.root.parent / "second") == expected


@pytest.mark.parametrize("work", ["put", "trim"])
def test_what_killed_processes_left_is_removed_after_an_hour_and_not_before(
    tmp_path: Path, spawning: None, work: str
) -> None:
    left = [store for store in killed_stores(tmp_path, work) if litter(store)]
    assert left
    for store in left:
        names, result = litter(store), put(store, "other", words="kept\n")
        fresh = [name for name in names if store.root.joinpath(name).lstat().st_mtime > entry_time(store, result) - 60]
        store.sweep()
        assert sorted(litter(store)) == sorted(fresh)
        for name in fresh:
            make_old(store.root / name)
        assert store.needs_trim(1 << 40) == bool(fresh)
        store.sweep()
        assert litter(store) == []
        assert taken(store, result, store.root.parent / "new") == {"words.txt": "kept\n"}


def entry_time(store: ResultStore, key: str) -> float:
    return entry(store, key).stat().st_mtime


USE = """
import sys, time
from pathlib import Path
from pipeline.cache.store import ResultStore
from tests.cache.helpers import LARGE, key_of, outputs, record, taken
LARGE_SIZE = len(LARGE)  # one is copied, the other linked
store, here = ResultStore(Path(sys.argv[1])), Path(sys.argv[2])
for _ in range(6000):  # until all are there, at most a minute
    if (store.root.parent / "begin").exists():
        break
    time.sleep(0.01)
hits = 0
for turn in range(200):
    name = f"{turn % 3}"
    key = key_of(name)
    got = taken(store, key, here / f"new-{turn}")
    if got is None:
        paths = outputs(here / f"job-{turn}", {"a.txt": name * 50, "b.txt": name * LARGE_SIZE})
        store.put(key, record(key, paths), paths)
    else:
        assert got == {"a.txt": name * 50, "b.txt": name * LARGE_SIZE}, got
        hits += 1
print(hits)
"""

COLLECT = """
import sys
from pathlib import Path
from pipeline.cache import removal
from pipeline.cache.store import ResultStore
removal.STALE_SECONDS = -1  # the harshest: what others are at work in counts as left behind
store = ResultStore(Path(sys.argv[1]))
removed = 0
(store.root.parent / "begin").touch()
while not Path(sys.argv[2]).exists():
    removed += len(store.evict(list(store.entries())))
    store.sweep()
    assert all(store.problem(entry.key) is None for entry in store.entries())
print(removed)
"""


def test_many_may_put_and_take_the_same_keys_while_another_removes_them(
    store: ResultStore, tmp_path: Path, spawning: None
) -> None:
    users = [python(USE, store.root, tmp_path / f"user-{number}") for number in range(4)]
    collector = python(COLLECT, store.root, tmp_path / "end")
    try:
        told = finished(*users)
    finally:
        (tmp_path / "end").touch()
        (removed,) = finished(collector)
    assert sum(int(each) for each in told) > 0
    assert int(removed) > 0
    assert [store.problem(each.key) for each in store.entries() if store.problem(each.key)] == []
    assert litter(store) == []


def test_many_may_put_and_take_the_same_keys(store: ResultStore, tmp_path: Path, spawning: None) -> None:
    users = [python(USE, store.root, tmp_path / f"user-{number}") for number in range(4)]
    (tmp_path / "begin").touch()
    told = finished(*users)
    assert all(int(each) >= 197 for each in told)  # each key is missing at most once for each of them
    assert sorted(each.key for each in store.entries()) == sorted(key_of(str(number)) for number in range(3))
    assert litter(store) == []
