"""The run's own disk gets full while results come from nodes: it is said, nothing half-written is used, and with room
the job goes on."""

import os
from pathlib import Path

import pytest

from pipeline.cluster.wire.node_events import INLINE_BYTES
from pipeline.errors import ExitCode
from pipeline.jobs.events import AttemptFailed, StageFinished
from pipeline.jobs.job import PlannedJob
from tests.cluster.driver.faults import Cluster, exit_code, require_forgotten
from tests.crash.harness import forget_results
from tests.crash.test_disk import FILLS, NO_ROOM, PAGE, mounted
from tests.jobs.helpers import events_of, prepared

ALL = 4096  # pages


def filling(cluster: Cluster, pages: int) -> PlannedJob:
    cluster.sandbox.workflow("fills", FILLS.replace("SIZE", str(pages * PAGE)), head="deliver: [join.file]")
    return prepared(cluster.sandbox, "fills")


def fill_up(ballast: Path, left: int) -> None:
    """All but so many pages of a disk."""
    free = os.statvfs(ballast.parent).f_bavail
    with ballast.open("wb") as file:
        file.write(b"x" * ((free - left) * PAGE))


def half_written(job: PlannedJob) -> list[str]:
    return [str(path) for path in job.folder.rglob("*") if path.name.startswith(".")]


def delivered(job: PlannedJob) -> bytes:
    (file,) = (path for path in job.output.iterdir() if path.is_file())
    return file.read_bytes()


def require_whole(cluster: Cluster, job: PlannedJob, pages: int) -> None:
    """After a run that had room: each stage was committed once, and nothing else is left."""
    assert sorted(event.stage for event in events_of(job, StageFinished)) == ["fills", "join"]
    assert delivered(job) == b"x" * (pages * PAGE)
    assert half_written(job) == []
    require_forgotten(cluster, job, f"{pages} pages")


def test_a_result_that_finds_no_room_is_told_and_the_job_goes_on_with_room(
    cluster: Cluster, capfd: pytest.CaptureFixture[str]
) -> None:
    pages, jobs = 200, cluster.sandbox.root / "jobs"
    with mounted(jobs, ALL * PAGE):
        job = filling(cluster, pages)
        fill_up(jobs / ".ballast", pages // 2)
        assert exit_code(cluster.driver(job)) == ExitCode.STAGE_FAILED
        said = capfd.readouterr().out
        (failed,) = events_of(job, AttemptFailed)
        assert failed.kind == "disk full"
        assert f"' can't be written to {job.folder}/stages/fills/1/outputs: {NO_ROOM}" in said
        assert "failed: on node" not in said  # whose disk has room
        assert not list(job.folder.glob("stages/fills/*/result.json"))
        assert half_written(job) == []
        require_forgotten(cluster, job, "full")
        (jobs / ".ballast").unlink()
        assert exit_code(cluster.driver(job)) == 0
        require_whole(cluster, job, pages)


def test_a_disk_that_fills_anywhere_in_a_run_on_nodes_is_told_and_the_job_goes_on_with_room(
    cluster: Cluster, capfd: pytest.CaptureFixture[str]
) -> None:
    """From one on which nothing finds room, to one that is large enough. The results come inside of messages."""
    pages, jobs = INLINE_BYTES // PAGE, cluster.sandbox.root / "jobs"
    codes, kinds = [], set()
    with mounted(jobs, ALL * PAGE):
        for left in (0, 1, 2, pages, 2 * pages, 8 * pages):
            forget_results(cluster.sandbox)
            job = filling(cluster, pages)
            fill_up(jobs / ".ballast", left)
            codes.append(exit_code(cluster.driver(job)))
            said = capfd.readouterr().out
            if codes[-1]:
                assert NO_ROOM in said, left
            kinds |= {event.kind for event in events_of(job, AttemptFailed)}
            (jobs / ".ballast").unlink()
            assert exit_code(cluster.driver(job)) == 0, left
            require_whole(cluster, job, pages)
    assert codes[0] == ExitCode.NOT_READY
    assert codes[-1] == 0
    assert set(codes) == {ExitCode.NOT_READY, ExitCode.STAGE_FAILED, 0}
    assert kinds == {"disk full"}
