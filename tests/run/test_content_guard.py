"""What a stage reads stays as it was made, whatever the stage does to it."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pipeline import signatures
from pipeline.digests import content_digest
from pipeline.directories import scan
from pipeline.errors import InputError, PipelineError, StageError
from pipeline.jobs.input_name import path_for
from pipeline.jobs.job import PlannedJob, load
from pipeline.run import content_guard, input_files, input_view, linked_input
from pipeline.run.input_files import InputFile
from pipeline.run.linked_input import attributes_of
from pipeline.signatures import Signature, settled_signature_of
from pipeline.values import replace
from tests.run.helpers import DONE, FAILS, Act, Bench, link, statuses

AHEAD = time.time_ns() + 3600 * 10**9  # the clock of a file system
LARGE = "x" * (2 << 20)  # hard-linked by the store, where the disk has no reflinks


@pytest.fixture
def job(bench: Bench) -> PlannedJob:
    """``two`` is to change what ``one`` made, and ``three`` reads both."""
    return bench.job(link("one"), link("two", "one"), link("three", "one", "two"), deliver=["three.file"])


def made(job: PlannedJob, stage: str = "one", attempt: int = 1) -> Path:
    return job.attempts(stage) / f"{attempt}/outputs/file.txt"


def appends(path: Path) -> None:
    with path.open("a") as file:
        file.write("CHANGED")


def rewrites(path: Path) -> None:
    """Other bytes, with the size and time of the old ones."""
    settled_signature_of(path)  # what changes later in the same instant shows at its reader's end
    status = path.stat()
    path.write_bytes(b"X" * status.st_size)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def replaces(path: Path) -> None:
    path.unlink()
    path.write_text("another")


def moves(path: Path) -> None:
    path.rename(path.with_name("elsewhere"))


def becomes_a_folder(path: Path) -> None:
    path.unlink()
    (path / "with").mkdir(parents=True)


def becomes_a_link(path: Path) -> None:
    path.rename(path.with_name("elsewhere"))
    path.symlink_to("elsewhere")


WAYS = [appends, rewrites, replaces, moves, Path.unlink]


def error_of(bench: Bench, job: PlannedJob) -> PipelineError:
    error = bench.listener.ended[job.id].error
    assert isinstance(error, PipelineError)
    return error


@pytest.mark.parametrize("change", WAYS)
def test_a_stage_that_changes_its_input_fails_by_name_and_the_bytes_come_back(
    bench: Bench, job: PlannedJob, change: Callable[[Path], object]
) -> None:
    code = 1 if change in {moves, Path.unlink} else 0  # as of a stage that reads it afterwards
    bench.run(job, two=Act(returncode=code, first=lambda: change(made(job))))
    error = error_of(bench, job)
    assert isinstance(error, StageError)
    assert error.message.startswith(f"{job.id}: stage 'two' in environment 'alpha' failed: its input 'file'")
    assert "stage 'one'" in error.message
    again = bench.run_one(load(job.folder))
    assert again.error is None
    assert bench.executor.stages() == ["two", "three"]  # what one made is as it was


def test_nothing_is_stored_under_a_key_that_it_was_not_made_from(bench: Bench, job: PlannedJob) -> None:
    bench.run(job, two=Act(first=lambda: appends(made(job))))
    clean = bench.job(*job.stages, deliver=["three.file"])
    assert bench.run_one(clean).error is None
    assert bench.executor.stages() == ["two", "three"]
    assert made(clean).read_bytes() == made(job).read_bytes()


def test_a_stage_that_fails_after_it_has_changed_its_input_is_told_so(bench: Bench, job: PlannedJob) -> None:
    bench.run(job, two=FAILS.then(first=lambda: appends(made(job))))
    assert "its input 'file'" in error_of(bench, job).message


@pytest.mark.parametrize("stored", [True, False])
def test_what_the_store_cannot_give_back_is_made_again(bench: Bench, stored: bool) -> None:
    """A large file shares its bytes with the store's, where the disk has no reflinks."""
    job = bench.job(link("one", cache=stored), link("two", "one"), deliver=["two.file"])
    bench.run(job, one=Act(writes={"file": LARGE}), two=Act(first=lambda: appends(made(job))))
    assert "its input 'file'" in error_of(bench, job).message
    assert bench.run_one(load(job.folder), one=Act(writes={"file": LARGE})).error is None
    assert made(job, attempt=2).stat().st_size == len(LARGE)
    assert bench.executor.stages() == ["one", "two"]


