"""Environments that aren't there any more when a job is run, and what a run leaves in them."""

import os
import re
from pathlib import Path

import psutil
import pytest

from pipeline.envs.verification import manifest
from tests.conftest import Sandbox
from tests.jobs.helpers import prepared, run
from tests.stage_sources import HEAD


@pytest.fixture
def own(sandbox: Sandbox, built: Sandbox) -> Sandbox:
    """A project whose environment pointers are its own, so that one can be taken away."""
    (sandbox.root / "venv").mkdir()
    for name in ("alpha", "beta"):
        (sandbox.root / "venv" / name).symlink_to(os.path.realpath(built.root / "venv" / name))
    return sandbox


def test_an_environment_that_vanished_after_prepare_job_is_named(own: Sandbox) -> None:
    own.workflow("tested", "noop: {}")
    id = prepared(own, "tested").id
    (own.root / "venv/alpha").unlink()
    done = own.run("run-pipeline", "-j", id)
    assert done.code == 3
    assert "environment 'alpha'" in done.error
    assert "bootstrap --env alpha" in done.next_step
    assert "default workflows" in done.next_step
    assert [event["event"] for event in own.events(id)] == ["job_prepared"]


def test_an_environment_that_vanishes_during_the_run_is_named(ready: Sandbox) -> None:
    scripts = Path(os.path.realpath(ready.root / "venv/beta"), "bin")
    # Without the list of its files, too, so that it can't be repaired from what is left of it.
    taken = [str(scripts), str(scripts.with_name(manifest.NAME))]
    code = f"for each in {taken!r}:\n        os.rename(each, each + '.away')"
    ready.write("stages/takes.py", f"{HEAD}import os\ndef run(stage):\n    {code}\n")
    # Interpreters are started ahead of their turn, so some stages must lie between.
    between = "a: {uses: noop, after: [takes]}\nb: {uses: noop, after: [a]}\nc: {uses: noop, after: [b]}"
    try:
        _, done = run(ready, f"takes: {{}}\n{between}\nreport_beta: {{after: [c]}}")
    finally:
        for each in taken:
            Path(f"{each}.away").rename(each)
    assert done.code == 3, done.err
    assert re.search(rf"'report_beta'.*'beta'.*{re.escape(str(scripts))}/python: No such file", done.error)
    assert "bootstrap --env beta" in done.next_step


def test_an_environment_that_the_project_defines_no_more_is_refused(ready: Sandbox) -> None:
    ready.workflow("tested", "noop: {}")
    id = prepared(ready, "tested").id
    (ready.root / "config/environments/alpha.yaml").unlink()
    done = ready.run("run-pipeline", "-j", id)
    assert done.code == 2
    assert "'alpha'" in done.error


def test_a_finished_job_needs_no_environment_any_more(ready: Sandbox) -> None:
    id, _ = run(ready, "noop: {}")
    (ready.root / "venv").unlink()
    done = ready.run("run-pipeline", "-j", id)
    assert done.code == 0, done.err


def test_no_interpreter_is_left_when_a_run_ends(ready: Sandbox) -> None:
    run(ready, "\n".join(f"s{n}: {{uses: noop, after: [{f's{n - 1}' if n else ''}]}}" for n in range(5)))
    prefix = os.path.realpath(ready.root / "venv")
    assert not [each for each in psutil.process_iter(["cmdline"]) if prefix in " ".join(each.info["cmdline"] or [])]


def test_nothing_of_ours_is_installed_in_an_environment(built: Sandbox) -> None:
    names = {path.name for path in (built.root / "venv").glob("*/lib/python3*/site-packages/*")}
    assert not [name for name in names if name.startswith(("pipeline", "stagekit"))]
