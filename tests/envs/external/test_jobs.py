"""Jobs that run in environments which aren't ours, from preparing to reuse."""

import fcntl
import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from pipeline.envs import leases
from pipeline.envs.choice.source import EnvironmentSource
from pipeline.envs.registry import Registry
from pipeline.errors import NotReady
from pipeline.jobs.job import PlannedJob, load
from pipeline.jobs.plan import EnvironmentOrigin
from pipeline.project import ProjectFolder
from pipeline.run import runtime
from pipeline.run.failures import escalation
from pipeline.run.failures.evidence import Unrepairable, Whole
from pipeline.values import replace
from tests.conftest import BIN, Sandbox, build_folders, offline
from tests.envs.external.conftest import make_venv, site_packages

pytestmark = pytest.mark.usefixtures("spawning")

TOKEN = "0123456789abcdef0123456789abcdef"


@pytest.fixture
def old(venv: Path) -> Path:
    return venv


@pytest.fixture
def adopting(sandbox: Sandbox, old: Path) -> Sandbox:
    """A project in which nothing is built, and whose environment alpha may be ``old``."""
    alpha = sandbox.root / "config/environments/alpha.yaml"
    alpha.write_text(f"{alpha.read_text()}legacy: [{old}]\n")
    reporting(sandbox)
    sandbox.workflow("two", "report_alpha: {}\ncopy: {inputs: {file: report_alpha.report}}")
    return sandbox


def reporting(sandbox: Sandbox) -> None:
    sandbox.workflow("tested", "report_alpha: {}", head="deliver: [report_alpha.report]")


def job_of(sandbox: Sandbox, workflow: str = "tested", *words: str) -> PlannedJob:
    return load(sandbox.job(sandbox.prepare(workflow, *words)))


def report(job: PlannedJob) -> dict[str, Any]:
    (file,) = (job.folder / "output").glob("*.json")
    value: dict[str, Any] = json.loads(file.read_text())
    return value


def ran(sandbox: Sandbox, job: PlannedJob, *words: str) -> str:
    done = sandbox.run("run-pipeline", "-j", job.id, *words)
    assert done.code == 0, done.err
    return done.err


def refused(sandbox: Sandbox, job: PlannedJob) -> str:
    done = sandbox.run("run-pipeline", "-j", job.id)
    assert done.code == 3, done.err
    return done.err


def build(sandbox: Sandbox) -> None:
    done = sandbox.give("bootstrap", "--env", "alpha", variables=offline(sandbox.root.parent))
    assert done.code == 0, done.err


def break_import(old: Path) -> None:
    module = site_packages(old) / "quirk.py"
    module.write_text("VERSION = '1.0'\nimport sys\nif 'json' not in sys.modules: import nothing_such\n")


def test_a_job_runs_in_a_legacy_environment_and_says_so(adopting: Sandbox, old: Path) -> None:
    done = adopting.give("prepare-job", adopting.write("input.txt", "x"), "--workflow", "tested")
    assert re.search(rf"environment alpha .*{re.escape(str(old))}", done.err)
    assert "bootstrap --env alpha" in done.err
    job = load(adopting.job(done.out.strip()))
    assert f"environment alpha (venv/alpha): legacy {old}" in ran(adopting, job)
    assert report(job)["prefix"] == str(old)
    assert report(job)["variables"]["VIRTUAL_ENV"] == str(old)


def test_nothing_is_written_into_it(adopting: Sandbox, old: Path) -> None:
    before = {path: path.lstat().st_mtime_ns for path in [old, *old.rglob("*")]}
    ran(adopting, job_of(adopting))
    assert {path: path.lstat().st_mtime_ns for path in [old, *old.rglob("*")]} == before


def test_once_ours_is_built_the_next_job_gets_it_and_the_first_is_told(adopting: Sandbox, old: Path) -> None:
    first = job_of(adopting)
    build(adopting)
    assert job_of(adopting).plan.environment_sources == {"alpha": EnvironmentOrigin(EnvironmentSource.LIVE)}
    ran(adopting, first)
    assert report(first)["prefix"] == str(old)
    shown = adopting.give("pipeline", "job", "show", first.id)
    assert re.search(r"environment alpha has been built", shown.out)
    assert adopting.give("pipeline", "job", "show", first.id, "--json").data["environments"]["alpha"]["place"] == str(
        old
    )


