"""The words of ``run-pipeline``, with what ``pipeline job`` tells of runs."""

import os

import pytest

from tests.conftest import FIXTURES
from tests.jobs.helpers import prepared
from tests.snapshots.words import Compare, Play
from tests.test_run_jobs import FAN_OUT, HEAD, SPLITS

FAILING = ("exits", "fails", "forgets", "killed", "links", "refuses", "twice", "wrecks")
EMPTY = """# /// script
# [tool.pipeline.stage]
# environment = "alpha"
# outputs.text = "text.txt"
# ensure.text.non_empty = true
# ///
def run(stage):
    stage.output("text").touch()
"""
NEWER = [
    ('inputs = ["file"]', 'inputs = ["file", "other"]'),
    ("def run(stage):", 'def run(stage):\n    stage.input("other")'),
]
CHAIN = """
copy: {inputs: {file: job.input}}
says: {after: [copy]}
counted: {inputs: {file: copy.file}, after: [says]}
"""
FLAKY = f"""{HEAD}# ///
def run(stage):
    mark = stage.input("file").with_name("tried")
    if not mark.exists():
        mark.touch()
        raise RuntimeError("the first time")
"""


@pytest.fixture(autouse=True)
def _spawns(spawning: None) -> None:
    """A run is a process with processes."""


def test_the_words_of_runs_that_end_well(play_ready: Play, same_words: Compare) -> None:
    play = play_ready
    with play.scene("a job, and again, and with an edited stage", ready=True) as here:
        here.workflow("tested", CHAIN, "deliver: [counted.file]")
        id = prepared(here, "tested").id
        here.say("run-pipeline", "-j", id, "--dry-run", apart=True)
        here.say("run-pipeline", "-j", id, apart=True)
        here.say("run-pipeline", "-j", id, apart=True)
        stage = here.root / "stages/copy.py"
        stage.write_text(stage.read_text() + "\n# a word more\n")
        here.say("run-pipeline", "-j", id, "--dry-run", apart=True)
        here.say("run-pipeline", "-j", id, apart=True, ordered=False)
        here.say("pipeline", "job", "show", id)
        here.say("pipeline", "job", "why", id)
        here.say("run-pipeline", "-j", id, "--force", "says", apart=True, ordered=False)
        here.say("run-pipeline", "--all-prepared", apart=True)
    with play.scene("results of another job", ready=True) as here:
        here.workflow("tested", "copy: {inputs: {file: job.input}}")
        for _ in range(2):
            here.say("run-pipeline", "-j", prepared(here, "tested").id, apart=True)
        here.say("pipeline", "job", "why", "latest")
    with play.scene("a part of a job", ready=True) as here:
        here.workflow("tested", "copy: {inputs: {file: job.input}}\ncounted: {inputs: {file: copy.file}}")
        id = prepared(here, "tested").id
        here.say("run-pipeline", "-j", id, "--only", "counted", apart=True)
        here.say("run-pipeline", "-j", id, "--only", "conted", apart=True)
        here.say("run-pipeline", "-j", id, "--until", "copy", apart=True)
    with play.scene("a list", ready=True) as here:
        here.write("stages/splits.py", SPLITS)
        here.write("input.txt", "delta alpha\n")
        here.workflow("fan_out", FAN_OUT)
        id = prepared(here, "fan_out").id
        here.say("run-pipeline", "-j", id, apart=True, ordered=False)
        here.say("pipeline", "job", "show", id)
    with play.scene("a stage that works the second time", ready=True) as here:
        here.write("stages/flaky.py", FLAKY)
        here.workflow("tested", "flaky: {inputs: {file: job.input}, retries: {attempts: 2, backoff: 0.01}}")
        here.say("run-pipeline", "-j", prepared(here, "tested").id, apart=True)
    same_words("run-pipeline", play.words)


def test_the_words_of_failures(play_ready: Play, same_words: Compare) -> None:
    play = play_ready
    for name in FAILING:
        with play.scene(f"stages/{name}.py", ready=True) as here:
            assert (FIXTURES / f"stages/{name}.py").exists()
            here.workflow("tested", f"{name}: {{}}\nnoop: {{after: [{name}]}}")
            here.say("run-pipeline", "-j", prepared(here, "tested").id, apart=True)
    with play.scene("an unusable input", ready=True) as here:
        here.workflow("tested", "refuses: {parameters: {unusable: true}}")
        here.say("run-pipeline", "-j", prepared(here, "tested").id, apart=True)
    with play.scene("two jobs that fail", ready=True) as here:
        here.workflow("tested", "refuses: {}")
        ids = [prepared(here, "tested").id for _ in range(2)]
        here.say("run-pipeline", "-j", ids[0], "-j", ids[1], apart=True, ordered=False)
    with play.scene("a stage that the machine is too small for", ready=True) as here:
        here.workflow("tested", "noop: {resources: {memory: 100000 GiB}}")
        here.write("input.txt", "some input\n")
        here.say("prepare-job", "input.txt", "--workflow", "tested")
    with play.scene("a stage that is tried again in vain", ready=True) as here:
        here.workflow("tested", "fails: {retries: {attempts: 2, backoff: 0.01}}")
        here.say("run-pipeline", "-j", prepared(here, "tested").id, apart=True)
    with play.scene("a job that takes too long", ready=True) as here:
        here.workflow("tested", "sleeps: {}")
        here.say("run-pipeline", "-j", prepared(here, "tested").id, "--timeout", "1", apart=True)
    with play.scene("a broken promise", ready=True) as here:
        here.write("stages/empty.py", EMPTY)
        here.workflow("tested", "empty: {}")
        here.say("run-pipeline", "-j", prepared(here, "tested").id, apart=True)
    with play.scene("a stage that takes too long", ready=True) as here:
        here.workflow("tested", "sleeps: {timeout_seconds: 1}")
        here.say("run-pipeline", "-j", prepared(here, "tested").id, apart=True)
    same_words("run-pipeline-failures", play.words)


def test_the_words_of_what_changed_since_a_job_was_prepared(play_ready: Play, same_words: Compare) -> None:
    play = play_ready
    for title, path in (
        ("the input", "input.txt"),
        ("the stage", "stages/copy.py"),
        ("the definition", "config/environments/alpha.yaml"),
        ("any environment", "venv"),
    ):
        with play.scene(f"without {title}", ready=True) as here:
            here.workflow("tested", "copy: {inputs: {file: job.input}}")
            id = prepared(here, "tested").id
            (here.root / path).unlink()
            here.say("run-pipeline", "-j", id, apart=True)
    with play.scene("a stage that needs more", ready=True) as here:
        here.workflow("tested", "copy: {inputs: {file: job.input}}")
        id = prepared(here, "tested").id
        stage = here.root / "stages/copy.py"
        for before, after in NEWER:
            stage.write_text(stage.read_text().replace(before, after))
        here.say("run-pipeline", "-j", id, apart=True)
    with play.scene("a program is gone", ready=True) as here:
        program = here.write("bin/frobnicate", "#!/bin/sh\n")
        program.chmod(0o755)
        definition = here.root / "config/environments/alpha.yaml"
        definition.write_text(definition.read_text() + "tools: [frobnicate]\n")
        here.workflow("tested", "noop: {}")
        file = here.write("input.txt", "some input\n")
        here.say("prepare-job", str(file), "--workflow", "tested")
        with_program = {"PATH": f"{program.parent}{os.pathsep}{os.environ['PATH']}"}
        id = here.give("prepare-job", file, "--workflow", "tested", variables=with_program).out.strip()
        here.say("run-pipeline", "-j", id, apart=True)
    same_words("run-pipeline-changes", play.words)