def test_stages_that_run_beside_one_another_are_all_named(bench: Bench) -> None:
    job = bench.job(link("one"), link("two", "one"), link("three", "one"))
    bench.run(job, two=Act(2), three=Act(5, first=lambda: appends(made(job))))
    assert "and so was three" in error_of(bench, job).message
    assert statuses(job) == {"one": "finished", "two": "failed", "three": "failed"}


def test_a_stage_does_not_escape_because_its_input_was_put_back_for_another_one(bench: Bench) -> None:
    job = bench.job(link("one"), link("two", "one"), link("three", "one"))
    bench.run(job, two=Act(5, first=lambda: appends(made(job))), three=Act())
    assert statuses(job) == {"one": "finished", "two": "failed", "three": "finished"}


@pytest.mark.parametrize("change", [appends, rewrites, replaces])
def test_an_input_of_the_person_is_left_as_it_is_and_the_stage_fails(
    bench: Bench, change: Callable[[Path], object]
) -> None:
    job = bench.job(link("one"))
    before = job.input.stat(), job.input.read_bytes()
    bench.run(job, one=Act(first=lambda: change(path_for(job))))
    error = error_of(bench, job)
    assert error.message.startswith(f"{job.id}: stage 'one' in environment 'alpha' failed: its input 'file'")
    assert str(job.input) in error.message
    assert (job.input.stat(), job.input.read_bytes()) == before
    assert bench.run_one(load(job.folder)).error is None


