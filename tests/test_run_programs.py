"""Programs that an environment names: gone, of another version, and behind wrappers."""

import os
from pathlib import Path

from tests.conftest import Sandbox

SAYS = """\
# /// script
# [tool.pipeline.stage]
# environment = "alpha"
# outputs = {file = "out.txt"}
# ///
import subprocess


def run(stage):
    stage.output("file").write_bytes(subprocess.run(["mytool"], capture_output=True, check=True).stdout)
"""


def test_a_program_that_was_on_the_path_and_is_gone_is_named(ready: Sandbox, tmp_path: Path) -> None:
    program = ready.write("bin/frobnicate", "#!/bin/sh\n")
    program.chmod(0o755)
    definition = ready.root / "config/environments/alpha.yaml"
    definition.write_text(definition.read_text() + "tools: [frobnicate]\n")
    ready.workflow("tested", "noop: {}")
    path = {"PATH": f"{program.parent}:{os.environ['PATH']}"}
    file = ready.write("input.txt", "some input\n")
    id = ready.give("prepare-job", file, "--workflow", "tested", variables=path).out.strip()
    done = ready.run("run-pipeline", "-j", id)
    assert done.code == 3
    assert "frobnicate" in done.error


def test_another_version_of_a_program_gives_another_result_and_is_told(ready: Sandbox, tmp_path: Path) -> None:
    definition = ready.root / "config/environments/alpha.yaml"
    definition.write_text(definition.read_text() + "tools: [{mytool: apt-get install mytool}]\n")
    ready.write("stages/says.py", SAYS)
    ready.workflow("tested", "says: {}", "deliver: [says.file]")
    file = ready.write("input.txt", "some input\n")
    path = {"PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}"}

    def said(version: str) -> str:
        tool = tmp_path / "mytool"
        tool.write_text(f"#!/bin/sh\necho {version}\n")
        tool.chmod(0o755)
        prepared = ready.run("prepare-job", "--workflow", "tested", file, variables=path)
        assert prepared.code == 0, prepared.err
        done = ready.run("run-pipeline", "-j", "latest", variables=path)
        assert done.code == 0, done.err
        return Path(done.out.strip()).read_text()

    assert [said("1.0"), said("2.0"), said("1.0")] == ["1.0\n", "2.0\n", "1.0\n"]
    explained = ready.give("pipeline", "job", "why", ready.give("pipeline", "job", "list", "--json").data[1]["job_id"])
    assert "mytool" in explained.out
    assert "sha256" not in explained.out
    assert ready.give("pipeline", "job", "why", "latest").out.startswith("says: taken")


def test_a_version_behind_a_wrapper_gives_another_result_and_is_told(ready: Sandbox, tmp_path: Path) -> None:
    definition = ready.root / "config/environments/alpha.yaml"
    definition.write_text(definition.read_text() + "tools: [{mytool: {version: [--version]}}]\n")
    ready.write("stages/says.py", SAYS)
    ready.workflow("tested", "says: {}", "deliver: [says.file]")
    file = ready.write("input.txt", "some input\n")
    wrapper = tmp_path / "mytool"
    wrapper.write_text(f'#!/bin/sh\nexec "$(cat {tmp_path}/chosen)" "$@"\n')
    wrapper.chmod(0o755)
    path = {"PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}"}
    job = ready.run("prepare-job", "--workflow", "tested", file, variables=path).out.strip()
    for version in ("1.0", "2.0"):
        tool = tmp_path / f"mytool-{version}"
        tool.write_text(f"#!/bin/sh\necho {version}\n")
        tool.chmod(0o755)
        (tmp_path / "chosen").write_text(str(tool))
        done = ready.run("run-pipeline", "-j", job, variables=path)
        assert Path(done.out.strip()).read_text() == f"{version}\n", done.err
    explained = ready.give("pipeline", "job", "why", job).out
    assert "1.0 before, 2.0 now" in explained


def test_a_wrapper_that_hides_its_program_is_told_when_a_job_is_prepared(ready: Sandbox, tmp_path: Path) -> None:
    definition = ready.root / "config/environments/alpha.yaml"
    before = definition.read_text()
    ready.write("stages/says.py", SAYS)
    ready.workflow("tested", "says: {}", "deliver: [says.file]")
    file = ready.write("input.txt", "some input\n")
    wrapper = tmp_path / "mytool"
    wrapper.write_text('#!/bin/sh\nexec "$(which -a mytool | tail -1)" "$@"\n')
    wrapper.chmod(0o755)
    path = {"PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}"}
    setting = "tools: [{mytool: {version: [--version]}}]"
    for tools, told in (("tools: [mytool]", True), (setting, False)):
        definition.write_text(f"{before}{tools}\n")
        done = ready.run("prepare-job", "--workflow", "tested", file, variables=path)
        assert done.code == 0, done.err
        assert (setting in done.err.splitlines()) is told
