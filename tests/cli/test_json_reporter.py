"""A run told to a program."""

import json
from typing import Any

from tests.conftest import Result, Sandbox
from tests.jobs.helpers import prepared


def lines(done: Result) -> list[dict[str, Any]]:
    return [json.loads(line) for line in done.out.splitlines()]


def test_each_event_is_a_line(ready: Sandbox) -> None:
    ready.workflow("tested", "says: {}\ncopy: {inputs: {file: job.input}, after: [says]}", "deliver: [copy.file]")
    job = prepared(ready, "tested")
    done = ready.run("run-pipeline", "-j", job.id, "--json")
    assert done.code == 0, done.err
    told = lines(done)
    assert [each["event"] for each in told if each["event"] != "stage_progress"] == [
        "run_started",
        "stage_started",
        "stage_warned",
        "stage_finished",
        "stage_started",
        "stage_finished",
        "job_ended",
        "run_ended",
    ]
    assert {each["job"] for each in told if "job" in each} == {job.id}
    ended = told[-2]
    assert (ended["result"], ended["delivered"]) == ("finished", [str(job.output / "input.copy.txt")])
    again = lines(ready.run("run-pipeline", "-j", job.id, "--json"))
    assert again[-1]["jobs"] == {job.id: "unchanged"}


def test_a_failure_is_told_in_lines_too(ready: Sandbox) -> None:
    ready.workflow("tested", "fails: {}")
    job = prepared(ready, "tested")
    done = ready.run("run-pipeline", "-j", job.id, "--json")
    assert done.code == 4
    told = lines(done)
    assert [each["event"] for each in told[:4]] == ["run_started", "stage_started", "stage_failed", "job_ended"]
    assert told[3]["result"] == "failed"
    assert told[-1]["error"]["exit_code"] == 4


def test_what_would_run_is_told_in_lines(ready: Sandbox) -> None:
    ready.workflow("tested", "says: {}")
    job = prepared(ready, "tested")
    (told,) = lines(ready.run("run-pipeline", "-j", job.id, "--dry-run", "--json"))
    assert (told["event"], told["stage"], told["verdict"]) == ("forecast", "says", "run")
