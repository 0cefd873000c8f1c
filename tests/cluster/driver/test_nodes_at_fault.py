"""Nodes that hang, can't have an environment, have a full disk, or aren't ours."""

import contextlib
import os
import signal
import time
from pathlib import Path

import pytest

from pipeline.cluster.driver import event_stream
from pipeline.cluster.driver.cluster_workplace import ClusterWorkplace
from pipeline.cluster.driver.run_name import run_name
from pipeline.cluster.node.outcome_archive import ArchivedAttempt, OutcomeArchive
from pipeline.cluster.wire.attempt_order import AttemptId
from pipeline.cluster.wire.attempt_outcome import AttemptOutcome
from pipeline.errors import ExitCode, PipelineError
from pipeline.jobs.events import AttemptFailed, StageFinished, StageStarted
from pipeline.jobs.job import PlannedJob
from tests.cluster.content.helpers import damage_quietly
from tests.cluster.driver.faults import (
    Cluster,
    exit_code,
    marked_job,
    marks_of,
    require_done,
    require_forgotten,
)
from tests.crash.harness import KILLED, forget_results
from tests.jobs.helpers import events_of, prepared
from tests.test_process import eventually

SILENCE = 2.0


def started(job: PlannedJob, stage: str) -> list[StageStarted]:
    return [each for each in events_of(job, StageStarted) if each.stage == stage]


def copies(
    cluster: Cluster, stages: str = "copy: {inputs: {file: job.input}}", deliver: str = "copy.file"
) -> PlannedJob:
    cluster.sandbox.workflow("w", stages, head=f"deliver: [{deliver}]")
    return prepared(cluster.sandbox, "w")


def test_a_node_that_hangs_is_lost_and_its_late_twin_changes_nothing(
    cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_stream, "POLL_SECONDS", 0.5)
    cluster.silence = SILENCE
    marks = tmp_path / "marks"
    job = marked_job(cluster.sandbox, marks, seconds=4.0)
    driver = cluster.driver(job)
    assert eventually(lambda: marks_of(marks)["first"])
    (first,) = started(job, "first")
    hung = cluster.agents[str(first.node)].process.pid
    os.kill(hung, signal.SIGSTOP)
    try:
        assert eventually(lambda: marks_of(marks)["first"] == 2)  # elsewhere
        assert {each.node for each in started(job, "first")} == {"node1", "node2"}
    finally:
        os.kill(hung, signal.SIGCONT)
    assert exit_code(driver) == 0
    require_done(cluster, job, "hung")
    require_forgotten(cluster, job, "hung")
    (finished,) = [each for each in events_of(job, StageFinished) if each.stage == "first"]
    assert finished.attempt == 2
    assert {each.node for each in events_of(job, StageStarted) if each.stage.startswith("each")} == {"node1", "node2"}


def test_eight_nodes_make_one_environment_once_each(no_nodes: Cluster) -> None:
    names = [f"node{number}" for number in range(8)]
    no_nodes.start(*names)
    members = ", ".join(f"w{number}" for number in range(32))
    job = copies(
        no_nodes,
        f"each: {{uses: counted, for_each: [{members}], inputs: {{file: job.input}}, parameters: {{word: $each}}}}\n"
        "join: {inputs: {files: each.file}}",
        "join.file",
    )
    assert exit_code(no_nodes.driver(job)) == 0
    used = {each.node for each in events_of(job, StageStarted)}
    assert len(used) > 1
    for name in used:
        built = list((no_nodes.folder / str(name) / "venv").iterdir())
        assert [path.name for path in built if not path.name.startswith(".")] == ["alpha"], name


def without_packages() -> dict[str, str]:
    return {**os.environ, "UV_FIND_LINKS": "/nowhere"}


