"""Whole jobs whose stages run on nodes with folders of their own."""

import shutil
from pathlib import Path

import pytest

from tests.cluster.driver.helpers import Nodes, nodes_in
from tests.conftest import Sandbox

BAD = """# /// script
# [tool.pipeline.stage]
# environment = "alpha"
# inputs = ["file"]
# modules = ["shared"]
# ///
import shared


def run(stage):
    shared.fail(stage.input("file"))
"""


def test_stages_run_on_nodes_and_their_results_are_here(nodes: Nodes) -> None:
    sandbox = nodes.sandbox
    sandbox.workflow(
        "w",
        "copy: {inputs: {file: job.input}}\nagain: {uses: copy, inputs: {file: copy.file}}",
        head="deliver: [again.file]",
    )
    id = sandbox.prepare("w")
    outcomes = nodes.run(id)
    assert outcomes[id].error is None
    assert [path.read_text() for path in outcomes[id].delivered] == ["some input\n"]
    started = [event for event in sandbox.events(id) if event["event"] == "stage_started"]
    assert {event["node"] for event in started} <= {"node1", "node2"}
    assert len(started) == 2


def test_what_a_stage_raises_on_a_node_names_the_project_s_files(nodes: Nodes) -> None:
    sandbox = nodes.sandbox
    sandbox.write("stages/bad.py", BAD)
    module = sandbox.write("stages/modules/shared.py", "def fail(path):\n    raise ValueError(path)\n")
    sandbox.workflow("w", "bad: {inputs: {file: job.input}}")
    id = sandbox.prepare("w")
    words = str(nodes.run(id)[id].error)
    assert f'File "{sandbox.root}/stages/bad.py", line 11, in run' in words
    assert f'File "{module}", line 2, in fail' in words
    assert "/attempts/" not in words
    assert str(sandbox.job(id) / "input") in words or str(sandbox.root / "input.txt") in words


def test_nodes_without_an_index_get_the_packages_that_a_lock_names(
    ready: Sandbox, tmp_path: Path, index: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("UV_FIND_LINKS")
    packages = tmp_path / "packages"
    shutil.move(tmp_path / "wheels", packages)
    with nodes_in(ready, tmp_path / "nodes", "node1") as nodes:
        ready.workflow("w", "report_alpha: {}")
        id = ready.prepare("w")
        words = str(nodes.run(id)[id].error)
        assert "node1: environment 'alpha' can't be had on this node" in words
    with nodes_in(ready, tmp_path / "others", "node2") as others:
        others.packages = packages
        assert others.run(id)[id].error is None
    (wheels,) = (tmp_path / "others").glob("node2/cache/wheels")
    assert [wheel.name for wheel in wheels.iterdir()] == ["quirk-1.0-py3-none-any.whl"]
