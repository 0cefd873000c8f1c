"""``pipeline env lock``: what a person types and is told."""

import re
from pathlib import Path

import pytest

from tests.conftest import Sandbox, offline


@pytest.fixture
def project(sandbox: Sandbox, spawning: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Sandbox:
    """Its index has quirk 1.0 and 2.0, and no network."""
    for name, value in offline(tmp_path).items():
        monkeypatch.setenv(name, value)
    return sandbox


def ask(project: Sandbox, text: str, name: str = "alpha") -> None:
    project.write(f"requirements/{name}.txt", text)


def lock(project: Sandbox, name: str = "alpha") -> str:
    return (project.root / f"requirements/{name}.lock").read_text()


def test_a_lock_is_written_and_its_changes_are_told(project: Sandbox) -> None:
    ask(project, "quirk>=2\n")
    done = project.give("pipeline", "env", "lock", "alpha")
    assert done.code == 0, done.err
    assert "requirements/alpha.lock" in done.out
    assert "quirk 1.0 → 2.0" in done.out
    assert "bootstrap --env alpha" in done.out
    assert "quirk==2.0" in lock(project)


def test_upgrade_stands_alone_or_has_a_package(project: Sandbox) -> None:
    ask(project, "quirk\n")
    assert "quirk 1.0" not in project.give("pipeline", "env", "lock", "alpha").out
    assert "quirk 1.0 → 2.0" in project.give("pipeline", "env", "lock", "alpha", "--upgrade", "quirk").out
    ask(project, "quirk<2\n")
    project.give("pipeline", "env", "lock", "alpha")
    ask(project, "quirk\n")
    assert "quirk 1.0 → 2.0" in project.give("pipeline", "env", "lock", "alpha", "--upgrade").out


def test_a_name_that_stands_after_upgrade_is_told_to_come_first(project: Sandbox) -> None:
    done = project.give("pipeline", "env", "lock", "--upgrade", "alpha")
    assert done.code == 2
    assert "'alpha'" in done.error
    assert done.next_step.startswith("pipeline env lock NAME --upgrade PACKAGE")


def test_without_a_name_all_are_locked_and_one_that_fails_stops_no_other(project: Sandbox) -> None:
    ask(project, "quirk>=3\n")
    project.write("requirements/beta.lock", "")
    done = project.give("pipeline", "env", "lock")
    assert done.code == 3
    assert "environment 'alpha'" in done.error
    assert "requirements/alpha.txt" in done.next_step
    assert "pipeline env lock alpha" in done.next_step
    assert "requirements/beta.lock" in done.out
    assert "+ quirk 2.0\n" in done.out
    assert lock(project).startswith("quirk==1.0")


def test_programs_get_what_changed(project: Sandbox) -> None:
    ask(project, "quirk>=2\n")
    (alpha,) = project.give("pipeline", "env", "lock", "alpha", "--json").data
    assert alpha == {
        "environment": "alpha",
        "variant": "",
        "lock": "requirements/alpha.lock",
        "written": True,
        "changes": [{"name": "quirk", "before": ["1.0"], "after": ["2.0"]}],
        "error": None,
    }


def test_a_check_tells_and_writes_nothing(project: Sandbox) -> None:
    assert project.give("pipeline", "env", "lock", "--check").code == 0
    ask(project, "quirk>=2\n")
    before = lock(project)
    done = project.give("pipeline", "env", "lock", "--check")
    assert done.code == 3
    assert done.next_step == "pipeline env lock alpha"
    assert re.match(r"requirements/alpha\.txt:1: quirk>=2 .*requirements/alpha\.lock:1 .*quirk 1\.0", done.error)
    assert lock(project) == before


def test_an_external_environment_has_no_lock_to_make(project: Sandbox) -> None:
    project.write("config/environments/foreign.yaml", "interpreter: /opt/env\n")
    done = project.give("pipeline", "env", "lock", "foreign")
    assert done.code == 2
    assert "'foreign'" in done.error
    assert project.give("pipeline", "env", "lock", "--check").code == 0


def test_a_name_that_is_not_there_is_told_with_the_nearest(project: Sandbox) -> None:
    done = project.give("pipeline", "env", "lock", "alfa")
    assert (done.code, done.next_step) == (2, "pipeline env list")
    assert "'alpha'" in done.error


def test_every_variant_is_locked(project: Sandbox) -> None:
    variants = "variants:\n  cpu: {requirements: alpha.txt}\n  cu128: {requirements: alpha-cu128.txt}\n"
    project.write("config/environments/alpha.yaml", f'python: ">=3.11"\n{variants}')
    ask(project, "quirk\n", "alpha-cu128")
    done = project.give("pipeline", "env", "lock", "alpha")
    assert done.code == 0, done.err
    assert "requirements/alpha-cu128.lock" in done.out


def test_environments_that_share_a_lock_are_locked_once_for_the_widest_range(project: Sandbox) -> None:
    project.write("config/environments/gamma.yaml", 'python: ">=3.9"\nrequirements: alpha.txt\n')
    project.give("pipeline", "env", "lock", "alpha", "gamma")
    assert lock(project).startswith("# locked for Python >=3.9\n")
    assert project.give("pipeline", "env", "lock", "--check").code == 0


def test_a_requirement_that_the_lock_does_not_have_stops_a_build_with_its_line(project: Sandbox) -> None:
    ask(project, "quirk\nmissing\n")
    done = project.give("bootstrap", "--env", "alpha")
    assert (done.code, done.next_step) == (3, "pipeline env lock alpha")
    assert re.search(r"requirements/alpha\.txt:2: missing .*requirements/alpha\.lock", done.error)


def test_a_requirement_that_was_added_since_the_build_stops_a_job_with_its_line(ready: Sandbox, spawning: None) -> None:
    ready.workflow("one", "copy: {inputs: {file: job.input}}")
    ready.write("input.txt", "x")
    ask(ready, "quirk==1.0\nmissing\n")
    done = ready.give("prepare-job", ready.root / "input.txt", "--workflow", "one")
    assert (done.code, done.next_step) == (3, "pipeline env lock alpha")
    assert re.search(r"requirements/alpha\.txt:2: missing .*requirements/alpha\.lock", done.error)


def test_a_check_for_programs_has_each_problem(project: Sandbox) -> None:
    ask(project, "quirk>=2\n")
    done = project.give("pipeline", "env", "lock", "--check", "--json")
    assert done.code == 3
    assert [row["environment"] for row in done.data] == ["alpha"]


def test_a_failure_for_programs_is_in_the_one_document_and_the_exit_code(project: Sandbox) -> None:
    ask(project, "quirk>=3\n")
    done = project.give("pipeline", "env", "lock", "alpha", "--json")
    assert done.code == 3
    assert "quirk" in done.data[0]["error"]


def test_requirements_that_the_lock_still_gives_leave_the_build_ready(ready: Sandbox, spawning: None) -> None:
    ask(ready, "# words\nquirk>=1\n")
    assert ready.give("pipeline", "env", "status", "alpha", "--json").data[0]["state"] == "healthy"


def test_a_project_with_an_odd_name_can_be_locked(project: Sandbox) -> None:
    odd = project.root.with_name('it\'s a "près" project')
    project.root.rename(odd)
    moved = Sandbox(odd)
    ask(moved, "quirk>=2\n")
    done = moved.give("pipeline", "env", "lock", "alpha")
    assert done.code == 0, done.err
    assert "# via -r requirements/alpha.txt\n" in lock(moved)


def test_two_at_once_leave_a_whole_lock_and_nothing_else(project: Sandbox) -> None:
    ask(project, "quirk>=2\n")
    both = [project.start("pipeline", "env", "lock", "alpha") for _ in range(2)]
    assert [process.communicate(timeout=60)[1] for process in both] == [b"", b""]
    assert project.give("pipeline", "env", "lock", "--check").code == 0
    assert [file.name for file in (project.root / "requirements").glob(".*")] == []


def test_a_folder_in_the_lock_s_place_is_told(project: Sandbox) -> None:
    ask(project, "quirk>=2\n")
    (project.root / "requirements/alpha.lock").unlink()
    (project.root / "requirements/alpha.lock").mkdir()
    done = project.give("pipeline", "env", "lock", "alpha")
    assert done.code == 3
    assert "requirements/alpha.lock" in done.error
    assert "Is a directory" in done.error


def test_what_wheels_install_is_asked_once_for_all_locks(project: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    ask(project, "quirk>=2\n")
    assert project.give("pipeline", "env", "lock", "alpha").code == 0
    monkeypatch.setattr("pipeline.envs.packages.package_files.located", lambda *_: pytest.fail("uv was asked again"))
    (project.root / "requirements/alpha.lock").unlink()
    assert project.give("pipeline", "env", "lock", "alpha").code == 0
    assert "quirk==2.0" in lock(project)
