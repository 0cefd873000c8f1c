"""``pipeline job report`` and ``pipeline job timeline`` on jobs that ran."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from pipeline.jobs.job import PlannedJob
from pipeline.project import ProjectFolder
from pipeline.report.values import PHASES
from pipeline.run import timers
from tests.conftest import Sandbox
from tests.run.helpers import FAILS, Bench, Clock, chain


@pytest.fixture
def bench(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Bench:
    clock = Clock()
    monkeypatch.setattr(timers, "time", clock)
    return Bench(ProjectFolder(sandbox.root), clock)


@pytest.fixture
def ran(bench: Bench) -> Callable[..., PlannedJob]:
    def run(**acts: Any) -> PlannedJob:
        job = bench.job(*chain("one", "two"), deliver=["two.file"])
        bench.run(job, **acts)
        return job

    return run


def test_a_page_is_made_of_a_job_that_is_finished(sandbox: Sandbox, ran: Callable[..., PlannedJob]) -> None:
    job = ran()
    page = sandbox.root / "report.html"
    done = sandbox.give("pipeline", "job", "report", job.id, "-o", str(page))
    assert (done.code, done.out) == (0, f"{page}\n")
    text = page.read_text()
    assert job.id in text
    assert "finished" in text
    assert "data:image/svg+xml;base64," in text


def test_json_has_all_that_the_page_has(sandbox: Sandbox, ran: Callable[..., PlannedJob]) -> None:
    first, second = ran(two=FAILS), ran()
    data = sandbox.give("pipeline", "job", "report", first.id, "--against", second.id, "--json").data
    assert data["state"] == "failed"
    assert data["next"] == f"run-pipeline -j {first.id}"
    assert [(each["stage"], each["state"]) for each in data["attempts"]] == [("one", "finished"), ("two", "failed")]
    assert data["edges"] == [["one", "two"]]
    assert [each["stage"] for each in data["failures"]] == ["two"]
    assert data["comparison"]["other"] == second.id
    assert {each["what"] for each in data["reasons"]} == {"ran", "failed"}


def test_a_page_needs_a_name(sandbox: Sandbox, ran: Callable[..., PlannedJob]) -> None:
    done = sandbox.give("pipeline", "job", "report", ran().id)
    assert done.code == 2
    assert "-o" in done.error


@pytest.mark.parametrize("words", [["report", "no-such-job", "--json"], ["timeline", "no-such-job"]])
def test_a_job_that_is_not_there_is_told(sandbox: Sandbox, ran: Callable[..., PlannedJob], words: list[str]) -> None:
    ran()
    assert sandbox.give("pipeline", "job", *words).code == 2


@pytest.mark.parametrize("command", ["report", "timeline"])
def test_a_place_that_can_not_be_written_is_named_and_nothing_is_left_there(
    sandbox: Sandbox, ran: Callable[..., PlannedJob], command: str
) -> None:
    folder = sandbox.root / "not" / "there"
    done = sandbox.give("pipeline", "job", command, ran().id, "-o", str(folder / "page"))
    assert done.code == 2
    assert f"{folder / 'page'} can't be written" in done.error
    assert not folder.exists()


@pytest.mark.parametrize(("form", "begin"), [("text", "one"), ("svg", "<svg"), ("trace", "{")])
def test_a_timeline_has_three_forms(sandbox: Sandbox, ran: Callable[..., PlannedJob], form: str, begin: str) -> None:
    done = sandbox.give("pipeline", "job", "timeline", ran().id, "--format", form)
    assert done.code == 0
    assert done.out.lstrip().startswith(begin)
    if form == "trace":
        assert json.loads(done.out)["traceEvents"]


def test_a_timeline_is_written_into_a_file(sandbox: Sandbox, ran: Callable[..., PlannedJob]) -> None:
    file = sandbox.root / "timeline.svg"
    done = sandbox.give("pipeline", "job", "timeline", ran().id, "--format", "svg", "-o", file)
    assert (done.code, done.out) == (0, f"{file}\n")
    assert file.read_text().startswith("<svg")


def test_programs_get_each_phase_of_each_attempt(sandbox: Sandbox, ran: Callable[..., PlannedJob]) -> None:
    data = sandbox.give("pipeline", "job", "timeline", ran().id, "--json").data
    assert [attempt["stage"] for attempt in data["attempts"]] == ["one", "two"]
    assert all(phase["kind"] in PHASES for attempt in data["attempts"] for phase in attempt["phases"])
