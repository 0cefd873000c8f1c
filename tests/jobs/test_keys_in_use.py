"""Which results a running job holds: those that its journal names, while somebody has its lock."""

from pathlib import Path

from pipeline.jobs.events import StageStarted
from pipeline.jobs.keys_in_use import held_keys
from pipeline.locks import exclusive
from tests.jobs.helpers import record, stored


def test_only_jobs_that_are_run_right_now_hold_keys(tmp_path: Path) -> None:
    running, resting = stored(tmp_path), stored(tmp_path)
    for job, key in ((running, "sha256:one"), (resting, "sha256:two")):
        record(job, StageStarted("copy", 1, key))
    assert held_keys(tmp_path) == frozenset()
    with exclusive(running.lock):
        assert held_keys(tmp_path) == {"sha256:one"}
    assert held_keys(tmp_path) == frozenset()


def test_a_journal_that_can_not_be_read_holds_nothing(tmp_path: Path) -> None:
    damaged, gone = stored(tmp_path), stored(tmp_path)
    (damaged.folder / "journal.jsonl").write_text("{}\n{}\n{}\n")
    (gone.folder / "journal.jsonl").unlink()
    with exclusive(damaged.lock), exclusive(gone.lock):
        assert held_keys(tmp_path) == frozenset()


def test_without_jobs_nothing_is_held(tmp_path: Path) -> None:
    assert held_keys(tmp_path / "jobs") == frozenset()
