"""A parameter that is a secret: a stage gets it, and nothing else keeps it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import BIN, Result, Sandbox

SECRET = 'to"p/secret value-1'
STAGE = """\
# /// script
# [tool.pipeline.stage]
# environment = "alpha"
# [tool.pipeline.stage.parameters]
# token = ""
# [tool.pipeline.stage.outputs]
# file = "told.txt"
# ///
import json, os, subprocess, sys

def run(stage):
    token = stage.parameters["token"]
    print("printed", token)
    print(json.dumps({"token": token}), file=sys.stderr)
    subprocess.run(["echo", "from a child", token])
    sys.stdout.write(token[:5]); sys.stdout.flush()
    print(token[5:], "in two writes")
    stage.warn(f"warned with {token}")
    stage.about(notes=[f"noted {token}"])
    stage.output("file").write_text(str(len(token)))
    FAIL
"""


def secretive(sandbox: Sandbox, fail: str = "pass", parameter: str = "token: {type: secret}") -> None:
    sandbox.write("stages/secretive.py", STAGE.replace("FAIL", fail))
    head = f"parameters:\n  {parameter}\ndeliver: [secretive.file]"
    sandbox.workflow("tested", "secretive: {parameters: {token: $token}}", head)


def run(sandbox: Sandbox, source: str, fail: str = "pass") -> tuple[Path, Result]:
    secretive(sandbox, fail)
    id = sandbox.prepare("tested", "--param", f"token={source}")
    return sandbox.job(id), sandbox.run("run-pipeline", "-j", id, variables={"TOKEN": SECRET})


def kept(sandbox: Sandbox) -> list[str]:
    """Files of the project that have the secret, or its JSON."""
    forms = (SECRET.encode(), json.dumps(SECRET)[1:-1].encode())
    files = [
        file for file in sandbox.root.rglob("*") if file.is_file() and not file.is_relative_to(sandbox.root / "venv")
    ]
    return [
        str(file) for file in files if any(form in file.read_bytes() for form in forms) and file.name != "secret.txt"
    ]


def test_a_secret_reaches_its_stage_and_no_file(ready: Sandbox) -> None:
    job, done = run(ready, "env:TOKEN")
    assert done.code == 0, done.err
    assert next(job.glob("output/*.txt")).read_text() == str(len(SECRET))
    log = (job / "logs/secretive.log").read_text()
    assert [line for line in log.splitlines() if line.startswith(("printed", "from"))] == [
        "printed ***",
        "from a child ***",
    ]
    assert "*** in two writes" in log
    assert kept(ready) == []
    assert SECRET not in done.out + done.err
    assert json.loads((job / "job.json").read_text())["stages"][0]["secrets"] == {"token": "env:TOKEN"}


@pytest.mark.parametrize("fail", ["raise ValueError(token)", "os.abort()", "os._exit(3)", "sys.exit(token)"])
def test_a_stage_that_fails_tells_no_secret_and_loses_no_line(ready: Sandbox, fail: str) -> None:
    job, done = run(ready, "env:TOKEN", fail)
    assert done.code == 4
    assert "in two writes" in (job / "logs/secretive.log").read_text()
    assert kept(ready) == []
    assert SECRET not in done.out + done.err


WAITS = """
    pid = os.fork()
    if pid == 0:
        os._exit(7)
    seen = []
    while True:
        try:
            seen.append(os.wait())
        except ChildProcessError:
            break
    assert seen == [(pid, 7 << 8)], seen
    print("waited", token)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="it has no forks")
def test_a_stage_that_waits_for_all_of_its_children_sees_none_but_its_own(ready: Sandbox) -> None:
    job, done = run(ready, "env:TOKEN", WAITS.strip())
    assert done.code == 0, done.err
    assert "waited ***" in (job / "logs/secretive.log").read_text()


