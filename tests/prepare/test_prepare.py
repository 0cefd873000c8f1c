"""Preparing jobs: checked before anything is written."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from pipeline.config.catalog import Catalog
from pipeline.config.source import schema_errors
from pipeline.digests import sha256_of_file
from pipeline.errors import (
    ConfigurationError,
    ExitCode,
    InputError,
    NotReady,
    PipelineError,
    UsageError,
)
from pipeline.files import read_json
from pipeline.jobs.job import load
from pipeline.prepare.preparation import JobRequest
from pipeline.prepare.prepare import prepare
from pipeline.project import ProjectFolder
from tests.conftest import Sandbox
from tests.jobs.helpers import prepared

COPY = "copy: {inputs: {file: job.input}}"


@pytest.fixture
def project(ready: Sandbox) -> Sandbox:
    ready.workflow("tested", COPY, head="deliver: [copy.file]")
    ready.write("input.txt", "some input\n")
    return ready


def refused(sandbox: Sandbox, file: Path, kind: type[PipelineError], workflow: str = "tested") -> PipelineError:
    with pytest.raises(kind) as caught:
        prepare(Catalog(ProjectFolder(sandbox.root)), JobRequest(file, workflow, {}))
    assert not (sandbox.root / "jobs").exists()
    return caught.value


def test_a_plan_fits_its_schema_and_says_what_it_was_made_for(project: Sandbox) -> None:
    job = prepared(project, "tested")
    file = project.root / "input.txt"
    assert schema_errors(read_json(job.folder / "job.json"), "job") == []
    assert job.plan.input.path == str(file)
    assert (job.plan.input.size, job.plan.input.digest) == (11, sha256_of_file(file))
    assert job.plan.environments == {"alpha": "venv/alpha"}
    assert job.plan.stage_environments == {"copy": "alpha"}
    assert job.plan.environment_keys["alpha"].startswith("sha256:")
    assert job.plan.environment_locks == {"alpha": sha256_of_file(project.root / "requirements" / "alpha.lock")}
    assert load(job.folder).plan == job.plan


def test_the_input_path_is_absolute(project: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(project.root)
    job = prepare(Catalog(ProjectFolder(project.root)), JobRequest(Path("input.txt"), "tested", {}))
    assert job.input == project.root / "input.txt"


def test_a_missing_file_is_unusable(project: Sandbox) -> None:
    error = refused(project, project.root / "movie.mp4", InputError)
    assert str(project.root / "movie.mp4") in error.message
    assert error.exit_code is ExitCode.INPUT_UNUSABLE


def test_a_folder_is_unusable(project: Sandbox) -> None:
    assert str(project.root) in refused(project, project.root, InputError).message


def test_an_empty_file_is_unusable(project: Sandbox) -> None:
    assert "is empty" in refused(project, project.write("empty.txt", ""), InputError).message


def test_a_pipe_that_nobody_writes_to_is_not_waited_for(project: Sandbox) -> None:
    os.mkfifo(project.root / "pipe")
    assert str(project.root / "pipe") in refused(project, project.root / "pipe", InputError).message


@pytest.mark.parametrize("name", ["x" * 256, "a/b", "input.txt/x"])
def test_a_name_that_can_be_no_file_is_unusable(project: Sandbox, name: str) -> None:
    refused(project, project.root / name, InputError)


def test_a_name_with_a_line_break_stays_on_one_line(project: Sandbox) -> None:
    assert "\n" not in refused(project, project.root / "a\nb", InputError).message


def test_an_unknown_workflow_suggests_the_nearest(project: Sandbox) -> None:
    error = refused(project, project.root / "input.txt", ConfigurationError, workflow="tsted")
    assert "'tested'" in error.message
    assert error.exit_code is ExitCode.USAGE


def test_an_unknown_parameter_is_refused(project: Sandbox) -> None:
    with pytest.raises(UsageError, match="'colour'"):
        prepared(project, "tested", colour="red")


def test_a_missing_environment_is_named_with_what_makes_it(sandbox: Sandbox) -> None:
    sandbox.workflow("tested", COPY)
    error = refused(sandbox, sandbox.write("input.txt", "some input\n"), NotReady)
    assert "environment 'alpha'" in error.message
    assert error.next_step == "bootstrap --env alpha"
    assert error.exit_code is ExitCode.NOT_READY


def test_all_that_is_missing_is_named_at_once(sandbox: Sandbox) -> None:
    sandbox.workflow("tested", "report_alpha: {}\nreport_beta: {}")
    error = refused(sandbox, sandbox.write("input.txt", "some input\n"), NotReady)
    assert "environment 'alpha'" in error.message
    assert "environment 'beta'" in error.message
    assert error.next_step == "bootstrap --env alpha --env beta"


@pytest.mark.parametrize(("workflow", "is_offered"), [("tested", True), ("other", False)])
def test_a_bare_bootstrap_is_offered_where_it_helps(sandbox: Sandbox, workflow: str, is_offered: bool) -> None:
    sandbox.write("config/pipeline.yaml", "default_workflows: [tested]\ngrace_seconds: 1\n")
    sandbox.workflow("tested", "report_alpha: {}")
    sandbox.workflow("other", "report_beta: {}")
    error = refused(sandbox, sandbox.write("input.txt", "some input\n"), NotReady, workflow=workflow)
    assert ("default workflows" in (error.next_step or "")) is is_offered


def test_only_the_environments_that_a_workflow_needs_must_be_there(ready: Sandbox) -> None:
    ready.write("config/environments/gamma.yaml", 'python: ">=3.11"\nrequirements: alpha.txt\n')
    ready.workflow("tested", COPY)
    assert prepared(ready, "tested").plan.environments == {"alpha": "venv/alpha"}


def test_two_jobs_for_one_file_are_two_jobs(project: Sandbox) -> None:
    assert prepared(project, "tested").id != prepared(project, "tested").id


@pytest.fixture
def full_disk(project: Sandbox) -> Iterator[Path]:
    """The project's jobs on a disk of 64 KiB of their own."""
    jobs = project.root / "jobs"
    jobs.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=64k,mode=755", "none", str(jobs)]
    if subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("mounting a small disk needs root, and the right to mount")
    yield jobs
    subprocess.run(["umount", "--lazy", str(jobs)], check=True)


