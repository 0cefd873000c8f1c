"""The Python interface to a project: found as the commands find it, and its jobs."""

import os
import pickle
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import pipeline
from pipeline import Job, Project
from pipeline.errors import ConfigurationError, InputError, NotReady, UsageError
from tests.api.helpers import umask
from tests.conftest import Sandbox, offline


def test_the_package_has_the_three_names_and_says_so_of_others() -> None:
    assert {"Project", "Job"} <= set(dir(pipeline))
    with pytest.raises(AttributeError, match="Projekt"):
        _ = pipeline.Projekt


def test_a_project_is_found_as_the_commands_find_it(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIPELINE_ROOT", str(sandbox.root))
    assert Project().root == sandbox.root
    monkeypatch.delenv("PIPELINE_ROOT")
    monkeypatch.chdir(sandbox.root / "config")
    assert Project().root == sandbox.root
    monkeypatch.chdir(sandbox.root)
    assert Project(".") == Project(sandbox.root)


def test_where_there_is_none_the_error_is_the_commands_own(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no project at"):
        Project(tmp_path)


def test_a_job_is_prepared_as_the_command_prepares_it(project: Project, text: Path) -> None:
    job = project.prepare("counting", text)
    assert (job.state, job.workflow, job.input) == ("prepared", "counting", text)
    assert project.jobs() == [job] == [project.job(job.id)] == [project.job("latest")]
    assert pickle.loads(pickle.dumps(job)) == job


def test_it_is_private_and_the_program_s_umask_stays(project: Project, text: Path) -> None:
    before = umask()
    job = project.prepare("counting", text).run()
    assert umask() == before
    assert {path.stat().st_mode & 0o077 for path in job.folder.rglob("*") if not path.is_symlink()} == {0}


def test_values_of_python_become_parameters(project: Project, ready: Sandbox, text: Path) -> None:
    ready.workflow(
        "worded",
        'counted: {inputs: {file: job.input}, parameters: {word: "$word"}}',
        "deliver: [counted.file]\nparameters:\n"
        "  word: {type: string, default: one}\n  several: {type: words, default: []}\n"
        "  often: {type: integer, default: 1}\n  really: {type: boolean, default: true}",
    )
    job = project.prepare("worded", text, word="two", several=["a", "b"], often=3, really=False).run()
    assert job.outputs["file"].path.read_text() == "some input\ntwo\n"
    assert job._planned().plan.parameters == {"word": "two", "several": ["a", "b"], "often": 3, "really": False}


def test_each_error_is_of_the_command_line_s_class_and_has_its_next_command(
    project: Project, ready: Sandbox, text: Path
) -> None:
    with pytest.raises(ConfigurationError, match="countin") as unknown:
        project.prepare("countin", text)
    assert unknown.value.command == "pipeline workflow list"
    with pytest.raises(InputError):
        project.prepare("counting", text.with_name("other.txt"))
    with pytest.raises(UsageError) as parameter:
        project.prepare("counting", text, word="two")
    assert parameter.value.command == "pipeline workflow show counting"
    with pytest.raises(UsageError, match="no model 'small'"):
        project.prepare("counting", text, models={"small": "whisper-small"})
    with pytest.raises(UsageError, match="bytes"):
        project.prepare("counting", text, word=b"two")
    with pytest.raises(UsageError, match="comma"):
        project.prepare("counting", text, word=["a,b"])
    assert project.jobs() == []


def test_a_missing_environment_is_told_with_the_command_that_builds_it(sandbox: Sandbox, spawning: None) -> None:
    file = sandbox.write("input.txt", "some input\n")
    sandbox.workflow("counting", "copy: {inputs: {file: job.input}}")
    with pytest.raises(NotReady) as missing:
        Project(sandbox.root).prepare("counting", file)
    assert missing.value.command == "bootstrap --env alpha"
    assert "build=True" in str(missing.value.next_step)


def test_an_environment_without_packages_is_built_unasked(sandbox: Sandbox, spawning: None) -> None:
    file = sandbox.write("input.txt", "some input\n")
    sandbox.workflow("counting", "copy: {inputs: {file: job.input}}", "deliver: [copy.file]")
    sandbox.write("config/environments/alpha.yaml", 'python: ">=3.9"\n')
    sandbox.write("requirements/alpha.txt", "")
    sandbox.write("requirements/alpha.lock", "# locked for Python >=3.9\n")
    assert Project(sandbox.root).prepare("counting", file).run().state == "finished"


def test_a_folder_that_is_no_project_is_told_with_the_command_that_begins_one(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as refused:
        Project(tmp_path / "my project")
    assert refused.value.command == f"pipeline init '{tmp_path}/my project'"


def test_a_job_that_is_not_there_is_told(project: Project) -> None:
    with pytest.raises(UsageError) as unknown:
        project.job("job-20200101-nobody-0001")
    assert unknown.value.next_step


def test_a_module_in_the_program_s_folder_hides_none_of_ours(
    project: Project, text: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "click.py").write_text("raise SystemExit('the wrong click')\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.chdir(tmp_path)
    assert project.prepare("counting", text).run().state == "finished"


def test_to_import_the_package_and_name_a_project_loads_no_jobs_and_no_yaml(sandbox: Sandbox, spawning: None) -> None:
    code = (
        "import sys, pipeline; pipeline.Project('.')\n"
        "print(sorted(set(sys.modules) & {'yaml', 'click', 'asyncio', 'subprocess', 'IPython', 'pipeline.jobs.job'}))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=sandbox.root, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_nothing_of_the_program_is_changed_by_a_run(counting: Job) -> None:
    before = (dict(os.environ), [signal.getsignal(number) for number in (2, 10, 15)], os.getcwd(), descriptors())
    counting.run()
    assert (
        dict(os.environ),
        [signal.getsignal(number) for number in (2, 10, 15)],
        os.getcwd(),
        descriptors(),
    ) == before


def descriptors() -> set[str]:
    return {f"{name}:{os.get_inheritable(int(name))}" for name in os.listdir("/proc/self/fd") if readable(name)}


def readable(name: str) -> bool:
    return os.path.exists(f"/proc/self/fd/{name}")


def test_an_environment_that_is_missing_is_built_where_that_is_asked_for_and_told_in_the_log(
    sandbox: Sandbox, spawning: None, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    file = sandbox.write("input.txt", "some input\n")
    sandbox.workflow("counting", "copy: {inputs: {file: job.input}}", "deliver: [copy.file]")
    for name, value in offline(sandbox.root.parent).items():
        monkeypatch.setenv(name, value)
    caplog.set_level("INFO", "pipeline")
    assert Project(sandbox.root).prepare("counting", file, build=True).run().state == "finished"
    assert any("alpha" in message for message in caplog.messages)
