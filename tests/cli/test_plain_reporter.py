"""What a run says in plain lines."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from pipeline.cli import plain_reporter
from pipeline.executors import StageReport
from pipeline.jobs.events import StageExpanded
from pipeline.jobs.job import PlannedJob
from pipeline.references import member_name
from pipeline.run.observer import JobOutcome, StageStart
from tests.jobs.helpers import DIGEST, a_stage, record, stored


def test_the_table_of_several_jobs_comes_last_where_it_is_seen(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plain_reporter, "_table", lambda *_: print("the table"))
    outcomes: dict[str, Any] = {id: SimpleNamespace(delivered=[f"{id}.srt"], unchanged=False) for id in ("a", "b")}
    jobs: list[Any] = [SimpleNamespace(id=id) for id in outcomes]
    plain_reporter.PlainReporter(jobs).run_ended(outcomes)
    assert capsys.readouterr().out.split("\n")[:3] == ["a.srt", "b.srt", "the table"]


def many(root: Path) -> PlannedJob:
    """A job whose stage 'part' has a thousand members."""
    job = stored(root, stages=[a_stage("part", for_each="split.list", needs=["split"]), a_stage("split")])
    record(job, StageExpanded("part", 1000))
    return job


def test_a_thousand_items_are_counted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    job = many(tmp_path)
    reporter = plain_reporter.PlainReporter([job])
    for index in range(1000):
        name = member_name("part", index)
        reporter.stage_started(job, name, StageStart("alpha"))
        reporter.stage_finished(job, name, 0.1)
    reporter.job_ended(job, JobOutcome())
    lines = capsys.readouterr().err.splitlines()
    counted, finished = [line.partition(" ")[2] for line in lines]
    assert counted == f"{job.id}: part: 1000 of 1000 done"
    assert finished.startswith(f"{job.id}: finished in ")
    assert finished.endswith(" x real time")


def test_of_a_large_plan_stages_are_counted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    job = stored(tmp_path, stages=[a_stage(f"s{number}") for number in range(50)])
    reporter = plain_reporter.PlainReporter([job])
    for number in range(50):
        if number < 10:
            reporter.stage_reused(job, f"s{number}", 1.0, "")
        else:
            reporter.stage_started(job, f"s{number}", StageStart("alpha"))
            reporter.stage_finished(job, f"s{number}", 1.0)
    reporter.job_ended(job, JobOutcome())
    told = capsys.readouterr().err
    assert "10 stages were done already" in told
    assert "40 of 50 done" in told
    assert len(told.splitlines()) == 3


def test_a_rerun_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    jobs = [stored(tmp_path), stored(tmp_path)]
    done = JobOutcome(unchanged=True)
    for chosen in (jobs[:1], jobs):
        reporter = plain_reporter.PlainReporter(chosen)
        for job in chosen:
            reporter.stage_reused(job, "copy", 1.0, "")
            reporter.job_ended(job, done)
        reporter.run_ended({job.id: done for job in chosen})
        assert len(capsys.readouterr().err.splitlines()) == 1


def test_films_are_called_by_their_names(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    about = {"size": 1, "mtime_ns": 1, "digest": DIGEST, "duration_s": None}
    jobs = [stored(tmp_path, input={"path": f"/films/{name}.mkv", **about}) for name in ("a", "b")]
    reporter = plain_reporter.PlainReporter(jobs)
    reporter.stage_failed(jobs[0], "copy", "no", None)
    reporter.job_ended(jobs[1], JobOutcome())
    lines = [line.partition(" ")[2] for line in capsys.readouterr().err.splitlines()]
    assert lines == ["a.mkv copy: failed", "b.mkv (1 of 2): finished"]


def test_what_a_stage_waits_for_comes_after_what_the_run_is_about(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    job = stored(tmp_path)
    reporter = plain_reporter.PlainReporter([job])
    runtime: Any = SimpleNamespace(problems={}, builds={"alpha": SimpleNamespace(prefix=Path("alpha-1"))})
    reporter.run_started({job.id: runtime})
    reporter.stage_waits(job, "copy", "process 7 makes it")
    first, *_, last = capsys.readouterr().err.splitlines()
    assert "workflow" in first
    assert last.endswith("copy: waits, since process 7 makes it")


def test_what_is_made_ready_for_a_stage_is_told_at_once_and_each_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    job = stored(tmp_path, stages=[a_stage("copy")])
    reporter = plain_reporter.PlainReporter([job])
    reporter.stage_started(job, "copy", StageStart("alpha", node="node1"))
    for note in ("fetching 1 of 12 files", "fetching 12 of 12 files", "environment alpha: installing", ""):
        reporter.stage_reported(job, "copy", StageReport(note=note))
    told = [line.partition("copy: ")[2] for line in capsys.readouterr().err.splitlines()]
    assert told[-3:] == [
        "runs in environment alpha on node node1",
        "fetching 1 of 12 files",
        "environment alpha: installing",
    ]


def test_a_stage_that_failed_is_called_by_its_title_where_others_are_skipped(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    job = stored(
        tmp_path, stages=[a_stage("cut_en", title="Make subtitles"), a_stage("mux", needs=["cut_en"])], deliver=()
    )
    plain_reporter.PlainReporter([job]).stage_skipped(job, "mux", "cut_en")
    assert "mux: skipped, since Make subtitles failed" in capsys.readouterr().err