def test_what_a_stage_prints_at_its_end_is_in_the_log_although_it_has_closed_all(ready: Sandbox) -> None:
    job, done = run(ready, "env:TOKEN", "os.closerange(5, 4096)")
    assert done.code == 0, done.err
    assert "in two writes" in (job / "logs/secretive.log").read_text()


def test_a_secret_may_come_from_a_file(ready: Sandbox) -> None:
    file = ready.write("secret.txt", f"{SECRET}\n")
    job, done = run(ready, f"file:{file}")
    assert done.code == 0, done.err
    assert next(job.glob("output/*.txt")).read_text() == str(len(SECRET))
    assert kept(ready) == []


def test_a_secret_that_is_typed_is_refused_and_not_repeated(ready: Sandbox) -> None:
    secretive(ready)
    ready.write("input.txt", "some input\n")
    done = ready.give("prepare-job", ready.root / "input.txt", "--workflow", "tested", "--param", f"token={SECRET}")
    assert done.code == 2
    assert SECRET not in done.out + done.err
    assert "--param token=prompt" in done.next_step
    assert kept(ready) == []


@pytest.mark.parametrize("source", ["env:NOT_SET", "file:/not/there", "prompt"])
def test_a_secret_that_cannot_be_had_is_told_before_anything_starts(ready: Sandbox, source: str) -> None:
    job, done = run(ready, source)
    assert done.code == 3, done.err
    assert done.next_step
    assert not list((job / "stages").iterdir())


def test_another_secret_is_another_result(ready: Sandbox) -> None:
    job, _ = run(ready, "env:TOKEN")
    for secret, count in ((SECRET, 1), ("another-one", 2)):
        assert ready.run("run-pipeline", "-j", job.name, variables={"TOKEN": secret}).code == 0
        assert len(list((job / "stages/secretive").iterdir())) == count
    assert "token" in ready.give("pipeline", "job", "why", job.name).out


def test_a_stage_with_a_secret_has_a_process_of_its_own(ready: Sandbox) -> None:
    secretive(ready)
    stage = ready.root / "stages/secretive.py"
    stage.write_text(
        stage.read_text().replace("# [tool.pipeline.stage.param", '# start = ["worker"]\n# [tool.pipeline.stage.param')
    )
    id = ready.prepare("tested", "--param", "token=env:TOKEN")
    assert ready.run("run-pipeline", "-j", id, variables={"TOKEN": SECRET}).code == 0
    workers = subprocess.run(
        [BIN / "pipeline", "worker", "list", "--root", ready.root], capture_output=True, check=False
    )
    assert b"alpha" not in workers.stdout


def test_a_secret_is_a_parameters_whole_value(ready: Sandbox) -> None:
    secretive(ready)
    head = "parameters:\n  token: {type: secret, default: 'env:TOKEN'}"
    ready.workflow("tested", "secretive: {parameters: {token: [$token]}}", head)
    ready.write("input.txt", "some input\n")
    done = ready.give("prepare-job", ready.root / "input.txt", "--workflow", "tested")
    assert done.code == 2
    assert "config/workflows/tested.yaml:" in done.error


@pytest.mark.skipif(sys.platform == "win32", reason="it has no terminals of this kind")
def test_a_secret_is_asked_for_on_a_terminal(ready: Sandbox) -> None:
    import pty

    secretive(ready)
    id = ready.prepare("tested", "--param", "token=prompt")
    ours, theirs = pty.openpty()
    child = subprocess.Popen(
        [BIN / "run-pipeline", "-j", id],
        env={**os.environ, "PIPELINE_ROOT": str(ready.root)},
        stdin=theirs,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    assert child.stderr
    assert child.stderr.read(7) == b"token: "  # what was typed before is thrown away
    os.write(ours, f"{SECRET}\n".encode())
    complaint = child.communicate(timeout=60)[1]
    os.close(ours)
    os.close(theirs)
    assert child.returncode == 0, complaint
    assert next(ready.job(id).glob("output/*.txt")).read_text() == str(len(SECRET))
    assert kept(ready) == []
