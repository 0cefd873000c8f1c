"""``pipeline run``: one command from an input to the paths of its results."""

import json
from pathlib import Path

import pytest

from tests.conftest import Result, Sandbox, offline


@pytest.fixture(autouse=True)
def _spawns(spawning: None) -> None:
    """All of these run jobs."""


def run(sandbox: Sandbox, *words: "str | Path", workflow: str = "tested") -> Result:
    if not (sandbox.root / "input.txt").exists():
        sandbox.write("input.txt", "some input\n")
    return sandbox.run("pipeline", "run", workflow, sandbox.root / "input.txt", *words)


def copying(sandbox: Sandbox) -> None:
    head = "parameters: {word: {type: string, default: hello}}\ndeliver: [word.file]"
    sandbox.workflow("tested", "word: {parameters: {word: $word}}", head)


def test_a_workflow_is_prepared_and_run_and_only_paths_are_on_the_standard_output(ready: Sandbox) -> None:
    copying(ready)
    done = run(ready)
    assert done.code == 0, done.err
    (path,) = done.out.splitlines()
    assert Path(path).is_file()


def test_the_same_once_more_runs_nothing_and_tells_the_same_paths(ready: Sandbox) -> None:
    copying(ready)
    first, second = run(ready), run(ready)
    assert first.out == second.out
    assert len(list((ready.root / "jobs").glob("job-*"))) == 1


def test_parameters_and_options_of_a_run_are_heeded(ready: Sandbox) -> None:
    copying(ready)
    done = run(ready, "--param", "word=other", "--max-parallel", "1", "--quiet")
    assert done.code == 0, done.err
    assert done.err == ""
    assert "other" in Path(done.out.strip()).read_text()


def test_a_part_of_a_workflow_delivers_nothing(ready: Sandbox) -> None:
    ready.workflow("tested", "word: {}\nnoop: {after: [word]}", "deliver: [word.file]")
    partial = run(ready, "--until", "word")
    assert (partial.code, partial.out) == (0, "")


def test_events_are_told_as_json(ready: Sandbox) -> None:
    copying(ready)
    events = [json.loads(line) for line in run(ready, "--json").out.splitlines()]
    ended = next(event for event in events if event["event"] == "job_ended")
    assert ended["result"] == "finished"
    assert Path(ended["delivered"][0]).is_file()


def test_what_is_not_built_is_told_with_one_command_that_works(sandbox: Sandbox, tmp_path: Path) -> None:
    copying(sandbox)
    refused = run(sandbox)
    assert refused.code == 3
    assert "alpha" in refused.error
    command = refused.next_step.splitlines()[0]
    assert command.endswith("input.txt --build")
    built = sandbox.run(*command.split(), variables=offline(tmp_path))
    assert built.code == 0, built.err
    assert Path(built.out.strip()).is_file()
    assert "environment alpha: ready" in built.err


def test_a_build_that_fails_is_told(sandbox: Sandbox, tmp_path: Path) -> None:
    copying(sandbox)
    sandbox.write("input.txt", "some input\n")
    empty = {**offline(tmp_path), "UV_FIND_LINKS": str(tmp_path)}
    done = sandbox.run("pipeline", "run", "tested", sandbox.root / "input.txt", "--build", variables=empty)
    assert done.code == 3
    assert "alpha" in done.error


def test_a_missing_lock_is_made_only_where_that_is_asked_for(sandbox: Sandbox, tmp_path: Path) -> None:
    copying(sandbox)
    lock = sandbox.root / "requirements" / "alpha.lock"
    lock.unlink()
    refused = run(sandbox, "--build")
    assert (refused.code, refused.next_step) == (2, "pipeline env lock alpha")
    words = ["pipeline", "run", "tested", str(sandbox.root / "input.txt"), "--build", "--lock"]
    done = sandbox.run(*words, variables=offline(tmp_path))
    assert done.code == 0, done.err
    assert lock.is_file()


def test_a_workflow_that_is_not_there_is_told_with_the_nearest_and_all(sandbox: Sandbox) -> None:
    copying(sandbox)
    done = run(sandbox, workflow="testd")
    assert (done.code, done.next_step) == (2, "pipeline workflow list")
    assert "did you mean 'tested'?" in done.error


def test_an_input_that_is_not_there_is_told(ready: Sandbox) -> None:
    copying(ready)
    assert ready.run("pipeline", "run", "tested", "nothing.txt").code == 5


def test_several_inputs_and_folders_are_told_with_the_command_for_them(ready: Sandbox) -> None:
    copying(ready)
    ready.write("films/a.txt", "a\n")
    ready.write("films/b.txt", "b\n")
    for words in ([ready.root / "films"], [ready.root / "films/a.txt", ready.root / "films/b.txt"]):
        refused = ready.run("pipeline", "run", "tested", *words)
        assert refused.code == 2
        command = refused.next_step.splitlines()[0].split()
    done = ready.run(*command)
    assert done.code == 0, done.err
    assert len(list(ready.root.glob("jobs/*/output/*.txt"))) == 2


def test_a_stage_that_fails_has_its_exit_code(ready: Sandbox) -> None:
    ready.workflow("tested", "fails: {}")
    done = run(ready)
    assert (done.code, done.out) == (4, "")


def test_a_run_that_is_interrupted_says_how_it_goes_on(ready: Sandbox) -> None:
    import signal
    import time

    ready.workflow("tested", "sleeps: {}")
    ready.write("input.txt", "some input\n")
    started = ready.start("pipeline", "run", "tested", ready.root / "input.txt")
    deadline = time.monotonic() + 60
    while not list(ready.root.glob("jobs/*/stages/sleeps/1/invocation.json")) and time.monotonic() < deadline:
        time.sleep(0.05)
    started.send_signal(signal.SIGINT)
    _, err = started.communicate(timeout=60)
    assert started.returncode == 130
    (job,) = ready.root.glob("jobs/job-*")
    assert f"run-pipeline -j {job.name}" in err.decode()
