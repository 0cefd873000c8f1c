"""Builds of ``alpha`` in a project of the test's own, for the commands that show and remove builds."""

from pathlib import Path

import pytest

from pipeline.envs.build import Build
from pipeline.envs.registry import Registry
from tests.conftest import Sandbox, offline

COPY = "copy: {uses: copy, inputs: {file: job.input}}"  # a workflow's stage


@pytest.fixture
def with_build(sandbox: Sandbox, spawning: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Sandbox:
    """A project with its own build of ``alpha``."""
    for name, value in offline(tmp_path).items():
        monkeypatch.setenv(name, value)
    done = sandbox.give("bootstrap", "--env", "alpha")
    assert done.code == 0, done.err
    return sandbox


def build_of(sandbox: Sandbox, name: str = "alpha") -> Build:
    build = Registry(sandbox.root / "venv").live(name)
    assert build is not None
    return build


def superseded(sandbox: Sandbox) -> Build:
    """The build of alpha, with another one in its place."""
    before = build_of(sandbox)
    done = sandbox.give("bootstrap", "--env", "alpha", "--force")
    assert done.code == 0, done.err
    return before


def status_rows(sandbox: Sandbox, *names: str) -> dict[str, dict[str, object]]:
    """By name; of several builds of one name the live one."""
    rows = sandbox.give("pipeline", "env", "status", "--json", *names).data
    return {row["name"]: row for row in reversed(rows)}
