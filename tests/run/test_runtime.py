"""What a job runs with comes from the project, never from the job's text."""

import os
from pathlib import Path

import pytest

from pipeline.errors import ConfigurationError, ExitCode, NotReady, bootstrap_steps
from pipeline.jobs.job import PlannedJob
from pipeline.project import ProjectFolder
from pipeline.run import runtime
from pipeline.values import replace
from tests.conftest import Sandbox
from tests.jobs.helpers import DIGEST, prepared

TOKEN = "0123456789abcdef0123456789abcdef"


@pytest.fixture
def job(ready: Sandbox) -> PlannedJob:
    ready.workflow("tested", "copy: {inputs: {file: job.input}}")
    return prepared(ready, "tested")


@pytest.fixture
def project(ready: Sandbox) -> ProjectFolder:
    return ProjectFolder(ready.root)


def changed(job: PlannedJob, **changes: object) -> PlannedJob:
    return PlannedJob(job.folder, replace(job.plan, **changes))


def test_an_interpreter_is_the_environments_own(job: PlannedJob, project: ProjectFolder) -> None:
    interpreter = runtime.resolve(project, job, TOKEN).interpreters["alpha"]
    prefix = Path(os.path.realpath(project.environments / "alpha"))
    assert (interpreter.prefix, interpreter.python) == (prefix, prefix / "bin/python")


def test_a_healthy_environment_has_no_problem(job: PlannedJob, project: ProjectFolder) -> None:
    resolved = runtime.resolve(project, job, TOKEN)
    resolved.require(job)
    assert resolved.problems == {}


def test_a_folder_named_in_the_plan_decides_nothing(job: PlannedJob, project: ProjectFolder) -> None:
    moved = changed(job, environments={"alpha": "/usr"})
    assert runtime.resolve(project, moved, TOKEN).interpreters == runtime.resolve(project, job, TOKEN).interpreters


def test_a_build_that_is_gone_is_a_problem_with_both_ways_to_mend_it(job: PlannedJob, project: ProjectFolder) -> None:
    other = changed(job, environment_keys={"alpha": DIGEST})
    resolved = runtime.resolve(project, other, TOKEN)
    assert "built again from other requirements" in resolved.problems["alpha"]
    with pytest.raises(NotReady) as caught:
        resolved.require(other)
    assert caught.value.exit_code is ExitCode.NOT_READY
    assert caught.value.next_step == bootstrap_steps(["bootstrap --env alpha"])


def test_a_missing_model_is_named(job: PlannedJob, project: ProjectFolder) -> None:
    resolved = runtime.resolve(project, changed(job, models={"whisper": DIGEST}), TOKEN)
    with pytest.raises(NotReady, match="'whisper'"):
        resolved.require(job)


def test_an_environment_without_a_definition_is_refused(job: PlannedJob, project: ProjectFolder) -> None:
    (project.config / "environments/alpha.yaml").unlink()
    with pytest.raises(ConfigurationError, match="'alpha'"):
        runtime.resolve(project, job, TOKEN)


def test_a_stage_without_a_file_is_refused_with_the_nearest(job: PlannedJob, project: ProjectFolder) -> None:
    (project.stages / "copy.py").rename(project.stages / "copyy.py")
    with pytest.raises(ConfigurationError, match="'copyy'"):
        runtime.resolve(project, job, TOKEN)


def test_every_process_of_a_run_carries_its_token(job: PlannedJob, project: ProjectFolder) -> None:
    assert runtime.resolve(project, job, TOKEN).interpreters["alpha"].variables["PIPELINE_RUN"] == TOKEN


def test_a_stage_s_process_gets_the_variables_of_the_plan_with_the_project_s_folders(
    job: PlannedJob, project: ProjectFolder
) -> None:
    with_variables = changed(job, environment_variables={"alpha": {"LEVEL": "{cache}/x", "HF_HOME": "{models}/hub"}})
    variables = runtime.resolve(project, with_variables, TOKEN).interpreters["alpha"].variables
    assert variables["LEVEL"] == f"{project.cache}/x"
    assert variables["HF_HOME"] == f"{project.models}/hub"
    assert variables["TORCH_HOME"] == f"{project.cache}/home/torch"


def test_an_environment_that_a_stage_brings_is_defined(job: PlannedJob, project: ProjectFolder) -> None:
    (project.config / "environments/alpha.yaml").unlink()
    with pytest.raises(ConfigurationError):
        runtime.resolve(project, job, TOKEN)
    project.stage_file("alpha").write_text('# /// script\n# dependencies = ["quirk"]\n# ///\n')
    assert "alpha" in runtime.resolve(project, job, TOKEN).interpreters