def test_its_results_are_shared_while_it_is_the_same(adopting: Sandbox, old: Path) -> None:
    ran(adopting, job_of(adopting))
    assert "taken from" in ran(adopting, job_of(adopting))
    (site_packages(old) / "other-1.0.dist-info").mkdir()
    assert "taken from" not in ran(adopting, job_of(adopting))


def test_an_environment_that_changed_since_refuses_the_job(adopting: Sandbox, old: Path) -> None:
    job = job_of(adopting)
    (site_packages(old) / "other-1.0.dist-info").mkdir()
    said = refused(adopting, job)
    assert re.search(rf"environment 'alpha'.*{re.escape(str(old))} has changed", said)


def test_an_environment_that_was_deleted_since_refuses_the_job(adopting: Sandbox, old: Path) -> None:
    job = job_of(adopting)
    shutil.rmtree(old)
    assert str(old) in refused(adopting, job)


def test_a_definition_that_does_not_list_it_any_more_refuses_the_job(adopting: Sandbox, old: Path) -> None:
    job = job_of(adopting)
    alpha = adopting.root / "config/environments/alpha.yaml"
    alpha.write_text(alpha.read_text().replace(str(old), "/somewhere/else"))
    assert f"its definition doesn't name {old} any more" in refused(adopting, job)


def test_a_definition_that_is_broken_since_is_told_and_no_traceback(adopting: Sandbox) -> None:
    job = job_of(adopting)
    adopting.write("config/environments/alpha.yaml", "python: [\n")
    assert "config/environments/alpha.yaml" in refused(adopting, job)


def test_a_plan_edited_to_lead_elsewhere_is_refused(adopting: Sandbox, old: Path) -> None:
    job = job_of(adopting)
    file = job.folder / "job.json"
    file.write_text(file.read_text().replace(str(old), "/tmp"))
    done = adopting.run("run-pipeline", "-j", job.id)
    assert (done.code, str(file) in done.error) == (2, True)


def test_even_a_forged_plan_leads_only_where_the_definition_does(adopting: Sandbox, tmp_path: Path) -> None:
    job = job_of(adopting)
    other = make_venv(tmp_path / "other", tmp_path)
    forged = replace(job.plan, environment_sources={"alpha": EnvironmentOrigin(EnvironmentSource.LEGACY, str(other))})
    found = runtime.resolve(ProjectFolder(adopting.root), PlannedJob(job.folder, forged), TOKEN)
    assert "alpha" not in found.interpreters
    assert "doesn't name" in found.problems["alpha"]


def test_a_degraded_one_is_refused_unless_it_is_asked_for(adopting: Sandbox, old: Path) -> None:
    break_import(old)
    done = adopting.give("prepare-job", adopting.write("input.txt", "x"), "--workflow", "tested")
    assert done.code == 3
    assert re.search(rf"{re.escape(str(old))}.*\bquirk\b", done.error)
    assert "--allow-degraded" in done.next_step


def test_a_degraded_one_runs_with_its_warning_in_the_record(adopting: Sandbox, old: Path) -> None:
    break_import(old)
    job = job_of(adopting, "tested", "--allow-degraded")
    said = ran(adopting, job)
    warning = job.plan.origin("alpha").warning
    assert warning
    assert "No module named 'nothing_such'" in warning
    assert f"degraded {warning}" in said
    (started,) = (each for each in adopting.events(job.id) if each["event"] == "run_started")
    assert started["warnings"] == {"alpha": warning}
    assert f"warning: environment alpha is degraded {warning}" in adopting.give("pipeline", "job", "show", job.id).out


def forget(sandbox: Sandbox) -> None:
    """What is known of environments that aren't ours."""
    shutil.rmtree(sandbox.root / "cache/adopted")


