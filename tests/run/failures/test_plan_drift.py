"""The command that prepares a job with values with which a stage would do its work."""

import shlex

from tests.conftest import Sandbox

STAGE = """# /// script
# [tool.pipeline.stage]
# environment = "alpha"
# [tool.pipeline.stage.parameters]
# language = "auto"
# [tool.pipeline.stage.outputs]
# file = "o.txt"
# ///
import stagekit


def run(stage):
    if stage.parameters["language"] == "hi":
        raise stagekit.InputUnusable("it is English", {"language": "en"})
    stage.output("file").write_text(stage.parameters["language"])
"""
PARAMETERS = """
parameters:
  spoken: {type: string, default: auto}
"""


def refused(sandbox: Sandbox, value: str) -> str:
    """What a run says to do that was prepared with ``spoken=hi``, where the stage gets ``value``."""
    sandbox.write("stages/work.py", STAGE)
    sandbox.write("a film.txt", "x")
    sandbox.workflow("tested", f"work: {{parameters: {{language: {value}}}}}", f"{PARAMETERS}\ndeliver: [work.file]")
    film = sandbox.root / "a film.txt"
    job = sandbox.give("prepare-job", film, "--workflow", "tested", "--param", "spoken=hi").out.strip()
    done = sandbox.run("run-pipeline", "-j", job)
    assert done.code == 5, done.err
    assert "it is English" in done.error
    return done.next_step


def test_the_advice_prepares_a_job_that_works(ready: Sandbox) -> None:
    step = refused(ready, "$spoken")
    assert "spoken=en" in step
    job = ready.give(*shlex.split(step)).out.strip()
    assert ready.run("run-pipeline", "-j", job).code == 0


def test_a_value_that_is_no_parameter_of_the_workflow_can_not_be_advised(ready: Sandbox) -> None:
    assert refused(ready, "hi").splitlines()[0].startswith("replace the input")