@pytest.mark.parametrize("step", ["settled", "close"])
def test_nodes_keep_nothing_of_a_job_whose_run_was_killed_when_all_was_done(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    """The next run needs no node, and tells them all the same."""
    job = copies(cluster)
    with monkeypatch.context() as broken:
        broken.setattr(ClusterWorkplace, step, lambda *_: os.kill(os.getpid(), signal.SIGKILL))
        assert exit_code(cluster.driver(job)) == KILLED
    assert cluster.knows((job.folder / "cluster-run").read_text().strip())
    assert exit_code(cluster.driver(job)) == 0
    require_forgotten(cluster, job, step)
    assert len(started(job, "copy")) == 1


def test_a_later_run_lets_nodes_forget_jobs_that_are_done_and_no_others(cluster: Cluster, tmp_path: Path) -> None:
    done, waiting = copies(cluster), copies(cluster)
    cluster.run(done)
    runs = {"done": run_name(done.folder), "waiting": run_name(waiting.folder), "elsewhere": "ab" * 16}
    cluster.kill("node1")
    with contextlib.closing(OutcomeArchive(cluster.folder / "node1" / "outcomes.jsonl")) as outcomes:
        for name, run in runs.items():
            (cluster.folder / "node1" / "attempts" / f"{name}.log").touch()
            outcome = AttemptOutcome(id=AttemptId(run, "job", "copy", 1), node="node1", returncode=0)
            outcomes.keep(name, ArchivedAttempt(outcome=outcome))
    cluster.restart("node1")
    assert all(map(cluster.knows, runs.values()))
    cluster.run(marked_job(cluster.sandbox, tmp_path / "marks"))
    assert [cluster.knows(run) for run in runs.values()] == [False, True, True]
    assert not (cluster.folder / "node1" / "attempts" / "done.log").exists()


def test_an_environment_that_one_node_cant_have_is_made_on_another(no_nodes: Cluster) -> None:
    no_nodes.start("bad", variables=without_packages())
    no_nodes.start("good")
    members = ", ".join(f"w{number}" for number in range(6))
    job = copies(
        no_nodes,
        f"each: {{uses: counted, for_each: [{members}], inputs: {{file: job.input}}, parameters: {{word: $each}}}}\n"
        "join: {inputs: {files: each.file}}",
        "join.file",
    )
    assert exit_code(no_nodes.driver(job)) == 0
    last = {each.stage: each.node for each in events_of(job, StageStarted)}
    assert set(last.values()) == {"good"}
    assert {each.kind for each in events_of(job, AttemptFailed)} <= {"not on this node"}


def test_an_environment_that_no_node_can_have_fails_with_all_reasons(no_nodes: Cluster) -> None:
    no_nodes.start("bad1", "bad2", variables=without_packages())
    job = copies(no_nodes)
    with pytest.raises(PipelineError) as caught:
        no_nodes.run(job)
    assert "\n  bad1: environment 'alpha' can't be had" in caught.value.message
    assert "\n  bad2: environment 'alpha' can't be had" in caught.value.message
    assert caught.value.exit_code is ExitCode.NOT_READY
    assert f"run-pipeline -j {job.id}" in str(caught.value.next_step)


def test_an_input_that_changes_before_it_is_sent_is_told_as_on_one_machine(cluster: Cluster) -> None:
    file = cluster.sandbox.write("input.txt", "some input\n")
    job = copies(cluster)
    file.write_text("other data\n")
    with pytest.raises(PipelineError) as there:
        cluster.run(job)
    here = cluster.sandbox.run("run-pipeline", "-j", job.id)
    assert there.value.message == here.error
    assert int(there.value.exit_code) == here.code


def test_a_node_of_another_project_is_told_of_and_not_used(
    no_nodes: Cluster, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("tests.cluster.helpers.TOKEN", "of-another-project")
    no_nodes.start("foreign")
    monkeypatch.undo()
    for name, text in {"UV_OFFLINE": "1"}.items():
        monkeypatch.setenv(name, text)
    job = copies(no_nodes)
    driver = no_nodes.driver(job)
    said = ""

    def is_told() -> bool:
        nonlocal said
        said += capfd.readouterr().err
        return "node foreign can't be asked" in said

    try:
        assert eventually(is_told, 30), said
    finally:
        os.kill(driver, signal.SIGINT)
    assert exit_code(driver) == ExitCode.INTERRUPTED
    assert not events_of(job, StageStarted)


def test_a_full_disk_of_one_node_leaves_its_work_to_others(no_nodes: Cluster) -> None:
    no_nodes.start("good")
    no_nodes.start("full", limit=1 << 12)
    no_nodes.sandbox.write("input.txt", "x" * (1 << 16))
    members = ", ".join(f"w{number}" for number in range(8))
    job = copies(
        no_nodes,
        f"each: {{uses: counted, for_each: [{members}], inputs: {{file: job.input}}, parameters: {{word: $each}}}}\n"
        "join: {inputs: {files: each.file}}",
        "join.file",
    )
    assert exit_code(no_nodes.driver(job)) == 0
    assert {each.kind for each in events_of(job, AttemptFailed)} <= {"node's disk full"}


def test_what_the_disks_of_nodes_have_damaged_is_sent_again(cluster: Cluster, tmp_path: Path) -> None:
    marks = tmp_path / "marks"
    cluster.run(marked_job(cluster.sandbox, marks))
    for name in list(cluster.agents):
        cluster.kill(name)
        for content in (cluster.folder / name / "contents").glob("*/??/*/content"):
            damage_quietly(content)
        cluster.restart(name)
    forget_results(cluster.sandbox)
    job = marked_job(cluster.sandbox, marks)
    cluster.run(job)
    require_done(cluster, job, "damaged")
    assert any("was damaged" in each.reason for each in events_of(job, AttemptFailed))


def test_two_jobs_of_one_project_share_nodes(cluster: Cluster, tmp_path: Path) -> None:
    one, other = marked_job(cluster.sandbox, tmp_path / "one"), marked_job(cluster.sandbox, tmp_path / "other")
    drivers = [cluster.driver(one), cluster.driver(other)]
    assert [exit_code(each) for each in drivers] == [0, 0]
    for job in (one, other):
        require_done(cluster, job, job.id)
        require_forgotten(cluster, job, job.id)


def test_a_second_run_of_the_same_job_is_refused_by_its_lock(cluster: Cluster, tmp_path: Path) -> None:
    job = marked_job(cluster.sandbox, tmp_path / "marks", seconds=1.0)
    first = cluster.driver(job)
    assert eventually(lambda: marks_of(tmp_path / "marks"))
    assert exit_code(cluster.driver(job)) == 2
    assert exit_code(first) == 0
    require_done(cluster, job, "refused")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_run_that_is_asked_to_stop_ends_the_stages_on_nodes(cluster: Cluster, tmp_path: Path, number: int) -> None:
    marks = tmp_path / "marks"
    job = marked_job(cluster.sandbox, marks, seconds=30.0)
    driver = cluster.driver(job)
    assert eventually(lambda: marks_of(marks))
    begun = time.monotonic()
    os.kill(driver, number)
    assert exit_code(driver) == ExitCode.INTERRUPTED
    assert time.monotonic() - begun < 25
    require_forgotten(cluster, job, "interrupted")
    again = cluster.driver(job)
    assert eventually(lambda: marks_of(marks)["first"] == 2)
    os.kill(again, signal.SIGKILL)
    exit_code(again)


def test_a_job_that_is_cancelled_ends_its_stages_on_nodes(cluster: Cluster, tmp_path: Path) -> None:
    marks = tmp_path / "marks"
    job = marked_job(cluster.sandbox, marks, seconds=30.0)
    driver = cluster.driver(job)
    assert eventually(lambda: marks_of(marks))
    assert cluster.sandbox.run("pipeline", "job", "cancel", job.id).code == 0
    assert exit_code(driver) != 0
    require_forgotten(cluster, job, "cancelled")