@pytest.fixture
def library(old: Path, tmp_path: Path) -> Path:
    """A file outside of the environment that it needs to be healthy, and that no key covers; it is there."""
    library = tmp_path / "library"
    library.touch()
    needs = f"if 'json' not in sys.modules and not os.path.exists({str(library)!r}): import nothing_such"
    (site_packages(old) / "quirk.py").write_text(f"import os, sys\nVERSION = '1.0'\n{needs}\n")
    return library


def test_degraded_results_are_not_given_to_other_jobs(adopting: Sandbox, library: Path) -> None:
    library.unlink()
    degraded = job_of(adopting, "two", "--allow-degraded")
    ran(adopting, degraded)
    library.touch()
    healthy = job_of(adopting, "two")
    assert healthy.plan.environment_keys == degraded.plan.environment_keys
    assert "taken from" not in ran(adopting, healthy)
    assert "taken from" in ran(adopting, job_of(adopting, "two"))


def test_results_of_other_jobs_are_not_taken_for_degraded_ones(adopting: Sandbox, library: Path) -> None:
    healthy = job_of(adopting, "two")
    ran(adopting, healthy)
    library.unlink()
    forget(adopting)
    degraded = job_of(adopting, "two", "--allow-degraded")
    assert healthy.plan.environment_keys == degraded.plan.environment_keys
    assert "taken from" not in ran(adopting, degraded)


def test_a_degraded_job_that_is_run_again_keeps_its_own_results(adopting: Sandbox, library: Path) -> None:
    library.unlink()
    degraded = job_of(adopting, "two", "--allow-degraded")
    ran(adopting, degraded)
    assert "nothing to do" in ran(adopting, degraded)


def test_why_says_that_a_result_is_not_shared(adopting: Sandbox, old: Path) -> None:
    break_import(old)
    job = job_of(adopting, "two", "--allow-degraded")
    ran(adopting, job)
    said = adopting.give("pipeline", "job", "why", job.id).out
    assert re.search(r"report_alpha, copy: .*environment alpha:", said)
    assert re.search(r"copy: .*environment alpha:", said)


def test_an_interpreter_is_used_as_it_is(sandbox: Sandbox, old: Path) -> None:
    sandbox.write("config/environments/alpha.yaml", f'python: ">=3.11"\nimports: [quirk]\ninterpreter: {old}\n')
    reporting(sandbox)
    job = job_of(sandbox)
    assert job.plan.environment_sources == {"alpha": EnvironmentOrigin(EnvironmentSource.INTERPRETER, str(old))}
    ran(sandbox, job)
    assert report(job)["prefix"] == str(old)


def test_an_interpreter_that_is_missing_is_told_without_bootstrap(sandbox: Sandbox) -> None:
    sandbox.write("config/environments/alpha.yaml", 'python: ">=3.11"\ninterpreter: /nowhere\n')
    reporting(sandbox)
    done = sandbox.give("prepare-job", sandbox.write("input.txt", "x"), "--workflow", "tested")
    assert done.code == 3
    assert re.search(r"environment 'alpha'.* /nowhere:", done.error)
    assert "bootstrap --env alpha" not in done.err


def test_a_job_builds_what_is_missing_where_that_is_allowed(sandbox: Sandbox) -> None:
    reporting(sandbox)
    file = sandbox.write("input.txt", "x")
    words = ("prepare-job", file, "--workflow", "tested", "--build")
    done = sandbox.give(*words, variables=offline(sandbox.root.parent))
    assert done.code == 0, done.err
    assert "building environment 'alpha'" in done.err
    job = load(sandbox.job(done.out.strip()))
    assert job.plan.environment_sources == {"alpha": EnvironmentOrigin(EnvironmentSource.BUILT)}


