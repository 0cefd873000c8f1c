"""A disk that is full, or read-only: it is said, nothing half-written is used, and with room the job goes on."""

import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pipeline.jobs.events import RunFailed, RunInterrupted, RunStarted
from pipeline.jobs.journal import Journal
from tests.conftest import Sandbox, also
from tests.crash.harness import (
    forget_results,
    in_child,
    labels_of,
    recorded,
    require_whole,
    run_here,
    run_with,
)
from tests.crash.shapes import SHAPES, Shape, job_of
from tests.crash.steps import TAKES_ROOM, At, First, Nth, Steps

NOT_READY, STAGE_FAILED = 3, 4
NO_ROOM = "No space left on device"
PAGE = 4096


def filled_and_resumed(
    sandbox: Sandbox, shape: Shape, at: At, where: str, capfd: pytest.CaptureFixture[str], lasts: bool
) -> bool:
    """Let a new job's run find the disk full at a step (for good, or once), and another one come to its end with room.
    Whether there was such a step, and the run couldn't do without it."""
    forget_results(sandbox)
    job = job_of(sandbox, shape)
    capfd.readouterr()
    code = run_with(Steps(sandbox.root, at, full=True, lasts=lasts), sandbox, job)
    told = capfd.readouterr().err
    before = recorded(job)
    if code:
        assert code in (NOT_READY, STAGE_FAILED), f"{where}: {told}"
        assert NO_ROOM in told, where
        assert "Traceback" not in told, where
    assert in_child(lambda: run_here(sandbox, job)) == 0, where
    require_whole(sandbox, job, shape, before, where)
    return code != 0


@pytest.mark.parametrize("lasts", [True, *also(False)], ids=["for good", "once"])
@pytest.mark.parametrize("name", ["fan-out", "retries"])
def test_a_disk_that_is_full_where_a_run_comes_to_it_first(
    ready: Sandbox, spawning: None, name: str, lasts: bool, capfd: pytest.CaptureFixture[str]
) -> None:
    """The places are dealt out; with the exhaustive ones, the tests have been to all."""
    places = dict.fromkeys(labels_of(ready, job_of(ready, SHAPES[name])))
    known = [place for place in places if place.startswith(TAKES_ROOM)]
    told = [
        filled_and_resumed(ready, SHAPES[name], First(place), f"{name}: {place}", capfd, lasts)
        for place in known[2 * lasts + (name == "retries") :: 4]
    ]
    assert any(told)


@pytest.mark.exhaustive
@pytest.mark.parametrize("lasts", [True, False], ids=["for good", "once"])
@pytest.mark.parametrize("name", SHAPES)
def test_a_disk_that_is_full_at_any_step(
    ready: Sandbox, spawning: None, name: str, lasts: bool, capfd: pytest.CaptureFixture[str]
) -> None:
    steps = len(labels_of(ready, job_of(ready, SHAPES[name])))
    told = [
        filled_and_resumed(ready, SHAPES[name], Nth(number), f"{name}: step {number}", capfd, lasts)
        for number in range(1, steps + 1)
    ]
    assert any(told)


def test_a_line_that_the_disk_took_half_of_is_taken_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = Journal(tmp_path)
    journal.append(RunStarted())
    write = os.write
    monkeypatch.setattr(os, "write", lambda descriptor, data: write(descriptor, data[: len(data) // 2]))
    with pytest.raises(OSError, match=NO_ROOM):
        journal.append(RunInterrupted("SIGINT"))
    monkeypatch.undo()
    journal.append(RunFailed("there was no room"))
    journal.append(RunStarted())
    journal.close()
    assert [type(event) for event in journal.read()] == [RunStarted, RunFailed, RunStarted]


@contextmanager
def mounted(folder: Path, size: int) -> Iterator[Callable[[str], None]]:
    """A small disk at a folder; gives a function that mounts it again with other options."""
    folder.mkdir(exist_ok=True)

    def mount(options: str) -> None:
        subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", folder], check=True, capture_output=True)

    try:
        mount(f"size={size}")
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("no right to mount a disk here")
    try:
        yield lambda options: mount(f"remount,{options}")
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


FILLS = """
fills: {inputs: {file: job.input}, parameters: {size: SIZE}}
join: {inputs: {files: fills.file}}
"""


def test_a_stage_that_fills_the_disk_is_told_and_goes_on_with_room(ready: Sandbox, spawning: None) -> None:
    with mounted(ready.root / "jobs", 64 * PAGE) as mount:
        ready.workflow("fills", FILLS.replace("SIZE", str(100 * PAGE)), head="deliver: [join.file]")
        id = ready.prepare("fills")
        full = ready.run("run-pipeline", "-j", id)
        assert full.code == STAGE_FAILED
        assert NO_ROOM in full.err
        assert f"run-pipeline -j {id}" in full.next_step
        assert [event["kind"] for event in ready.events(id) if event["event"] == "stage_failed"] == ["disk full"]
        assert not list(ready.job(id).glob("stages/*/*/result.json"))
        mount(f"size={1024 * PAGE}")
        assert ready.run("run-pipeline", "-j", id).code == 0
        assert (ready.job(id) / "output/input.joined.txt").stat().st_size == 100 * PAGE


def test_a_disk_that_fills_anywhere_in_a_run_is_told_and_the_job_goes_on_with_room(
    ready: Sandbox, spawning: None
) -> None:
    """From a disk on which not even the first line of the journal finds room, to one that is just large enough."""
    shape = SHAPES["diamond"]
    codes = []
    with mounted(ready.root / "jobs", 1024 * PAGE) as mount:
        ballast = ready.root / "jobs" / ".ballast"
        for pages in (0, 1, 8, 24, 60):
            forget_results(ready)
            job = job_of(ready, shape)
            used = os.statvfs(job.folder)
            with ballast.open("wb") as file:
                file.write(b"x" * ((used.f_bavail - pages) * PAGE))
            done = ready.run("run-pipeline", "-j", job.id)
            codes.append(done.code)
            if done.code:
                assert NO_ROOM in done.err, pages
                assert done.code in (NOT_READY, STAGE_FAILED), done.err
            before = recorded(job)
            ballast.unlink()
            again = ready.run("run-pipeline", "-j", job.id)
            assert again.code == 0, again.err
            require_whole(ready, job, shape, before, f"{pages} pages free")
        mount("rw")
    assert codes[0] == NOT_READY
    assert codes[-1] == 0


@pytest.mark.parametrize("state", ["prepared", "finished"])
def test_a_job_on_a_read_only_disk_is_refused_and_can_be_looked_at(ready: Sandbox, spawning: None, state: str) -> None:
    with mounted(ready.root / "jobs", 1024 * PAGE) as mount:
        job = job_of(ready, SHAPES["chain"])
        if state == "finished":
            run_here(ready, job)
        mount("ro")
        refused = ready.run("run-pipeline", "-j", job.id)
        assert refused.code == NOT_READY
        assert f"{job.folder}" in refused.err
        assert "Read-only file system" in refused.err
        assert refused.next_step
        assert ready.run("pipeline", "job", "show", job.id, "--json").data["state"] == state
        assert ready.run("pipeline", "job", "list", "--json").data[0]["state"] == state
        assert ready.run("prepare-job", job.input, "--workflow", "shape").code == NOT_READY
        mount("rw")
        assert ready.run("run-pipeline", "-j", job.id).code == 0
