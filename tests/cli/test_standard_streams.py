"""Closed streams, and names that a terminal can't show, never change what a command does."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from pipeline.cli import bootstrap, main, prepare_job
from tests.cli.test_any_value import leaves
from tests.conftest import BIN, REPOSITORY, Sandbox

CLOSED = ["2>&-", ">&-", "<&-", ">&- 2>&-", "<&- >&- 2>&-"]


def shell(sandbox: Sandbox, line: str) -> int:
    variables = {**os.environ, "PIPELINE_ROOT": str(sandbox.root), "PATH": f"{BIN}:{os.environ['PATH']}"}
    return subprocess.run(["bash", "-c", line], env=variables, timeout=120, check=False).returncode


@pytest.mark.parametrize("closed", CLOSED)
def test_a_job_is_prepared_and_run_all_the_same(ready: Sandbox, closed: str) -> None:
    ready.workflow("tested", "says: {}\nnoop: {after: [says]}")
    (ready.root / "input.txt").write_text("x")
    assert shell(ready, f"prepare-job {ready.root}/input.txt --workflow tested {closed}") == 0
    (job,) = os.listdir(ready.root / "jobs")
    assert shell(ready, f"run-pipeline -j {job} {closed}") == 0
    assert [event["event"] for event in ready.events(job)][-1] == "run_finished"
    folder = ready.job(job)
    assert set(os.listdir(folder / "stages")) == {"says", "noop"}


@pytest.mark.parametrize("closed", CLOSED)
def test_a_mistake_keeps_its_exit_code(ready: Sandbox, closed: str) -> None:
    assert shell(ready, f"run-pipeline -j nowhere {closed}") == 2
    assert shell(ready, f"pipeline env list {closed}") == 0
    assert shell(ready, f"bootstrap --env nowhere {closed}") == 2


@pytest.mark.parametrize("closed", CLOSED)
def test_set_up_is_not_stopped_by_a_closed_stream(spawning: None, closed: str) -> None:
    """What it says goes nowhere, and what it does is done."""
    line = f'(. "{REPOSITORY}/scripts/setup.sh"; echo said >&2; echo said; read line || true; exit 7) {closed}'
    assert subprocess.run(["bash", "-euc", line], timeout=60, check=False).returncode == 7


def test_a_name_that_no_encoding_has_is_shown_escaped(ready: Sandbox, tmp_path: Path) -> None:
    target = os.fsencode(tmp_path) + b"/\xff\xe2\x86\x92.json"
    done = ready.run(
        "pipeline", "env", "sbom", "alpha", "-o", os.fsdecode(target), variables={"PYTHONIOENCODING": "ascii"}
    )
    assert done.code == 0, done.err
    assert os.path.exists(target)


@pytest.mark.parametrize("reader", ["| true", "2>&1 | true", "| head -c 1 >/dev/null", "--json | true"])
def test_a_reader_that_leaves_early_changes_no_exit_code(ready: Sandbox, reader: str) -> None:
    (ready.root / "requirements/alpha.txt").write_text("quirk>=2\n")
    assert shell(ready, f"set -o pipefail; pipeline env list {reader}") == 0
    assert shell(ready, f"set -o pipefail; pipeline env lock --check alpha {reader}") == 3
    assert shell(ready, f"set -o pipefail; pipeline job show nowhere {reader}") == 2


def test_a_run_whose_reader_leaves_does_all_its_work(ready: Sandbox) -> None:
    ready.workflow("tested", "says: {}\nnoop: {after: [says]}")
    job = ready.prepare("tested")
    assert shell(ready, f"set -o pipefail; run-pipeline -j {job} --json 2>&1 | true") == 0
    assert [event["event"] for event in ready.events(job)][-1] == "run_finished"


def all_commands(sandbox: Sandbox, job: str) -> Iterator[str]:
    usual = {"media": "input.txt", "file": "input.txt", "files": "input.txt", "id": job, "ids": job, "shell": "bash"}
    for first, command in (
        ("pipeline", main.command),
        ("prepare-job", prepare_job.command),
        ("bootstrap", bootstrap.command),
    ):
        for words, leaf in leaves(command, (first,)):
            given = [usual.get(str(each.name), "alpha") for each in leaf.params if isinstance(each, click.Argument)]
            yield " ".join([*words, *given, *(["--workflow", "tested"] if first == "prepare-job" else [])])
    yield f"run-pipeline -j {job}"
    yield f"pipeline watch {sandbox.root} --once --workflow tested"
    yield "pipeline completion bash"


@pytest.mark.exhaustive
@pytest.mark.parametrize("streams", [*CLOSED, ">/dev/full", ">/dev/full 2>/dev/full", "| true", "2>&1 | true"])
def test_no_command_has_a_bug_whatever_its_streams_are(ready: Sandbox, tmp_path: Path, streams: str) -> None:
    ready.workflow("tested", "noop: {}")
    job = ready.prepare("tested")
    for line in all_commands(ready, job):
        said = tmp_path / "said"
        rest = "" if "2>" in streams else f"2>{said}"
        code = shell(ready, f"set -o pipefail; cd {ready.root}; {line} {rest} {streams}")
        of_opened = (120,) if "stage shell" in line else ()  # Python's, where it can't write what it has left
        assert code in (0, 1, 2, 3, 5, *of_opened), line
        assert not rest or "Traceback" not in said.read_text(errors="replace"), line
    assert not (ready.root / "logs/errors.log").exists()
