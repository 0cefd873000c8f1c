"""From a stage's symptom to a verdict on its environment, and to a new build where it is damaged."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.config.catalog import Catalog
from pipeline.envs import uv
from pipeline.envs.build import Build
from pipeline.envs.builder.builder import Builder
from pipeline.envs.registry import Registry
from pipeline.envs.verification import content
from pipeline.envs.verification.comparison import DamagedFile
from pipeline.executors.reports import StageException
from pipeline.jobs.job import PlannedJob
from pipeline.project import ProjectFolder
from pipeline.run import runtime
from pipeline.run.failures.escalation import Escalation, escalate
from pipeline.run.failures.evidence import EnvironmentRepair, Evidence, Unrepairable, Whole
from tests.conftest import Sandbox, also, offline
from tests.jobs.helpers import prepared

IMPORT = StageException("ModuleNotFoundError", "No module named 'mising'")


@pytest.fixture
def project(sandbox: Sandbox, spawning: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ProjectFolder:
    for name, value in offline(tmp_path).items():
        monkeypatch.setenv(name, value)
    return ProjectFolder(sandbox.root)


@pytest.fixture
def build(project: ProjectFolder) -> Build:
    builder = Builder(Registry(project.environments), uv.find(), project.logs / "bootstrap", time_limit=60)
    return builder.ensure(Catalog(project).environment("alpha"), quiet)


@pytest.fixture
def job(sandbox: Sandbox, build: Build) -> PlannedJob:
    sandbox.workflow("tested", "copy: {inputs: {file: job.input}}")
    return prepared(sandbox, "tested")


def quiet(_step: str) -> None:
    """Nobody listens."""


def module(build: Build) -> Path:
    return build.site_packages / "quirk.py"


def test_a_whole_environment_is_said_to_be_with_what_a_missing_module_takes(
    project: ProjectFolder, job: PlannedJob, build: Build
) -> None:
    verdict = escalate(project, job, "alpha", build.prefix, quiet)
    assert isinstance(verdict, Whole)
    assert verdict.requirements == "requirements/alpha.txt"
    compiling, building = verdict.steps
    assert compiling == "pipeline env lock alpha"
    assert building == "bootstrap --env alpha"


def test_a_damaged_one_is_repaired_and_the_job_resolves_to_the_repaired(
    project: ProjectFolder, job: PlannedJob, build: Build
) -> None:
    os.truncate(module(build), 3)
    steps: list[str] = []
    verdict = escalate(project, job, "alpha", build.prefix, steps.append)
    assert isinstance(verdict, EnvironmentRepair)
    assert verdict.damage == ("quirk: quirk.py has 3 bytes instead of 16",)
    resolved = runtime.resolve(project, job, "token")
    resolved.require(job)
    assert resolved.interpreters["alpha"].prefix == verdict.prefix != build.prefix
    assert module(resolved.builds["alpha"]).read_text() == "VERSION = '1.0'\n"
    assert "repairing environment alpha: quirk: quirk.py has 3 bytes instead of 16" in steps


def test_what_somebody_has_repaired_meanwhile_is_not_built_again(
    project: ProjectFolder, job: PlannedJob, build: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    os.truncate(module(build), 3)
    first = escalate(project, job, "alpha", build.prefix, quiet)
    monkeypatch.setattr("pipeline.process.run", lambda *_: pytest.fail("something was started"))
    second = escalate(project, job, "alpha", build.prefix, quiet)
    assert isinstance(first, EnvironmentRepair)
    assert second == EnvironmentRepair(first.prefix, ())


def remove_interpreter(build: Build) -> None:
    build.python.unlink()


def edit_configuration(build: Build) -> None:
    (build.prefix / "pyvenv.cfg").write_text("home = /nowhere\n")


def remove_package(build: Build) -> None:
    module(build).unlink()


def remove_everything(build: Build) -> None:
    build.prefix.rename(build.prefix.with_name("away"))


DAMAGE: dict[Callable[[Build], None], str] = {
    remove_interpreter: "its interpreter",
    edit_configuration: "pyvenv.cfg has 16 bytes instead of",
    remove_package: "quirk: quirk.py is missing",
    remove_everything: "it isn't there any more",
}


@pytest.mark.parametrize(
    "damage",
    [remove_interpreter, remove_package, *also(edit_configuration, remove_everything)],
    ids=lambda damage: damage.__name__,
)
def test_every_kind_of_damage_is_repaired(
    project: ProjectFolder, job: PlannedJob, build: Build, damage: Callable[[Build], None]
) -> None:
    damage(build)
    verdict = escalate(project, job, "alpha", build.prefix, quiet)
    assert isinstance(verdict, EnvironmentRepair), verdict
    assert verdict.damage[0].startswith(DAMAGE[damage])
    runtime.resolve(project, job, "token").require(job)


def other_lock(project: ProjectFolder) -> None:
    lock = project.requirements / "alpha.lock"
    lock.write_text(lock.read_text() + "# changed\n")


def no_definition(project: ProjectFolder) -> None:
    (project.config / "environments/alpha.yaml").unlink()


def broken_definition(project: ProjectFolder) -> None:
    (project.config / "environments/alpha.yaml").write_text("pyton: [\n")


def no_wheels(project: ProjectFolder) -> None:
    for wheel in (project.root.parent / "wheels").iterdir():
        wheel.unlink()


def file_in_the_logs_place(project: ProjectFolder) -> None:
    (project.logs / "bootstrap").rename(project.root / "kept")
    (project.logs / "bootstrap").touch()


HINDRANCES: dict[Callable[[ProjectFolder], None], str] = {
    other_lock: "its lock, its Python or how it is built has changed since the job was prepared",
    no_definition: "no environment 'alpha'",
    broken_definition: "config/environments/alpha.yaml:2: not valid YAML",
    no_wheels: "environment 'alpha' can't be built",
    file_in_the_logs_place: "can't be made",
}


@pytest.mark.parametrize(
    "hinder",
    [other_lock, no_definition, no_wheels, *also(broken_definition, file_in_the_logs_place)],
    ids=lambda hinder: hinder.__name__,
)
def test_what_can_not_be_repaired_says_why_and_what_is_damaged(
    project: ProjectFolder, job: PlannedJob, build: Build, hinder: Callable[[ProjectFolder], None]
) -> None:
    os.truncate(module(build), 3)
    hinder(project)
    verdict = escalate(project, job, "alpha", build.prefix, quiet)
    assert isinstance(verdict, Unrepairable)
    assert HINDRANCES[hinder] in verdict.reason
    assert verdict.damage == ("quirk: quirk.py has 3 bytes instead of 16",)
    assert Registry(project.environments).live("alpha") == build


def test_a_disk_that_refuses_is_a_reason(
    project: ProjectFolder, job: PlannedJob, build: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    os.truncate(module(build), 3)

    def refuse(*_: object, **__: object) -> None:
        raise OSError(30, "Read-only file system", "/project/venv")

    monkeypatch.setattr("pathlib.Path.mkdir", refuse)
    verdict = escalate(project, job, "alpha", build.prefix, quiet)
    assert isinstance(verdict, Unrepairable)
    assert verdict.reason == "/project/venv: Read-only file system"


def test_many_stages_with_one_symptom_cost_one_look(
    project: ProjectFolder, job: PlannedJob, build: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[Path] = []

    def look(folder: Path, *_: object) -> list[DamagedFile]:
        looks.append(folder)
        return []

    monkeypatch.setattr(content, "damaged", look)
    escalation = Escalation(project)
    failed = Evidence(str(build.prefix), returncode=1, raised=IMPORT)
    assert escalation.look(job, "alpha", failed, quiet) is escalation.look(job, "alpha", failed, quiet)
    assert len(looks) == 1
    escalation.look(job, "alpha", Evidence(str(build.prefix), returncode=-7), quiet)
    assert len(looks) == 2


def test_damage_that_came_after_another_symptom_s_look_is_found(
    project: ProjectFolder, job: PlannedJob, build: Build
) -> None:
    escalation = Escalation(project)
    first = escalation.look(job, "alpha", Evidence(str(build.prefix), returncode=1, raised=IMPORT), quiet)
    os.truncate(module(build), 3)
    second = escalation.look(job, "alpha", Evidence(str(build.prefix), returncode=-7), quiet)
    assert isinstance(first, Whole)
    assert isinstance(second, EnvironmentRepair)
