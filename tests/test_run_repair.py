"""A run whose environment is damaged under it: looked into and repaired beside what else runs, and gone on with."""

import json
import os
import re
from pathlib import Path

import pytest

from pipeline.locks import exclusive
from tests.conftest import Sandbox, offline
from tests.test_process import eventually

IMPORTS = """# /// script
# [tool.pipeline.stage]
# environment = "alpha"
# [tool.pipeline.stage.outputs]
# file = "version.txt"
# ///
def run(stage):
    import quirk
    stage.output("file").write_text(quirk.VERSION)
"""
WAITS = """# /// script
# [tool.pipeline.stage]
# environment = "beta"
# [tool.pipeline.stage.parameters]
# until = ""
# [tool.pipeline.stage.outputs]
# file = "waited.txt"
# ///
import os, time
def run(stage):
    stage.output("file").write_text("waits")
    while not os.path.exists(stage.parameters["until"]):
        time.sleep(0.01)
"""


@pytest.fixture
def project(sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spawning: None) -> Sandbox:
    for name, value in offline(tmp_path).items():
        monkeypatch.setenv(name, value)
    sandbox.write("stages/imports.py", IMPORTS)
    sandbox.write("stages/waits.py", WAITS)
    done = sandbox.give("bootstrap", "--all")
    assert done.code == 0, done.err
    return sandbox


def module(project: Sandbox) -> Path:
    (found,) = (project.root / "venv/alpha").resolve().glob("lib/python3*/site-packages/quirk.py")
    return found


def spoil(project: Sandbox) -> None:
    """As a damaged file does, so that nothing but reading it shows why."""
    file = module(project)
    file.unlink()  # which uv's cache may share
    file.write_text("from quirk_of_old import VERSION\n")
    os.utime(file.parent, ns=(0, folder_time(project)))


def folder_time(project: Sandbox) -> int:
    marker = (project.root / "venv/alpha").resolve() / ".pipeline-ready.json"
    return int(json.loads(marker.read_text())["fingerprint"]["folder"])


def test_a_stage_whose_environment_is_damaged_runs_in_the_repaired_one(project: Sandbox) -> None:
    project.workflow("tested", "imports: {}")
    id = project.prepare("tested")
    spoil(project)
    done = project.run("run-pipeline", "-j", id)
    assert done.code == 0, done.err
    assert re.search(r"environment alpha: .*quirk\.py", done.err)
    assert (project.job(id) / "stages/imports/2/outputs/version.txt").read_text() == "1.0"


def test_other_stages_go_on_while_an_environment_is_repaired(project: Sandbox) -> None:
    until = project.root / "until"
    project.workflow("tested", f"imports: {{}}\nwaits: {{parameters: {{until: {until}}}}}\nnoop: {{after: [waits]}}")
    id = project.prepare("tested")
    spoil(project)
    lock = project.root / "venv/.builds/alpha.lock"
    running = project.start("run-pipeline", "-j", id, "--start", "cold")
    with exclusive(lock):
        eventually(
            lambda: any(
                event["event"] == "stage_started" and event["stage"] == "imports" for event in project.events(id)
            )
        )
        until.touch()
        # The repair waits for the lock that we hold; what doesn't need it ends all the same.
        eventually(lambda: finished(project, id, "noop"))
        assert not finished(project, id, "imports")
    running.communicate(timeout=60)
    assert running.returncode == 0
    assert finished(project, id, "imports")


def finished(project: Sandbox, id: str, stage: str) -> bool:
    return any(event["event"] == "stage_finished" and event["stage"] == stage for event in project.events(id))
