"""``pipeline stage shell``: the world as a stage sees it."""

import json

import pytest

from tests.cli.stage.test_run import STAGE, WRITE
from tests.conftest import Result, Sandbox


@pytest.fixture(autouse=True)
def _spawns(spawning: None) -> None:
    """All of these start interpreters."""


def shell(sandbox: Sandbox, code: str, *words: str, body: str = WRITE) -> Result:
    sandbox.write("stages/solo.py", STAGE.format(body))
    sandbox.write("in.txt", "hello ")
    return sandbox.run("pipeline", "stage", "shell", "solo", *words, "-c", code)


def test_the_stage_and_its_functions_are_there(ready: Sandbox) -> None:
    code = "run(stage); print(stage.output('text', 'out.txt').read_text(), quirk.VERSION)"
    done = shell(ready, code, "--input", f"text={ready.root / 'in.txt'}", "--param", "word=x")
    assert done.code == 0, done.err
    assert done.out.strip() == "hello {'word': 'x', 'count': 1, 'flag': False} 1.0"


def test_inputs_may_be_missing(ready: Sandbox) -> None:
    assert shell(ready, "print(stage.inputs('text'))").out == "[]\n"


def test_an_error_is_shown_from_the_first_frame_of_the_code(ready: Sandbox) -> None:
    done = shell(ready, "run(stage)", body="1 / 0")
    assert done.code == 1
    assert "stages/solo.py" in done.err
    assert "stage_shell.py" not in done.err


def test_a_file_that_cannot_be_loaded_is_told(ready: Sandbox) -> None:
    done = shell(ready, "print(1)", body="return (")
    assert done.code == 1
    assert "SyntaxError" in done.err


def test_the_variables_are_those_of_the_stage_in_a_job(ready: Sandbox) -> None:
    show = "import json, os; print(json.dumps(dict(os.environ)))"
    seen = json.loads(shell(ready, show).out)
    body = "stage.output('text', 'v.txt').write_text(json.dumps(dict(os.environ)))"
    ready.write("stages/solo.py", STAGE.replace("import os", "import json, os").format(body))
    ready.workflow("tested", "solo: {inputs: {text: job.input}}", "deliver: [solo.text]")
    done = ready.run("pipeline", "run", "tested", ready.root / "in.txt", "--quiet")
    with open(done.out.strip(), encoding="utf-8") as file:
        in_job = json.load(file)
    own = {"PIPELINE_RUN", "PIPELINE_STAGE_SOURCES", "TERM", "COLORTERM", "PIPELINE_ROOT"}
    same = {name: value for name, value in in_job.items() if name not in own}
    assert {name: value for name, value in seen.items() if name not in own} == same


def test_what_is_typed_is_read(ready: Sandbox) -> None:
    ready.write("stages/solo.py", STAGE.format(WRITE))
    done = ready.run("pipeline", "stage", "shell", "solo", given=b"print(stage.parameters['word'] * 2)\n")
    assert done.code == 0, done.err
    assert "defaultdefault" in done.out


def test_a_shell_has_the_environment_s_programs_first(ready: Sandbox) -> None:
    done = shell(ready, "python -c 'import quirk; print(quirk.VERSION)'; exit 7", "--shell")
    assert (done.code, done.out) == (7, "1.0\n")


def test_a_command_stage_can_be_called_in_its_folder(ready: Sandbox) -> None:
    head = "environment: alpha\noutputs: {result: r.txt}\n"
    ready.write("stages/says.yaml", f"{head}command: [pwd]\nstdout: result\n")
    (ready.root / "stages" / "says.py").unlink()
    code = "run(stage); import os; print(stage.output('result').read_text().strip() == os.getcwd())"
    done = ready.run("pipeline", "stage", "shell", "says", "-c", code)
    assert done.out == "True\n", done.err
