"""The folder with a job's results."""

import click
import pytest

from tests.conftest import Sandbox
from tests.jobs.helpers import stored


def test_the_latest_jobs_folder_is_printed_and_opened_where_windows_can_be_shown(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = stored(sandbox.root / "jobs")
    opened: list[str] = []
    monkeypatch.setattr(click, "launch", opened.append)
    monkeypatch.setattr("sys.platform", "linux")
    done = sandbox.give("pipeline", "job", "open")
    assert (done.code, done.next_step) == (2, f"run-pipeline -j {job.id}")
    job.output.mkdir()
    assert sandbox.give("pipeline", "job", "open", "latest").out.strip() == str(job.output)
    assert opened == []
    monkeypatch.setenv("DISPLAY", ":0")
    sandbox.give("pipeline", "job", "open", job.id)
    sandbox.give("pipeline", "job", "open", job.id, "--print")
    assert opened == [str(job.output)]


def test_where_the_latest_job_has_no_results_the_latest_that_has_some_is_named(sandbox: Sandbox) -> None:
    before = stored(sandbox.root / "jobs")
    before.output.mkdir()
    stored(sandbox.root / "jobs")
    done = sandbox.give("pipeline", "job", "open", "--print")
    assert done.code == 2
    command = done.next_step.splitlines()[-1]
    assert command == f"pipeline job open {before.id}"
    assert sandbox.give(*command.split(), "--print").out.strip() == str(before.output)