def test_two_jobs_that_build_at_once_make_one_build(sandbox: Sandbox) -> None:
    reporting(sandbox)
    file = sandbox.write("input.txt", "x")
    variables = {**os.environ, "PIPELINE_ROOT": str(sandbox.root), **offline(sandbox.root.parent)}
    command = [str(BIN / "prepare-job"), str(file), "--workflow", "tested", "--build"]
    both = [subprocess.Popen(command, env=variables, stdout=subprocess.PIPE) for _ in range(2)]
    ids = [each.communicate(timeout=120)[0].decode().strip() for each in both]
    keys = [load(sandbox.job(id)).plan.environment_keys for id in ids]
    assert keys[0] == keys[1]
    assert len(build_folders(sandbox.root / "venv/.builds")) == 1


def test_a_job_waits_for_a_build_only_as_long_as_it_was_told_to(sandbox: Sandbox) -> None:
    reporting(sandbox)
    lock = sandbox.write("venv/.builds/alpha.lock", "process 4711 on elsewhere")
    words = ("prepare-job", sandbox.write("input.txt", "x"), "--workflow", "tested", "--wait", "0.3", "--build")
    with lock.open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        done = sandbox.give(*words, variables=offline(sandbox.root.parent))
    assert done.code == 3
    assert "process 4711 on elsewhere" in done.error
    assert not (sandbox.root / "jobs").exists()


def test_nothing_is_built_for_a_job_that_cannot_be_prepared_anyway(sandbox: Sandbox) -> None:
    sandbox.workflow("tested", "report_alpha: {}\nreport_beta: {}")
    alpha = sandbox.root / "config/environments/beta.yaml"
    alpha.write_text(f"{alpha.read_text()}tools: [no-such-program]\n")
    words = ("prepare-job", sandbox.write("input.txt", "x"), "--workflow", "tested", "--build")
    done = sandbox.give(*words, variables=offline(sandbox.root.parent))
    assert "no-such-program" in done.error
    assert not (sandbox.root / "venv").exists()


def test_a_stage_that_died_in_it_finds_it_whole_or_names_what_is_damaged(adopting: Sandbox, old: Path) -> None:
    job, project = job_of(adopting), ProjectFolder(adopting.root)
    assert isinstance(escalation.escalate(project, job, "alpha", old, lambda _: None), Whole)
    (site_packages(old) / "quirk.py").write_text("other\n")
    verdict = escalation.escalate(project, job, "alpha", old, lambda _: None)
    assert isinstance(verdict, Unrepairable)
    assert "it isn't changed" in verdict.reason
    assert "quirk.py" in verdict.damage[0]
    assert not (adopting.root / "venv").exists()


def test_a_run_holds_the_builds_that_it_resolved(ready: Sandbox, built: Sandbox) -> None:
    from pipeline.envs.leases import Leases

    reporting(ready)
    job, project = job_of(ready), ProjectFolder(ready.root)
    live = Registry(project.environments).live("alpha")
    assert live
    with Leases() as held:
        runtime.resolve(project, job, TOKEN, held)
        runtime.resolve(project, job, TOKEN, held)
        assert leases.is_held(live)
    assert not leases.is_held(live)


def test_a_build_that_was_removed_just_now_is_a_problem_of_the_run(
    ready: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pipeline.envs import leases

    def gone(*_: object) -> int:
        raise NotReady("environment 'alpha': its build was removed just now")

    reporting(ready)
    job = job_of(ready)
    monkeypatch.setattr(leases, "acquire", gone)
    found = runtime.resolve(ProjectFolder(ready.root), job, TOKEN, leases.Leases())
    assert found.problems.keys() == {"alpha"}


def test_a_stage_in_a_conda_environment_sees_what_conda_would_set(sandbox: Sandbox, conda: Path) -> None:
    sandbox.write("config/environments/alpha.yaml", f'python: ">=3.11"\nimports: [quirk]\ninterpreter: {conda}\n')
    reporting(sandbox)
    job = job_of(sandbox)
    ran(sandbox, job)
    variables = report(job)["variables"]
    assert report(job)["prefix"] == variables["CONDA_PREFIX"] == str(conda)
    assert variables["PATH"].startswith(f"{conda}/bin{os.pathsep}")
    assert "VIRTUAL_ENV" not in variables
