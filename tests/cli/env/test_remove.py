"""``pipeline env remove``: what it removes, and what it leaves alone."""

import os

from pipeline.envs import leases
from pipeline.errors import ExitCode
from tests.cli.env.conftest import COPY, status_rows, superseded
from tests.conftest import Sandbox, build_folders


def test_remove_takes_all_builds_and_the_name(with_build: Sandbox) -> None:
    superseded(with_build)
    done = with_build.give("pipeline", "env", "remove", "alpha")
    assert done.code == 0, done.err
    assert done.out.splitlines()[-1].startswith("2 builds ")
    assert build_folders(with_build.root / "venv/.builds") == []
    assert not os.path.lexists(with_build.root / "venv" / "alpha")


def test_remove_refuses_what_is_held_and_names_who(with_build: Sandbox) -> None:
    before = superseded(with_build)
    with leases.hold(before):
        done = with_build.run("pipeline", "env", "remove", "alpha")
    assert done.code == ExitCode.NOT_READY
    assert f"process {os.getpid()}" in done.err
    assert before.prefix.exists()
    assert status_rows(with_build)["alpha"]["state"] == "healthy"


def test_remove_refuses_what_a_prepared_job_needs(with_build: Sandbox) -> None:
    with_build.workflow("one", COPY)
    job = with_build.prepare("one")
    done = with_build.give("pipeline", "env", "remove", "alpha")
    assert done.code == ExitCode.NOT_READY
    assert job in done.err
    assert with_build.give("pipeline", "env", "remove", "alpha", "--force").code == 0


def test_remove_of_an_unknown_name_is_refused_with_the_nearest(with_build: Sandbox) -> None:
    done = with_build.give("pipeline", "env", "remove", "alhpa")
    assert (done.code, done.next_step) == (ExitCode.USAGE, "pipeline env list")
    assert "'alpha'" in done.error


def test_remove_of_what_is_not_built_frees_nothing(with_build: Sandbox) -> None:
    assert with_build.give("pipeline", "env", "remove", "beta", "--json").data["removed"] == []


def test_what_no_definition_names_can_be_removed(with_build: Sandbox) -> None:
    (with_build.root / "config/environments/alpha.yaml").unlink()
    assert with_build.give("pipeline", "env", "remove", "alpha").code == 0
    assert not os.path.lexists(with_build.root / "venv" / "alpha")
