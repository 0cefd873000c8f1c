"""Several runs at once, of one job or of jobs that overlap."""

import re
import subprocess
from collections.abc import Sequence

import pytest

from pipeline.jobs.events import StageStarted
from pipeline.jobs.job import PlannedJob
from pipeline.jobs.state import Status
from tests.conftest import Sandbox
from tests.crash.harness import delivered, forget_results, recorded, require_alone, require_whole, run_here
from tests.crash.shapes import SHAPES, job_of
from tests.crash.test_signals import sleeping
from tests.jobs.helpers import events_of

USAGE = 2


def ended(*children: "subprocess.Popen[bytes]") -> Sequence[tuple[int, str]]:
    """Exit codes, and what was said."""
    told = [child.communicate(timeout=120)[1].decode() for child in children]
    return [(child.returncode, text) for child, text in zip(children, told, strict=True)]


def test_a_second_run_of_a_running_job_is_refused(ready: Sandbox, spawning: None) -> None:
    id, child, _ = sleeping(ready)
    try:
        second = ready.run("run-pipeline", "-j", id)
        assert second.code == USAGE
        assert re.search(rf"{id} .*process {child.pid} on ", second.error)
        assert ready.run("pipeline", "job", "list", "--json").data[0]["state"] == "running"
    finally:
        child.kill()
        child.communicate(timeout=90)


def test_a_run_that_is_refused_one_of_its_jobs_touches_none(ready: Sandbox, spawning: None) -> None:
    id, child, _ = sleeping(ready)
    try:
        other = job_of(ready, SHAPES["chain"])
        refused = ready.run("run-pipeline", "-j", other.id, "-j", id)
        assert refused.code == USAGE
        assert re.search(rf"{id} .*process {child.pid} on ", refused.error)
        assert other.state().status is Status.PREPARED
        assert ready.run("run-pipeline", "-j", other.id).code == 0
    finally:
        child.kill()
        child.communicate(timeout=90)


@pytest.mark.parametrize("turn", range(3))
def test_of_two_runs_of_the_same_jobs_in_other_order_one_goes_on_and_none_waits(
    ready: Sandbox, spawning: None, turn: int
) -> None:
    jobs = [job_of(ready, SHAPES["diamond"]) for _ in range(2)]
    one, other = (job.id for job in jobs)
    runs = ended(
        ready.start("run-pipeline", "-j", one, "-j", other), ready.start("run-pipeline", "-j", other, "-j", one)
    )
    codes = sorted(code for code, _ in runs)
    assert codes in ([0, 0], [0, USAGE]), runs  # one may have come when the other was through
    assert all("is being run by process" in text for code, text in runs if code)
    for job in jobs:
        require_whole(ready, job, SHAPES["diamond"], recorded(job), f"turn {turn}")
    require_alone()


def test_many_runs_of_one_job_do_each_stage_once(ready: Sandbox, spawning: None) -> None:
    job = job_of(ready, SHAPES["fan-out"])
    runs = ended(*(ready.start("run-pipeline", "-j", job.id) for _ in range(5)))
    assert {code for code, _ in runs} <= {0, USAGE}
    assert 0 in {code for code, _ in runs}
    require_whole(ready, job, SHAPES["fan-out"], recorded(job), "five at once")


def test_runs_of_different_jobs_that_do_the_same_work_share_it_without_harm(ready: Sandbox, spawning: None) -> None:
    jobs = [job_of(ready, SHAPES["fan-out"]) for _ in range(3)]
    runs = ended(*(ready.start("run-pipeline", "-j", job.id) for job in jobs))
    assert [code for code, _ in runs] == [0, 0, 0], runs
    assert [delivered(job) for job in jobs] == [SHAPES["fan-out"].expected] * 3
    again = job_of(ready, SHAPES["fan-out"])
    run_here(ready, again)
    assert not started(again)


def test_two_jobs_of_one_run_are_each_done_once(ready: Sandbox, spawning: None) -> None:
    forget_results(ready)
    jobs = [job_of(ready, SHAPES["chain"]) for _ in range(2)]
    run_here(ready, *jobs)
    for job in jobs:
        require_whole(ready, job, SHAPES["chain"], recorded(job), job.id)


def started(job: PlannedJob) -> list[str]:
    return [event.stage for event in events_of(job, StageStarted)]
