"""``pipeline env register``: a stage from elsewhere, taken in whole or not at all."""

import json
import re
from pathlib import Path

import pytest

from tests.conftest import Result, Sandbox, offline

STAGE = """# /// script
# requires-python = ">=3.11"
# dependencies = ["quirk>=2"]
# [tool.pipeline.stage]
# inputs = ["source"]
# outputs.text = "text.txt"
# [tool.pipeline.environment]
# imports = ["quirk"]
# variables.LEVEL = "{cache}/level"
# ///
import os
import quirk

def run(stage):
    words = [quirk.VERSION, os.environ["LEVEL"], os.environ["HF_HOME"]]
    stage.output("text").write_text("\\n".join(words))
"""


@pytest.fixture
def project(sandbox: Sandbox, spawning: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Sandbox:
    for name, value in offline(tmp_path).items():
        monkeypatch.setenv(name, value)
    return sandbox


def register(project: Sandbox, text: str = STAGE, *words: str, name: str = "brought") -> Result:
    file = project.root.parent / f"{name}.py"
    file.write_text(text)
    return project.give("pipeline", "env", "register", file, *words)


def written(project: Sandbox) -> list[str]:
    files = [*(project.root / "stages").iterdir(), *(project.root / "requirements").iterdir()]
    return sorted(file.name for file in files if "brought" in file.name)


def test_a_stage_brings_its_environment_and_runs_in_it(project: Sandbox) -> None:
    done = register(project)
    assert done.code == 0, done.err
    for word in ("stages/brought.py", "requirements/brought.lock", "bootstrap --env brought"):
        assert word in done.out
    assert project.give("bootstrap", "--env", "brought").code == 0
    assert [row["name"] for row in project.give("pipeline", "env", "list", "--json").data] == [
        "alpha",
        "beta",
        "brought",
    ]
    project.workflow("one", "brought: {inputs: {source: job.input}}", "deliver: [brought.text]")
    job = project.prepare("one")
    document = json.loads((project.job(job) / "job.json").read_text())
    assert document["environment_variables"] == {"brought": {"LEVEL": "{cache}/level"}}
    ran = project.run("run-pipeline", "--job", job)
    assert ran.code == 0, ran.err
    cache = project.root / "cache"
    (text,) = project.job(job).glob("output/*text*")
    assert text.read_text().splitlines() == ["2.0", f"{cache}/level", f"{cache}/home/huggingface"]


def test_a_stage_edited_beside_its_dependencies_keeps_its_lock_and_build(project: Sandbox) -> None:
    register(project)
    project.give("bootstrap", "--env", "brought")
    stage = project.root / "stages/brought.py"
    stage.write_text(STAGE.replace("quirk.VERSION,", "'edited', quirk.VERSION,").replace("inputs", "inputs "))
    assert project.give("pipeline", "env", "status", "brought", "--json").data[0]["state"] == "healthy"
    stage.write_text(STAGE.replace("quirk>=2", "quirk<2"))
    problem = project.give("pipeline", "env", "status", "brought", "--json").data[0]["problem"]
    assert re.match(r"stages/brought\.py:3: quirk<2 .*requirements/brought\.lock:2 .*quirk 2\.0", problem)


def test_a_job_whose_stage_is_gone_says_so(project: Sandbox) -> None:
    register(project)
    project.give("bootstrap", "--env", "brought")
    project.workflow("one", "brought: {inputs: {source: job.input}}")
    job = project.prepare("one")
    (project.root / "stages/brought.py").unlink()
    ran = project.run("run-pipeline", "--job", job)
    assert ran.code == 2
    assert "'brought'" in ran.error


def test_another_name_may_be_given(project: Sandbox) -> None:
    assert register(project, STAGE, "--name", "other").code == 0
    assert "# via stages/other.py" in (project.root / "requirements/other.lock").read_text()
    assert written(project) == []


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("stages/brought.py", "mine"),
        ("requirements/brought.txt", "mine"),
        ("config/environments/brought.yaml", "python: ''\nrequirements: alpha.txt\n"),
    ],
)
def test_nothing_that_is_there_is_overwritten(project: Sandbox, file: str, text: str) -> None:
    project.write(file, text)
    done = register(project)
    assert done.code == 2
    assert file in done.error
    assert done.next_step == "pipeline env register FILE --name OTHER"
    assert (project.root / file).read_text() == text
    assert not (project.root / "requirements/brought.lock").exists()


def test_a_lock_that_nothing_uses_is_written_again(project: Sandbox) -> None:
    project.write("requirements/brought.lock", "left by a call that was killed")
    assert register(project).code == 0
    assert "quirk==2.0" in (project.root / "requirements/brought.lock").read_text()


@pytest.mark.parametrize(
    ("before", "after", "code", "named"),
    [
        ("quirk>=2", "quirk>=3", 3, "'brought'"),
        ("def run(stage):", "def walk(stage):", 2, "run(stage)"),
        ("def run(stage):", "def run(stage:", 2, "brought.py:14"),
        ('# dependencies = ["quirk>=2"]\n', "", 2, "dependencies"),
        ("# [tool.pipeline.stage]\n", "", 2, "[tool.pipeline.stage]"),
        ("# /// script", "# script", 2, "'# /// script'"),
        ("outputs", "output", 2, "'outputs'"),
        ("imports", "import", 2, "'imports'"),
        ('"quirk>=2"', '"./quirk.whl"', 2, "'./quirk.whl'"),
    ],
)
def test_what_is_wrong_is_told_and_nothing_is_written(
    project: Sandbox, before: str, after: str, code: int, named: str
) -> None:
    done = register(project, STAGE.replace(before, after, 1))
    assert done.code == code
    assert named in done.error
    assert written(project) == []


@pytest.mark.parametrize("name", ["Upper", "two-words", "1st", "ünï"])
def test_a_name_that_no_stage_can_have_is_refused(project: Sandbox, name: str) -> None:
    done = register(project, name=name)
    assert (done.code, done.next_step) == (2, "pipeline env register FILE --name NAME")
    assert f"'{name}'" in done.error


def test_a_file_that_is_not_there_is_told(project: Sandbox) -> None:
    done = project.give("pipeline", "env", "register", "absent.py")
    assert done.code == 5
    assert "absent.py" in done.error
    assert "No such file" in done.error


def test_what_can_not_be_locked_leads_back_to_registering(project: Sandbox) -> None:
    done = register(project, STAGE.replace("quirk>=2", "quirk>=3"))
    assert f"pipeline env register {project.root.parent / 'brought.py'}" in done.next_step


@pytest.mark.parametrize("name", ["a" * 101, "a" * 240, "a" * 5000])
def test_a_name_that_no_file_can_have_is_refused(project: Sandbox, name: str) -> None:
    done = register(project, STAGE, "--name", name)
    assert (done.code, "at most 100 characters" in done.error, written(project)) == (2, True, [])
