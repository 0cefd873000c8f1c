"""An output is known by its signature, and read where that isn't enough."""

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.digests import content_digest
from pipeline.jobs.job import PlannedJob, load
from pipeline.jobs.records import Output
from pipeline.run import output_signatures
from pipeline.run.output_signatures import NAME, OutputSignatures
from pipeline.signatures import settled_signature_of
from tests.run.helpers import Act, Bench, chain, fan_out, link, lister, listing


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The outputs that are read."""
    files, digest_of = list[Path](), content_digest

    def note(path: Path) -> str:
        files.append(path)
        return digest_of(path)

    monkeypatch.setattr(output_signatures, "content_digest", note)
    return files


@pytest.fixture
def job(bench: Bench) -> PlannedJob:
    job = bench.job(*chain("one", "two"), deliver=["two.file"])
    assert bench.run_one(job).error is None
    return load(job.folder)


def output(job: PlannedJob, stage: str = "one") -> Output:
    committed = job.state().stage(stage).committed
    assert committed
    file = committed.outputs["file"]
    return Output(job.attempts(stage) / "1/outputs" / file.file, file.digest, file.size, file.mtime_ns)


def test_what_was_read_is_read_once_and_never_again(job: PlannedJob, read: list[Path]) -> None:
    settled_signature_of(output(job).path)
    first = OutputSignatures(job)
    for _ in range(2):
        assert first.is_whole(output(job))
    assert len(read) <= 1
    first.save()
    read.clear()
    assert OutputSignatures(job).is_whole(output(job))
    assert read == []


def test_a_run_with_nothing_to_do_reads_nothing(bench: Bench, read: list[Path]) -> None:
    job = bench.job(lister(), fan_out("each"), deliver=["each.file"])
    assert bench.run_one(job, split=listing(1, 2, 3)).error is None
    time.sleep(0.03)
    assert bench.run_one(load(job.folder)).unchanged  # may read what was young when it was written down
    read.clear()
    assert bench.run_one(load(job.folder)).unchanged
    assert read == []


def test_what_has_just_been_made_is_read(job: PlannedJob, read: list[Path]) -> None:
    signatures = OutputSignatures(job)
    signatures.note([output(job).path], output(job).path.stat().st_ctime_ns)
    assert signatures.is_whole(output(job))
    assert read == [output(job).path]


def rewritten(path: Path) -> None:
    status = settled_signature_of(path)
    path.write_bytes(b"X" * status.size)
    os.utime(path, ns=(status.mtime_ns, status.mtime_ns))


def linked(path: Path) -> None:
    path.rename(path.with_name("moved"))
    path.symlink_to("moved")


def above(path: Path) -> None:
    path.parent.rename(path.parents[1] / "moved")
    path.parent.symlink_to("moved")


@pytest.mark.parametrize("change", [rewritten, linked, above, Path.unlink])
def test_what_is_not_what_was_committed_is_told(job: PlannedJob, change: Callable[[Path], object]) -> None:
    signatures = OutputSignatures(job)
    assert signatures.is_whole(output(job))
    change(output(job).path)
    assert not signatures.is_whole(output(job))
    assert not OutputSignatures(job).is_whole(output(job))


@pytest.mark.parametrize("text", ["", "{", '{"stages/one/1/outputs/file.txt": 1}', "[]"])
def test_a_damaged_list_of_signatures_only_costs_time(bench: Bench, job: PlannedJob, text: str) -> None:
    (job.folder / NAME).write_text(text)
    assert bench.run_one(job).unchanged


def test_a_list_from_another_disk_only_costs_time(job: PlannedJob, read: list[Path]) -> None:
    """As of a project that was copied: the same names, other inodes."""
    file = output(job).path
    copy = file.with_name("copy")
    copy.write_bytes(file.read_bytes())
    os.utime(copy, ns=(file.stat().st_mtime_ns, file.stat().st_mtime_ns))
    copy.replace(file)
    assert OutputSignatures(job).is_whole(output(job))
    assert read == [file]


def test_a_large_file_that_was_delivered_is_not_read_again(bench: Bench, read: list[Path]) -> None:
    """It has another name since, where the disk has no reflinks."""
    job = bench.job(link("one"), link("two", "one", outputs={"file": "film.mkv"}), deliver=["two.file"])
    assert bench.run_one(job, two=Act(writes={"file": "x" * (2 << 20)})).error is None
    read.clear()
    assert bench.run_one(load(job.folder)).unchanged
    assert output(job, "two").path not in read


def test_what_was_changed_while_it_got_another_name_is_read(job: PlannedJob, read: list[Path]) -> None:
    signatures = OutputSignatures(job)
    assert signatures.is_whole(output(job))
    read.clear()
    output(job).path.write_bytes(b"X" * output(job).size)
    signatures.note_link(output(job).path)
    assert not signatures.is_whole(output(job))
