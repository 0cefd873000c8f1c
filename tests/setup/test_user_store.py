"""One store for all projects of a user: what one has built, the others have; and nothing goes that one needs."""

import errno
import hashlib
import os
import shutil
import stat
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pipeline.config.catalog import Catalog
from pipeline.config.paths import with_settings
from pipeline.environments import builder_for, registry_of
from pipeline.errors import ConfigurationError, ExitCode, NotReady, UsageError
from pipeline.location import locate
from pipeline.progress import quiet
from pipeline.project import ProjectFolder
from tests.conftest import Result, Sandbox, make_sandbox, offline


class User:
    """A user with some projects, whose builds are in one store."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.store = folder / "data/pipeline"
        self.variables = {**offline(folder), "XDG_DATA_HOME": str(folder / "data")}

    def project(self, name: str) -> Sandbox:
        made = make_sandbox(self.folder / name, self.folder / "wheels")
        made.write("config/pipeline.yaml", "grace_seconds: 1\nstore: user\n")
        return made

    def give(self, project: Sandbox, *words: str) -> Result:
        return project.give(*words, variables=self.variables)

    def builds(self) -> list[str]:
        found = (self.store / "environments/.builds").glob("*.*")
        return sorted(path.name for path in found if path.is_dir())


@pytest.fixture
def user(tmp_path: Path, spawning: None) -> User:
    return User(tmp_path)


@pytest.fixture
def two(user: User) -> tuple[Sandbox, Sandbox]:
    """Two projects that use one build."""
    first, second = user.project("first"), user.project("second")
    for each in (first, second):
        assert user.give(each, "bootstrap", "--env", "alpha").code == 0
    return first, second


def prefix(project: Sandbox, name: str = "alpha") -> str:
    return os.path.realpath(project.root / "venv" / name)


def test_the_second_project_builds_nothing(user: User, two: tuple[Sandbox, Sandbox]) -> None:
    first, second = two
    assert len(user.builds()) == 1
    assert prefix(first) == prefix(second)
    assert Path(prefix(first)).parent == user.store / "environments/.builds"
    assert not (first.root / "venv/.builds").exists()


def test_bootstrap_says_that_a_build_is_shared(user: User) -> None:
    first, second = user.project("first"), user.project("second")
    assert "shared" not in user.give(first, "bootstrap", "--env", "alpha").err
    assert "shared" in user.give(second, "bootstrap", "--env", "alpha").err


def test_a_job_is_prepared_and_run_at_once_with_a_build_of_another_project(user: User) -> None:
    first, second = user.project("first"), user.project("second")
    assert user.give(first, "bootstrap", "--env", "alpha").code == 0
    second.workflow("w", "report_alpha: {}")
    second.write("input.txt", "text\n")
    done = second.run("prepare-job", second.root / "input.txt", "--workflow", "w", "--run", variables=user.variables)
    assert done.code == 0, done.err
    assert len(user.builds()) == 1


def test_the_store_is_its_user_s_alone(user: User, two: tuple[Sandbox, Sandbox]) -> None:
    assert stat.S_IMODE(user.store.stat().st_mode) == 0o700


def test_other_requirements_get_a_build_of_their_own(user: User) -> None:
    first, second = user.project("first"), user.project("second")
    second.write("requirements/alpha.txt", "quirk==2.0\n")
    shutil.copy(second.root / "requirements/beta.lock", second.root / "requirements/alpha.lock")
    for each in (first, second):
        assert user.give(each, "bootstrap", "--env", "alpha").code == 0
    assert prefix(first) != prefix(second)
    assert len(user.builds()) == 2


def test_an_environment_with_other_acceptance_criteria_is_not_taken_over(user: User) -> None:
    first, second = user.project("first"), user.project("second")
    second.write("config/environments/alpha.yaml", 'python: ">=3.11"\nimports: [quirk, json]\n')
    for each in (first, second):
        assert user.give(each, "bootstrap", "--env", "alpha").code == 0
    assert prefix(first) != prefix(second)


def test_of_two_projects_that_begin_at_once_one_builds(user: User) -> None:
    projects = [user.project("first"), user.project("second")]
    codes: list[int] = []
    begun = [
        threading.Thread(
            target=lambda each=each: codes.append(
                each.run("bootstrap", "--env", "alpha", variables=user.variables).code
            )
        )
        for each in projects
    ]
    for thread in begun:
        thread.start()
    for thread in begun:
        thread.join()
    assert codes == [0, 0]
    assert len(user.builds()) == 1


def test_what_another_project_uses_is_not_removed(user: User, two: tuple[Sandbox, Sandbox]) -> None:
    first, second = two
    done = user.give(first, "pipeline", "env", "gc", "--limit", "0", "--json")
    assert done.data["removed"] == []
    assert str(second.root) in done.data["kept"][0]["why"]
    assert len(user.builds()) == 1


@pytest.mark.parametrize("leave", [shutil.rmtree, lambda root: root.rename(f"{root}-moved")])
def test_a_project_that_is_gone_or_was_moved_needs_nothing(
    user: User, two: tuple[Sandbox, Sandbox], leave: Callable[[Path], object]
) -> None:
    first, second = two
    leave(second.root)
    done = user.give(first, "pipeline", "env", "gc", "--limit", "0", "--json")
    assert len(done.data["removed"]) == 1
    assert user.builds() == []
    assert len(list((user.store / "environments/.projects").glob("*.root"))) == 1


def test_a_moved_project_needs_its_builds_again_after_its_next_command(
    user: User, two: tuple[Sandbox, Sandbox]
) -> None:
    first, second = two
    moved = Sandbox(second.root.rename(user.folder / "moved"))
    (status,) = (row for row in user.give(moved, "pipeline", "env", "status", "--json").data if row["name"] == "alpha")
    assert status["state"] == "healthy"
    done = user.give(first, "pipeline", "env", "gc", "--limit", "0", "--json")
    assert str(moved.root) in done.data["kept"][0]["why"]


def test_to_remove_an_environment_lets_another_project_have_it(user: User, two: tuple[Sandbox, Sandbox]) -> None:
    first, second = two
    done = user.give(first, "pipeline", "env", "remove", "alpha", "--json")
    assert done.code == 0
    assert str(second.root) in done.data["used_elsewhere"]
    assert not os.path.lexists(first.root / "venv/alpha")
    assert len(user.builds()) == 1
    assert user.give(second, "pipeline", "env", "remove", "alpha").code == 0
    assert user.builds() == []


def test_a_damaged_build_is_repaired_for_both(user: User, two: tuple[Sandbox, Sandbox]) -> None:
    first, second = two
    (module,) = Path(prefix(first)).rglob("quirk.py")
    module.unlink()
    assert user.give(first, "bootstrap", "--repair", "--env", "alpha").code == 0
    assert prefix(first) != prefix(second)
    assert "shared" in user.give(second, "bootstrap", "--env", "alpha").err
    assert prefix(first) == prefix(second)


def test_a_store_that_can_only_be_read_is_used(
    user: User, two: tuple[Sandbox, Sandbox], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(30, "Read-only file system")

    third = user.project("third")
    third.workflow("w", "report_alpha: {}")
    third.write("input.txt", "text\n")
    monkeypatch.setattr("pipeline.envs.shared_builds.exclusive", refuse)
    done = user.give(third, "prepare-job", str(third.root / "input.txt"), "--workflow", "w")
    assert done.code == 0, done.err
    monkeypatch.undo()
    ran = third.run("run-pipeline", "-j", done.out.strip(), variables=user.variables)
    assert ran.code == 0, ran.err


def test_a_store_that_can_not_be_made_is_told_with_what_helps(user: User) -> None:
    (user.folder / "data").write_text("a file")
    done = user.give(user.project("first"), "bootstrap", "--env", "alpha")
    assert done.code == ExitCode.NOT_READY
    assert str(user.folder / "data") in done.error


def test_without_the_word_all_stays_in_the_project(user: User) -> None:
    first = user.project("first")
    first.write("config/pipeline.yaml", "grace_seconds: 1\nstore: project\n")
    assert user.give(first, "bootstrap", "--env", "alpha").code == 0
    assert Path(prefix(first)).parent == first.root / "venv/.builds"
    assert not user.store.exists()


def test_a_project_that_changes_to_the_store_keeps_its_build(user: User) -> None:
    first = user.project("first")
    first.write("config/pipeline.yaml", "grace_seconds: 1\n")
    assert user.give(first, "bootstrap", "--env", "alpha").code == 0
    before = prefix(first)
    first.write("config/pipeline.yaml", "store: user\n")
    assert user.give(first, "bootstrap", "--env", "alpha").code == 0
    assert prefix(first) == before


@pytest.mark.parametrize(
    ("settings", "line"),
    [("store: usr\n", 1), ("paths: {environments: elsewhere}\nstore: user\n", 1), ("shared: true\nstore: user\n", 2)],
)
def test_what_can_not_be_is_refused_with_its_line(tmp_path: Path, settings: str, line: int) -> None:
    project = Sandbox(tmp_path)
    project.write("config/pipeline.yaml", settings)
    with pytest.raises(ConfigurationError, match=rf"config/pipeline\.yaml:{line}:"):
        with_settings(ProjectFolder(tmp_path))


def test_the_store_is_in_the_user_s_data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project = Sandbox(tmp_path)
    project.write("config/pipeline.yaml", "store: user\n")
    found = with_settings(ProjectFolder(tmp_path))
    assert found.store == Path(os.environ["HOME"], ".local/share/pipeline")
    assert registry_of(found).builds == found.store / "environments/.builds"
    assert found.model_store == found.store / "models"
    assert (found.environments, found.models) == (tmp_path / "venv", tmp_path / "models")
    monkeypatch.setenv("XDG_DATA_HOME", "relative")
    with pytest.raises(UsageError, match="full path"):
        with_settings(ProjectFolder(tmp_path))


@pytest.fixture
def fetched(user: User) -> tuple[Sandbox, Sandbox]:
    """Two projects that define one model, of which the first has fetched it."""
    first, second = user.project("first"), user.project("second")
    first.write("given/weights.bin", "weights")
    digest = hashlib.sha256(b"weights").hexdigest()
    for each in (first, second):
        each.write("config/models.yaml", f"m:\n  files: {{weights.bin: {digest}}}\n  sources: [{{folder: given}}]\n")
    assert user.give(first, "bootstrap", "--model", "m").code == 0
    return first, second


def models(user: User) -> list[str]:
    return sorted(path.name for path in (user.store / "models/.store").glob("m-*"))


def test_a_model_is_fetched_once(user: User, fetched: tuple[Sandbox, Sandbox]) -> None:
    _, second = fetched
    assert user.give(second, "bootstrap", "--model", "m").code == 0
    assert len(models(user)) == 1
    assert not (second.root / "models").exists()


def test_a_model_that_another_project_defines_is_not_removed(user: User, fetched: tuple[Sandbox, Sandbox]) -> None:
    first, second = fetched
    assert user.give(second, "pipeline", "model", "list").code == 0  # from now on the store knows it
    first.write("config/models.yaml", "")
    assert user.give(first, "pipeline", "model", "gc").code == 0
    refused = user.give(first, "pipeline", "model", "remove", "m")
    assert refused.code == ExitCode.NOT_READY
    assert str(second.root) in refused.error
    assert len(models(user)) == 1
    shutil.rmtree(second.root)
    assert user.give(first, "pipeline", "model", "gc").code == 0
    assert models(user) == []


def test_where_another_project_is_broken_no_model_is_removed(user: User, fetched: tuple[Sandbox, Sandbox]) -> None:
    first, second = fetched
    assert user.give(second, "pipeline", "model", "list").code == 0
    second.write("config/models.yaml", "m: {")
    first.write("config/models.yaml", "")
    assert user.give(first, "pipeline", "model", "gc").code == 0
    assert len(models(user)) == 1


def test_status_and_the_doctor_see_what_another_project_has_built(user: User) -> None:
    first, second = user.project("first"), user.project("second")
    assert user.give(first, "bootstrap", "--env", "alpha").code == 0
    assert user.give(second, "pipeline", "doctor", "alpha").code == 0
    rows = user.give(second, "pipeline", "env", "status", "--json").data
    assert [(row["name"], row["state"]) for row in rows] == [("alpha", "healthy"), ("beta", "not built")]


def test_status_measures_the_project_s_own_build_and_shows_none_of_others(user: User) -> None:
    first, second = user.project("first"), user.project("second")
    second.write("requirements/alpha.txt", "quirk==2.0\n")
    shutil.copy(second.root / "requirements/beta.lock", second.root / "requirements/alpha.lock")
    first.write("config/environments/gamma.yaml", 'python: ">=3.11"\nrequirements: alpha.txt\n')
    for each in (first, second):
        assert user.give(each, "bootstrap", "--env", "alpha").code == 0
    assert user.give(first, "bootstrap", "--env", "gamma").code == 0
    rows = user.give(second, "pipeline", "env", "status", "--json").data
    assert [row["name"] for row in rows] == ["alpha", "beta"]
    assert rows[0]["path"] == prefix(second)


def test_a_store_is_made_for_its_user_alone(user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(user.folder / "data"))
    mask = os.umask(0o022)
    try:
        locate(user.project("first").root)
    finally:
        os.umask(mask)
    assert stat.S_IMODE(user.store.stat().st_mode) == 0o700


def test_a_project_that_can_t_be_written_to_is_told_apart_from_the_store(
    user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = user.project("first")
    monkeypatch.setenv("XDG_DATA_HOME", str(user.folder / "data"))
    catalog, make_folder = Catalog(locate(project.root)), Path.mkdir

    def mkdir(path: Path, *options: Any, **more: Any) -> None:
        if path.is_relative_to(project.root):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
        make_folder(path, *options, **more)

    monkeypatch.setattr(Path, "mkdir", mkdir)
    with pytest.raises(NotReady) as caught:
        builder_for(catalog).ensure(catalog.environment("alpha"), quiet)
    assert str(caught.value.next_step).endswith(f"ls -ld {project.root}")


def test_another_user_s_store_is_refused(user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    first = user.project("first")
    monkeypatch.setenv("XDG_DATA_HOME", str(user.folder / "data"))
    user.store.mkdir(parents=True)
    os.chown(user.store, 4321, -1) if os.geteuid() == 0 else monkeypatch.setattr(os, "geteuid", lambda: 4321)
    with pytest.raises(UsageError, match="would run as you"):
        locate(first.root)


def test_what_is_built_with_the_project_s_folder_in_a_variable_is_not_shared(user: User) -> None:
    projects = [user.project("first"), user.project("second")]
    for each in projects:
        text = 'python: ">=3.11"\nimports: [quirk]\nvariables: {CFLAGS: "-I{project}/include"}\n'
        each.write("config/environments/alpha.yaml", text)
        assert user.give(each, "bootstrap", "--env", "alpha").code == 0
    assert prefix(projects[0]) != prefix(projects[1])


def test_two_names_with_one_lock_have_one_build_in_both_projects(user: User) -> None:
    first, second = user.project("first"), user.project("second")
    for each in (first, second):
        shutil.copy(each.root / "requirements/alpha.lock", each.root / "requirements/beta.lock")
        shutil.copy(each.root / "requirements/alpha.txt", each.root / "requirements/beta.txt")
    done = user.give(first, "bootstrap", "--env", "alpha")
    other = user.give(first, "bootstrap", "--env", "beta")
    assert "shared" not in done.err
    assert "shared with environment 'alpha'" in other.err
    third = user.give(second, "bootstrap", "--env", "beta")
    assert f"shared with {first.root}" in third.err
    assert len(user.builds()) == 1
    removed = user.give(first, "pipeline", "env", "remove", "alpha", "--json")
    assert (removed.code, removed.data["removed"]) == (0, [])
    assert removed.data["used_elsewhere"] == "environment 'beta' uses it"
    assert not os.path.lexists(first.root / "venv/alpha")
    assert user.give(first, "pipeline", "doctor", "beta").code == 0
    for project in (first, second):
        assert user.give(project, "pipeline", "env", "remove", "beta").code == 0
    assert user.builds() == []