@pytest.fixture
def linked(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> PlannedJob:
    """A large input on a disk without reflinks, on a machine that lets nobody protect it."""
    monkeypatch.setattr(input_view, "COPY_UP_TO", 0)
    monkeypatch.setattr(input_view, "COPY_UNPROTECTED_UP_TO", 0)
    monkeypatch.setattr(input_view, "reflink", lambda *_: False)
    monkeypatch.setattr(linked_input, "can_protect", lambda _: False)
    return bench.job(link("one"))


def test_a_large_input_that_a_stage_changes_is_told_at_once_and_later(bench: Bench, linked: PlannedJob) -> None:
    bench.run(linked, one=Act(first=lambda: appends(path_for(linked))))
    assert str(linked.input) in error_of(bench, linked).message
    bench.run(load(linked.folder))
    assert isinstance(error_of(bench, linked), InputError)


@pytest.mark.parametrize("change", [lambda path: path.chmod(0o604), os.utime, lambda path: os.chown(path, 1, 1)])
def test_the_attributes_of_a_large_input_are_put_back(
    bench: Bench, linked: PlannedJob, change: Callable[[Path], object]
) -> None:
    if os.geteuid():
        pytest.skip("only root gives files to others")
    before = attributes_of(linked.input)
    bench.run(linked, one=Act(first=lambda: change(path_for(linked))))
    assert str(linked.input) in error_of(bench, linked).message
    assert attributes_of(linked.input) == before
    assert bench.run_one(load(linked.folder)).error is None


def test_what_a_person_does_to_a_protected_input_is_left(
    bench: Bench, linked: PlannedJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No stage can have done it."""
    monkeypatch.setattr(linked_input, "can_protect", lambda _: True)
    assert bench.run_one(linked, one=Act(first=lambda: linked.input.chmod(0o604))).error is None
    assert attributes_of(linked.input).mode == 0o604


@pytest.mark.parametrize("act", [lambda path: path.chmod(0o640), os.utime, lambda path: os.link(path, f"{path}.link")])
def test_what_leaves_the_bytes_as_they_are_is_no_change(
    bench: Bench, job: PlannedJob, act: Callable[[Path], object]
) -> None:
    assert bench.run_one(job, two=Act(first=lambda: act(made(job)))).error is None
    assert bench.run_one(load(job.folder)).unchanged  # its record's time is the file's


@pytest.fixture
def around(bench: Bench) -> Callable[..., PlannedJob]:
    """``other`` doesn't read what ``one`` made, and changes it all the same; ``three`` reads it then."""

    def make(**fields: Any) -> PlannedJob:
        one, other = link("one", **fields), link("other", "one", inputs={"file": ["job.input"]})
        return bench.job(one, other, link("three", "one", "other"), deliver=["three.file"])

    return make


@pytest.mark.parametrize("change", [appends, rewrites, moves, Path.unlink])
def test_what_was_changed_is_put_back_before_a_stage_reads_it(
    bench: Bench, around: Callable[..., PlannedJob], change: Callable[[Path], object]
) -> None:
    clean, job = around(), around(parameters={"of": "another"})
    assert bench.run_one(clean).error is None
    assert bench.run_one(job, other=Act(first=lambda: change(made(job)))).error is None
    alike = around(parameters={"of": "another"})
    assert bench.run_one(alike).error is None
    assert bench.executor.stages() == []
    assert made(alike).read_bytes() == made(job).read_bytes()


def test_what_changes_in_the_instant_in_which_it_was_made_is_seen_by_its_reader(
    bench: Bench, around: Callable[..., PlannedJob], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file system whose clock stands still."""
    for module in (signatures, scan):
        monkeypatch.setattr(
            module, "signature_in", lambda status: Signature(0, status.st_size, status.st_mtime_ns, AHEAD)
        )
    job = around()
    bench.run(job, other=Act(first=lambda: rewrites(made(job))))
    assert statuses(job)["three"] == "failed"
    assert "while it was running or in the instant before" in error_of(bench, job).message
    assert bench.run_one(load(job.folder)).error is None
    assert b"X" not in made(job).read_bytes()


@pytest.mark.parametrize("change", [appends, rewrites, replaces, becomes_a_link])
def test_what_was_changed_between_two_runs_is_made_or_taken_again(
    bench: Bench, job: PlannedJob, change: Callable[[Path], object]
) -> None:
    bench.run(job, three=FAILS)
    before = made(job).read_bytes()
    change(made(job))
    assert bench.run_one(load(job.folder)).error is None
    assert bench.executor.stages() == ["three"]
    assert made(job, attempt=2).read_bytes() == before


def test_the_copy_of_the_job_s_input_is_made_anew_before_another_stage_reads_it(bench: Bench) -> None:
    one, other = link("one", parameters={"of": "1"}), link("other", parameters={"of": "2"})
    nosy = link("nosy", "one")
    job = bench.job(one, nosy, replace(other, needs=("nosy",)))
    before = job.input.read_bytes()
    assert bench.run_one(job, nosy=Act(first=lambda: rewrites(path_for(job)))).error is None
    assert path_for(job).read_bytes() == before


def test_what_was_changed_and_cannot_be_put_back_is_read_by_nobody(
    bench: Bench, around: Callable[..., PlannedJob]
) -> None:
    job = around(cache=False)
    bench.run(job, other=Act(first=lambda: appends(made(job))))
    error = error_of(bench, job)
    assert isinstance(error, StageError)
    assert "stage 'one'" in error.message
    assert error.next_step
    assert error.next_step.startswith(f"run-pipeline -j {job.id} ")
    assert bench.run_one(load(job.folder)).error is None
    assert bench.executor.stages() == ["one", "three"]


@pytest.mark.parametrize("cached", [True, False])
def test_nothing_is_delivered_but_what_was_made(bench: Bench, cached: bool) -> None:
    """The stage that changes it is the last one."""
    job = bench.job(
        link("one", cache=cached), link("last", "one", inputs={"file": ["job.input"]}), deliver=["one.file"]
    )
    outcome = bench.run_one(job, last=Act(first=lambda: appends(made(job))))
    assert (outcome.error is None) is cached
    assert all("CHANGED" not in path.read_text() for path in outcome.delivered)
    assert bench.run_one(load(job.folder)).error is None
    assert "CHANGED" not in (job.output / "input.file.txt").read_text()


def test_a_pipe_in_an_input_s_place_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "input")
    assert not InputFile("file", tmp_path / "input", "sha256:" + "0" * 64).is_whole


def folder_above(job: PlannedJob, depth: int) -> Path:
    """Of what ``one`` made: 0 is the folder of its outputs."""
    return made(job).parents[depth]


def links(folder: Path) -> None:
    """The same bytes, behind a link."""
    moved = folder.with_name("moved")
    folder.rename(moved)
    folder.symlink_to(moved)


def links_to_others(folder: Path) -> None:
    """Other bytes of the same size and time, behind a link."""
    links(folder)
    for file in folder.rglob("file.txt"):
        rewrites(file)


def becomes_a_file(folder: Path) -> None:
    shutil.rmtree(folder)
    folder.write_text("")


ABOVE = pytest.mark.parametrize("depth", range(4))  # outputs, the attempt, the stage, all stages


@ABOVE
@pytest.mark.parametrize("change", [links, links_to_others, shutil.rmtree, becomes_a_file])
def test_a_folder_above_an_input_that_is_no_folder_any_more_is_told_and_put_back(
    bench: Bench, job: PlannedJob, change: Callable[[Path], object], depth: int
) -> None:
    bench.run(job, two=FAILS.then(first=lambda: change(folder_above(job, depth))))
    assert "its input 'file'" in error_of(bench, job).message
    assert all(not folder_above(job, each).is_symlink() for each in range(4))
    assert bench.run_one(load(job.folder)).error is None
    assert bench.executor.stages() == ["two", "three"]


@ABOVE
@pytest.mark.parametrize("change", [links, links_to_others, shutil.rmtree, becomes_a_file])
def test_a_folder_that_another_stage_took_away_is_put_back_before_it_is_read(
    bench: Bench, around: Callable[..., PlannedJob], change: Callable[[Path], object], depth: int
) -> None:
    job = around()
    act = Act(first=lambda: change(folder_above(job, depth)))
    if depth == 3:  # its own folder is among them
        assert bench.run_one(job, other=act.then(returncode=1)).error
        act = DONE
    assert bench.run_one(load(job.folder), other=act).error is None
    assert not any(folder_above(job, each).is_symlink() for each in range(4))
    assert bench.run_one(load(job.folder)).unchanged


def test_the_folder_of_a_job_that_became_a_link_is_told(bench: Bench, job: PlannedJob) -> None:
    bench.run(job, two=FAILS.then(first=lambda: links(job.folder)))
    error = error_of(bench, job)
    assert "its input 'file'" in error.message
    assert str(job.folder) in error.message


def test_a_job_that_a_person_has_put_elsewhere_runs_behind_a_link(bench: Bench, job: PlannedJob) -> None:
    job.folder.rename(bench.project.root / job.folder.name)
    job.folder.symlink_to(bench.project.root / job.folder.name)
    assert bench.run_one(load(job.folder)).error is None


@pytest.mark.parametrize("change", [becomes_a_folder, becomes_a_link])
def test_whatever_stands_in_an_input_s_place_goes(
    bench: Bench, job: PlannedJob, around: Callable[..., PlannedJob], change: Callable[[Path], object]
) -> None:
    bench.run(job, two=FAILS.then(first=lambda: change(made(job))))
    assert "its input 'file'" in error_of(bench, job).message
    assert bench.run_one(load(job.folder)).error is None
    assert bench.executor.stages() == ["two", "three"]
    another = around(parameters={"of": "another"})
    assert bench.run_one(another, other=Act(first=lambda: change(made(another)))).error is None


@pytest.mark.parametrize("change", [becomes_a_folder, lambda path: (path.parent / ".placing.tmp").mkdir()])
@pytest.mark.parametrize("size", [0, 1 << 20])
def test_the_job_s_input_is_there_again_whatever_stands_in_its_place(
    bench: Bench, change: Callable[[Path], object], size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(input_view, "COPY_UP_TO", size)
    monkeypatch.setattr(linked_input, "can_protect", lambda _: True)
    job = bench.job(link("one"))
    bench.run(job, one=FAILS.then(first=lambda: change(path_for(job))))
    assert bench.run_one(load(job.folder)).error is None


@pytest.mark.parametrize("change", [links, shutil.rmtree])
def test_the_folder_of_the_job_s_input_is_there_again(
    bench: Bench, job: PlannedJob, change: Callable[[Path], object]
) -> None:
    before = job.input.read_bytes()
    bench.run(job, one=FAILS.then(first=lambda: change(path_for(job).parent)))
    assert str(job.input) in error_of(bench, job).message
    assert bench.run_one(load(job.folder)).error is None
    assert job.input.read_bytes() == before


def test_what_cannot_be_put_back_is_told_with_its_place(
    bench: Bench, around: Callable[..., PlannedJob], monkeypatch: pytest.MonkeyPatch
) -> None:
    job = around()

    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied", "/the/place")

    monkeypatch.setattr(content_guard, "_put_back", refuse)
    bench.run(job, other=Act(first=made(job).unlink))
    error = error_of(bench, job)
    assert isinstance(error, StageError)
    assert "/the/place" in error.message
    assert (error.next_step or "").startswith(f"run-pipeline -j {job.id} ")


@pytest.mark.skipif(sys.platform != "linux", reason="only there it can be seen")
def test_a_process_that_an_earlier_stage_left_behind_is_named(bench: Bench, job: PlannedJob, spawning: None) -> None:
    with job.log("one").open("w") as log, subprocess.Popen(["sleep", "60"], stdout=log, start_new_session=True) as left:
        bench.run(job, two=Act(first=lambda: appends(made(job))))
        left.kill()
    message = error_of(bench, job).message
    assert f"process {left.pid}" in message
    assert "stage 'one' left behind" in message


@pytest.mark.skipif(sys.platform != "linux", reason="only there it can be seen")
def test_an_interpreter_that_waits_for_its_stage_is_no_suspect(bench: Bench, job: PlannedJob, spawning: None) -> None:
    with (job.logs / "interpreters.log").open("w") as log, subprocess.Popen(["sleep", "60"], stdout=log) as spare:
        bench.run(job, two=Act(first=lambda: appends(made(job))))
        spare.kill()
    assert "left behind" not in error_of(bench, job).message


def test_a_file_that_has_other_names_may_have_been_changed_by_one_of_them(bench: Bench, job: PlannedJob) -> None:
    def share_and_append() -> None:
        for name in ("of the store", "of another job"):
            os.link(made(job), job.folder / name)
        appends(made(job))

    bench.run(job, two=Act(first=share_and_append))
    assert "file.txt has other names" in error_of(bench, job).message
    assert bench.run_one(load(job.folder)).error is None


def test_an_input_of_many_stages_is_read_again_once_at_most(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    read = list[Path]()

    def digest_of(path: Path) -> str:
        read.append(path)
        return content_digest(path)

    monkeypatch.setattr(input_files, "content_digest", digest_of)
    readers = [link(f"r{number}", "one") for number in range(4)]
    job = bench.job(link("one"), *readers)
    wait = Act(first=lambda: settled_signature_of(made(job)))  # it takes longer than a tick of the clock
    assert bench.run_one(job, **{reader.name: wait for reader in readers}).error is None
    assert len(read) <= 1
