"""``pipeline cache``: what it shows, what it names as damaged, and what it removes."""

import os
import re
import time
from pathlib import Path

import pytest

from pipeline.cache.store import ResultStore
from pipeline.errors import ExitCode
from pipeline.jobs.events import StageStarted
from pipeline.locks import exclusive
from tests.cache.helpers import LARGE, entry, key_of, litter, make_old, put
from tests.conftest import Sandbox
from tests.jobs.helpers import record, stored

FOUR_BLOCKS = 16384  # what put() takes for one small file: folder, record, outputs, the file


@pytest.fixture
def store(sandbox: Sandbox, spawning: None) -> ResultStore:
    """The project's store, with three results, the first used least recently."""
    store = ResultStore(sandbox.root / "cache" / "results")
    for age, name in enumerate(("old", "middle", "new")):
        key = put(store, name, words=f"{name}\n")
        make_old(entry(store, key) / "record.json", 1000 * (3 - age))
    return store


def keys(store: ResultStore) -> set[str]:
    return {each.key for each in store.entries()}


def break_(store: ResultStore, name: str) -> None:
    (entry(store, key_of(name)) / "outputs" / "words.txt").unlink()


def test_status_of_a_store_that_is_not_there_yet(sandbox: Sandbox, spawning: None) -> None:
    assert sandbox.give("pipeline", "cache", "status", "--json").data == {
        "folder": str(sandbox.root / "cache" / "results"),
        "results": 0,
        "size": 0,
        "shared": 0,
        "least_recently_used": None,
        "limit": 20 << 30,
    }
    assert not (sandbox.root / "cache").exists()


def test_status_tells_what_is_kept_and_the_limit(sandbox: Sandbox, store: ResultStore) -> None:
    used = (entry(store, key_of("old")) / "record.json").stat().st_mtime
    data = sandbox.give("pipeline", "cache", "status", "--json").data
    assert (data["results"], data["size"], data["shared"]) == (3, 3 * FOUR_BLOCKS, 0)
    assert data["least_recently_used"] == time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(used))
    said = sandbox.give("pipeline", "cache", "status").out
    for word in ("3 results", "48 KiB", "20 GiB", str(store.root)):
        assert word in said
    put(store, "large", words=LARGE)
    assert "1.0 MiB" in sandbox.give("pipeline", "cache", "status").out


def test_verify_has_nothing_to_say_about_a_whole_store(sandbox: Sandbox, store: ResultStore) -> None:
    done = sandbox.give("pipeline", "cache", "verify")
    assert done.code == 0
    assert done.out.startswith("3 results")
    assert sandbox.give("pipeline", "cache", "verify", "--json").data == {"results": 3, "damaged": []}


def test_verify_names_what_is_damaged_and_removes_nothing(sandbox: Sandbox, store: ResultStore) -> None:
    break_(store, "middle")
    done = sandbox.give("pipeline", "cache", "verify")
    assert (done.code, done.next_step) == (ExitCode.NOT_READY, "pipeline cache verify --remove")
    assert key_of("middle") in done.out
    assert "words.txt" in done.out
    told = sandbox.give("pipeline", "cache", "verify", "--json")
    assert told.code == ExitCode.NOT_READY
    assert [(row["key"], row["removed"]) for row in told.data["damaged"]] == [(key_of("middle"), False)]
    assert len(keys(store)) == 3


def test_verify_removes_what_is_damaged_where_it_is_asked_to(sandbox: Sandbox, store: ResultStore) -> None:
    break_(store, "middle")
    done = sandbox.give("pipeline", "cache", "verify", "--remove", "--json")
    assert done.code == 0
    assert [row["removed"] for row in done.data["damaged"]] == [True]
    assert keys(store) == {key_of("old"), key_of("new")}
    assert sandbox.give("pipeline", "cache", "verify").code == 0


def test_verify_finds_one_flipped_bit_that_size_and_time_hide(sandbox: Sandbox, store: ResultStore) -> None:
    file = entry(store, key_of("new")) / "outputs" / "words.txt"
    status = file.stat()
    file.chmod(0o644)
    file.write_text("neW\n")
    os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))
    done = sandbox.give("pipeline", "cache", "verify", "--json")
    assert [row["key"] for row in done.data["damaged"]] == [key_of("new")]


def test_gc_removes_nothing_while_all_fits(sandbox: Sandbox, store: ResultStore) -> None:
    done = sandbox.give("pipeline", "cache", "gc")
    assert re.findall(r"\d+ \w+", done.out) == ["0 results", "48 KiB", "48 KiB", "20 GiB"]
    assert len(keys(store)) == 3


def test_gc_removes_the_least_recently_used_until_the_rest_fits(sandbox: Sandbox, store: ResultStore) -> None:
    done = sandbox.give("pipeline", "cache", "gc", "--limit", "40 KiB", "--json")
    assert [row["key"] for row in done.data["evicted"]] == [key_of("old")]
    assert (done.data["before"], done.data["after"], done.data["limit"]) == (3 * FOUR_BLOCKS, 2 * FOUR_BLOCKS, 40960)
    assert keys(store) == {key_of("middle"), key_of("new")}


def test_gc_takes_the_project_s_limit(sandbox: Sandbox, store: ResultStore) -> None:
    sandbox.write("config/pipeline.yaml", "cache_limit: 20 KiB\n")
    done = sandbox.give("pipeline", "cache", "gc")
    assert re.findall(r"\d+ \w+", done.out.splitlines()[-1]) == ["2 results", "48 KiB", "16 KiB", "20 KiB"]
    assert keys(store) == {key_of("new")}


def test_gc_s_dry_run_removes_nothing(sandbox: Sandbox, store: ResultStore) -> None:
    done = sandbox.give("pipeline", "cache", "gc", "--limit", "0", "--dry-run")
    assert re.findall(r"\d+ \w+", done.out.splitlines()[-1]) == ["3 results", "48 KiB", "0 B", "0 B"]
    assert len(keys(store)) == 3


def test_gc_spares_what_a_running_job_holds(sandbox: Sandbox, store: ResultStore) -> None:
    job = stored(sandbox.root / "jobs")
    record(job, StageStarted("copy", 1, key_of("old")))
    with exclusive(job.lock):
        done = sandbox.give("pipeline", "cache", "gc", "--limit", "0")
    assert keys(store) == {key_of("old")}
    assert "1 result" in done.out


def test_gc_removes_what_a_killed_writer_left(sandbox: Sandbox, store: ResultStore) -> None:
    left = store.root / ".putting-left"
    (left / "outputs").mkdir(parents=True)
    make_old(left)
    sandbox.give("pipeline", "cache", "gc", "--dry-run")
    assert litter(store) == [".putting-left"]
    sandbox.give("pipeline", "cache", "gc")
    assert litter(store) == []


def test_a_limit_that_is_no_size_is_refused(sandbox: Sandbox, spawning: None) -> None:
    done = sandbox.give("pipeline", "cache", "gc", "--limit", "much")
    assert done.code == ExitCode.USAGE
    assert "'much'" in done.error


def test_the_store_of_another_project_is_not_touched(sandbox: Sandbox, store: ResultStore, tmp_path: Path) -> None:
    other = Sandbox(tmp_path / "other")
    other.write("config/pipeline.yaml", "{}\n")
    other.give("pipeline", "cache", "gc", "--limit", "0")
    assert len(keys(store)) == 3
