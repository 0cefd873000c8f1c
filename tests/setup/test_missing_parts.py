"""What is missing: built where that is allowed, asked for at a terminal, told otherwise."""

from collections.abc import Callable, Sequence

import pytest

from pipeline.cli import setup_display
from pipeline.cli.build_permission import PersonsPermission, again_with
from pipeline.config.catalog import Catalog
from pipeline.errors import NotReady
from pipeline.prepare.readiness import MissingParts, Problem
from pipeline.project import ProjectFolder
from pipeline.setup import bootstrap
from pipeline.setup.missing_parts import with_parts
from pipeline.setup.tasks import SetupSelection, SetupTask
from tests.conftest import Sandbox

ALPHA = Problem("environment 'alpha' isn't ready", "bootstrap --env alpha", environment="alpha")
TOOL = Problem("mytool isn't on PATH", "install mytool")


class Attempts:
    """Something that is made once nothing is missing any more."""

    def __init__(self, *problems: Problem) -> None:
        self.problems = problems
        self.built: list[tuple[str, ...]] = []

    def make(self) -> str:
        if self.problems:
            raise MissingParts(self.problems, "bootstrap")
        return "made"

    def tasks(self, _catalog: Catalog, selection: SetupSelection, force: bool) -> list[SetupTask]:
        return [SetupTask(name, str) for name in selection.environments]

    def perform(self, tasks: Sequence[SetupTask]) -> None:
        self.built.append(tuple(task.name for task in tasks))
        self.problems = ()


@pytest.fixture
def catalog(sandbox: Sandbox) -> Catalog:
    return Catalog(ProjectFolder(sandbox.root))


def attempt(
    monkeypatch: pytest.MonkeyPatch, attempts: Attempts, catalog: Catalog, answer: bool | None
) -> Callable[[bool], str]:
    """``answer``: of the person at the terminal, if there is one."""
    monkeypatch.setattr(bootstrap, "tasks", attempts.tasks)
    monkeypatch.setattr(setup_display, "perform", attempts.perform)
    monkeypatch.setattr(setup_display, "handle_signals", lambda: None)
    monkeypatch.setattr("sys.stdin.isatty", lambda: answer is not None, raising=False)
    monkeypatch.setattr("sys.stderr.isatty", lambda: answer is not None, raising=False)
    monkeypatch.setattr("click.confirm", lambda *_, **__: answer)
    return lambda builds: with_parts(catalog, attempts.make, PersonsPermission(builds, "again --build"))


@pytest.mark.parametrize(("builds", "answer"), [(True, None), (False, True), (True, False)])
def test_what_is_missing_is_built_where_that_is_allowed(
    monkeypatch: pytest.MonkeyPatch, catalog: Catalog, builds: bool, answer: bool | None
) -> None:
    attempts = Attempts(ALPHA)
    assert attempt(monkeypatch, attempts, catalog, answer)(builds) == "made"
    assert attempts.built == [("alpha",)]


@pytest.mark.parametrize("answer", [None, False])
def test_without_leave_it_is_told_with_one_command(
    monkeypatch: pytest.MonkeyPatch, catalog: Catalog, answer: bool | None
) -> None:
    attempts = Attempts(ALPHA)
    with pytest.raises(NotReady) as refused:
        attempt(monkeypatch, attempts, catalog, answer)(False)
    assert str(refused.value.next_step).startswith("again --build")
    assert attempts.built == []


def lock_of_alpha(catalog: Catalog, text: str) -> None:
    catalog.environment("alpha").locked.write_text(text)


def test_an_environment_without_packages_is_built_without_leave(
    monkeypatch: pytest.MonkeyPatch, catalog: Catalog
) -> None:
    lock_of_alpha(catalog, "# locked for Python >=3.9\n")
    attempts = Attempts(ALPHA)
    assert attempt(monkeypatch, attempts, catalog, None)(False) == "made"
    assert attempts.built == [("alpha",)]


@pytest.mark.parametrize("lacks", ["model", "python", "lock"])
def test_what_may_have_to_be_fetched_needs_leave(monkeypatch: pytest.MonkeyPatch, catalog: Catalog, lacks: str) -> None:
    lock_of_alpha(catalog, "# locked for Python >=3.9\n" if lacks != "lock" else "x" * 9)
    if lacks == "python":
        monkeypatch.setattr("pipeline.envs.interpreters.platform.python_version", lambda: "2.7.18")
    model = [Problem("model 'm' isn't ready", "bootstrap --model m", model="m")] if lacks == "model" else []
    with pytest.raises(NotReady):
        attempt(monkeypatch, Attempts(ALPHA, *model), catalog, None)(False)


def test_what_no_build_helps_against_is_told_as_it_is(monkeypatch: pytest.MonkeyPatch, catalog: Catalog) -> None:
    attempts = Attempts(ALPHA, TOOL)
    with pytest.raises(MissingParts) as refused:
        attempt(monkeypatch, attempts, catalog, True)(True)
    assert refused.value.next_step == "bootstrap"
    assert attempts.built == []


def test_the_option_goes_before_the_words_that_are_no_options(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["/bin/pipeline", "run", "w", "--", "-odd name.txt"])
    assert again_with("--build") == "pipeline run w --build -- '-odd name.txt'"
