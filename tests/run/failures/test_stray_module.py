"""A module that a stage doesn't find, though the project has it: the advice is followed, and the stage works."""

import re
import shlex
import subprocess

import pytest

from tests.conftest import Sandbox

HEAD = """# /// script
# [tool.pipeline.stage]
# environment = "alpha"
# [tool.pipeline.stage.outputs]
# file = "o.txt"
# ///
"""
RUN = "def run(stage):\n    stage.output('file').write_text(helper.WORD)\n"
EDIT = re.compile(r"write (modules = \[.*\]) into the \[tool.pipeline.stage\] table of (\S+)")


def write_stage(sandbox: Sandbox, imported: str = "import helper\n") -> None:
    sandbox.write("stages/work.py", HEAD + imported + RUN)
    sandbox.write("input.txt", "x")
    sandbox.workflow("tested", "work: {}", "deliver: [work.file]")


def follow(sandbox: Sandbox, step: str) -> str:
    """Does what one line of advice says; what it prints."""
    if edit := EDIT.fullmatch(step):
        file = sandbox.root / edit[2]
        table = "# [tool.pipeline.stage]\n"
        file.write_text(file.read_text().replace(table, f"{table}# {edit[1]}\n"))
        return ""
    words = shlex.split(step)
    if words[0] in ("mv", "mkdir"):
        subprocess.run(words, check=True)
        return ""
    done = sandbox.run(*words)
    assert done.code == 0, done.err
    return done.out.strip()


def first_failure(sandbox: Sandbox) -> list[str]:
    """The steps that the failed run names."""
    job = sandbox.give("prepare-job", sandbox.root / "input.txt", "--workflow", "tested").out.strip()
    done = sandbox.run("run-pipeline", "-j", job)
    assert done.code == 4, done.err
    assert "helper" in done.error
    assert "requirements" not in done.error
    assert "checking every file" not in done.err
    return done.next_step.splitlines()


@pytest.mark.parametrize(
    "place", ["stages/helper.py", "stages/helper/__init__.py", "helper.py", "stages/modules/helper.py"]
)
def test_the_advice_leads_to_a_stage_that_works(ready: Sandbox, place: str) -> None:
    ready.write(place, "WORD = 'found'\n")
    write_stage(ready)
    for step in first_failure(ready):
        printed = follow(ready, step)
    done = ready.run("run-pipeline", "-j", printed)
    assert done.code == 0, done.err
    (file,) = (ready.job(printed) / "output").glob("*.txt")
    assert file.read_text() == "found"


def test_a_stage_that_is_imported_stays_where_it_is(ready: Sandbox) -> None:
    ready.write("stages/helper.py", HEAD + "WORD = 'x'\n" + RUN)
    write_stage(ready)
    first, *_ = first_failure(ready)
    assert "stages/modules/NAME.py" in first
    assert not first.startswith("mv ")


def test_a_package_that_is_missing_is_added_and_another_job_prepared(ready: Sandbox) -> None:
    """The job keeps the build that it was prepared for."""
    write_stage(ready, "import nothing_such\n")
    job = ready.give("prepare-job", ready.root / "input.txt", "--workflow", "tested").out.strip()
    done = ready.run("run-pipeline", "-j", job)
    lock, build, again = done.next_step.splitlines()
    assert (lock, build) == ("pipeline env lock alpha", "bootstrap --env alpha")
    assert again.startswith("prepare-job ")


@pytest.mark.parametrize("broken", ["x = (\n", "  indented\n"])
def test_a_stage_that_is_no_python_is_mended_and_then_run_again(ready: Sandbox, broken: str) -> None:
    write_stage(ready, broken)
    job = ready.give("prepare-job", ready.root / "input.txt", "--workflow", "tested").out.strip()
    mend, again = ready.run("run-pipeline", "-j", job).next_step.splitlines()
    assert mend.startswith("mend stages/work.py")
    write_stage(ready, "class helper:\n    WORD = 'x'\n")
    follow(ready, again)


def test_a_stage_without_its_function_is_told(ready: Sandbox) -> None:
    write_stage(ready)
    ready.write("stages/work.py", HEAD + "def rum(stage):\n    pass\n")
    job = ready.give("prepare-job", ready.root / "input.txt", "--workflow", "tested").out.strip()
    done = ready.run("run-pipeline", "-j", job)
    assert (done.code, "'run(stage)'" in done.error, "Traceback" in done.err) == (4, True, False)