def fill(folder: Path) -> Path:
    ballast = folder / "ballast"
    with ballast.open("wb", buffering=0) as file, suppress(OSError):
        while file.write(bytes(4096)):
            pass
    return ballast


def test_preparing_on_a_full_disk_leaves_no_half_job(project: Sandbox, full_disk: Path) -> None:
    ballast = fill(full_disk)
    done = project.give("prepare-job", project.root / "input.txt", "--workflow", "tested")
    assert done.code == 3
    assert "No space left on device" in done.error
    assert done.next_step
    assert list(full_disk.iterdir()) == [ballast]


@pytest.mark.parametrize("body", ["print('x' * 200000)", "open(stage.work / 'big', 'wb').write(bytes(200000))"])
def test_a_stage_that_fills_the_disk_says_so(ready: Sandbox, full_disk: Path, body: str) -> None:
    head = '# /// script\n# [tool.pipeline.stage]\n# environment = "alpha"\n# ///\n'
    ready.write("stages/fills.py", f"{head}def run(stage):\n    {body}\n")
    ready.workflow("fills", "fills: {}")
    done = ready.run("run-pipeline", "-j", ready.prepare("fills"))
    assert done.code == 4
    assert "No space left on device" in done.err


def test_a_job_whose_disk_was_full_finishes_when_there_is_room(project: Sandbox, full_disk: Path) -> None:
    job = prepared(project, "tested")
    ballast = fill(full_disk)
    done = project.run("run-pipeline", "-j", job.id)
    assert done.code == 3
    assert "No space left on device" in done.err
    ballast.unlink()
    done = project.run("run-pipeline", "-j", job.id)
    assert done.code == 0, done.err
    assert (job.output / "input.copy.txt").read_text() == "some input\n"


def test_a_disk_that_fills_up_during_a_stage_is_told_and_a_later_run_finishes(
    project: Sandbox, full_disk: Path
) -> None:
    table = '# environment = "alpha"\n# [tool.pipeline.stage.outputs]\n# file = "big.bin"\n'
    head = f"# /// script\n# [tool.pipeline.stage]\n{table}# ///\n"
    project.write("stages/big.py", head + "def run(stage):\n    stage.output('file').write_bytes(bytes(1 << 20))\n")
    project.workflow("tested", "big: {}")
    job = prepared(project, "tested")
    done = project.run("run-pipeline", "-j", job.id)
    assert done.code in (3, 4)  # the stage's failure, or ours when not even that could be recorded
    assert "errors.log" not in done.next_step  # where a bug of ours would lead
    project.write("stages/big.py", head + "def run(stage):\n    stage.output('file').write_bytes(bytes(10))\n")
    done = project.run("run-pipeline", "-j", job.id)
    assert done.code == 0, done.err


def test_a_read_only_disk_is_told_and_nothing_is_half_written(project: Sandbox, full_disk: Path) -> None:
    job = prepared(project, "tested")
    before = sorted(path.name for path in full_disk.rglob("*"))
    subprocess.run(["mount", "-o", "remount,ro", str(full_disk)], check=True)
    for command in (
        ["run-pipeline", "-j", job.id],
        ["prepare-job", project.root / "input.txt", "--workflow", "tested"],
    ):
        done = project.give(*command)
        assert done.code == 3
        assert "Read-only file system" in done.err
        assert "writable" in done.next_step
    assert project.give("pipeline", "job", "show", job.id).code == 0
    assert sorted(path.name for path in full_disk.rglob("*")) == before


def test_a_program_that_is_nowhere_is_told_with_the_command_that_installs_it(ready: Sandbox, spawning: None) -> None:
    definition = ready.root / "config/environments/alpha.yaml"
    definition.write_text(definition.read_text() + "tools: [{frobnicate: apt-get install frobnicate-data}]\n")
    ready.workflow("tested", "noop: {}")
    done = ready.give("prepare-job", ready.write("input.txt", "x"), "--workflow", "tested")
    assert done.code == 3
    assert "frobnicate" in done.error
    assert "apt-get install frobnicate-data" in done.next_step


def test_variables_that_nobody_has_proved_yet_stop_a_job(ready: Sandbox, spawning: None) -> None:
    definition = ready.root / "config/environments/alpha.yaml"
    definition.write_text(definition.read_text() + 'variables: {LEVEL: "{cache}/x"}\n')
    ready.workflow("tested", "noop: {}")
    file = ready.write("input.txt", "x")
    refused = ready.give("prepare-job", file, "--workflow", "tested")
    assert refused.code == 3
    assert "alpha.yaml" in refused.error
