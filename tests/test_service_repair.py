"""A service whose environment is damaged: a run repairs it, as it does for a stage, and the service begins again."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.errors import ExitCode
from tests.calls.test_damage import damage
from tests.conftest import Sandbox, offline
from tests.test_service_runs import ServiceProject

HARM = """\
        import glob
        (module,) = glob.glob(os.path.dirname(mark) + "/venv/alpha/lib/python*/site-packages/quirk.py")
        os.unlink(module)
"""


@pytest.fixture
def project(
    sandbox: Sandbox, spawning: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[ServiceProject]:
    """With builds of its own, and a service that imports a package of its environment."""
    runtime = tmp_path / "runtime"
    runtime.mkdir()
    for name, value in {**offline(tmp_path), "XDG_RUNTIME_DIR": str(runtime)}.items():
        monkeypatch.setenv(name, value)
    assert sandbox.give("bootstrap", "--env", "alpha", "--env", "beta").code == 0
    project = ServiceProject(sandbox, runtime)
    project.serves(restarts=0)
    imports(project, "quirk")
    yield project
    sandbox.run("pipeline", "service", "stop", "--all", "--force")
    assert project.left == []


def imports(project: ServiceProject, name: str) -> None:
    file = project.sandbox.root / "stages/server.py"
    file.write_text(file.read_text().replace("import http.server", f"import http.server\nimport {name}", 1))


def test_a_service_that_cannot_import_begins_once_more_in_the_repaired_environment(project: ServiceProject) -> None:
    id = project.prepared(more="second: {uses: ask, services: {api: server}, parameters: {number: 2}}\n")
    damage(project.sandbox)
    done = project.run(id)
    assert done.code == 0, done.err
    assert (project.answer(id), project.answer(id, "second")) == ("hello 0", "hello 2")
    assert done.err.count("repairing environment alpha") == 1
    assert len(project.starts) == 1, "the first one ended before it had written anything"
    assert project.kinds(id, "service_ended")[0]["kind"] == "exited-early"
    assert project.kinds(id, "stage_failed") == []


def test_a_service_that_dies_in_use_since_its_environment_was_damaged_is_repaired(project: ServiceProject) -> None:
    project.serves(restarts=1)
    imports(project, "quirk")
    file = project.sandbox.root / "stages/ask.py"
    file.write_text(file.read_text().replace("        open(mark", HARM + "        open(mark"))
    id = project.prepared(mode="kills", name="harmed")
    done = project.run(id)
    assert done.code == 0, done.err
    assert "repairing environment alpha" in done.err
    assert project.answer(id) == "hello 0"


def test_what_a_whole_environment_does_not_have_fails_the_stages_of_the_service(project: ServiceProject) -> None:
    imports(project, "nowhere")
    done = project.run(project.prepared())
    assert done.code == ExitCode.NOT_READY, done.err
    assert "checking every file of environment alpha" in done.err
    assert "No module named 'nowhere'" in done.err
    assert "repairing" not in done.err


def test_a_damage_that_cannot_be_repaired_is_told(project: ServiceProject) -> None:
    id = project.prepared()
    damage(project.sandbox)
    lock = project.sandbox.root / "requirements/alpha.lock"
    lock.write_text(lock.read_text() + "# of another day\n")
    done = project.run(id)
    assert done.code == ExitCode.NOT_READY, done.err
    assert "its environment 'alpha' can't be repaired: its lock" in done.err
