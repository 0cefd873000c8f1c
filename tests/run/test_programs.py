"""Programs from PATH in the keys of the stages that use them."""

import os
from pathlib import Path

import pytest

from pipeline.digests import content_digest
from pipeline.project import Project
from pipeline.run import programs
from pipeline.run.programs import MISSING, Programs
from pipeline.signatures import Signature
from tests.conftest import Sandbox
from tests.jobs.helpers import DIGEST, a_plan


@pytest.fixture
def project(sandbox: Sandbox) -> Project:
    return Project(sandbox.root)


@pytest.fixture
def tool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    tool = folder / "mytool"
    write(tool, "one")
    return tool


def write(tool: Path, text: str, time: tuple[int, int] = (1, 1)) -> None:
    tool.write_text(f"#!/bin/sh\necho {text}\n")
    tool.chmod(0o755)
    os.utime(tool, time)


def found(project: Project, where: str = "PATH") -> str:
    plan = a_plan(tools={"alpha": {"mytool": where}}, environment_keys={"alpha": DIGEST, "provider": "sha256:11"})
    programs = Programs(project, plan)
    identity = programs.of("alpha")["mytool"]
    programs.save()
    return identity


def test_a_program_is_the_content_of_its_file(project: Project, tool: Path) -> None:
    assert found(project) == content_digest(tool)
    other = tool.rename(tool.with_name("elsewhere"))
    tool.symlink_to(other)
    assert found(project) == content_digest(other)


@pytest.mark.parametrize("reads", range(2))
def test_another_version_is_another_program_with_the_same_size_and_time_too(
    project: Project, tool: Path, reads: int
) -> None:
    before = {found(project) for _ in range(reads + 1)}
    write(tool, "two")
    assert found(project) not in {*before, MISSING}


def test_a_program_of_an_environment_is_what_that_was_built_from(project: Project, tool: Path) -> None:
    assert found(project, "provider") == "sha256:11"


def test_one_that_is_gone_is_told_apart(project: Project, tool: Path) -> None:
    tool.unlink()
    assert found(project) == MISSING


def test_nothing_is_written_before_it_is_saved(project: Project, tool: Path) -> None:
    Programs(project, a_plan(tools={"alpha": {"mytool": "PATH"}})).of("alpha")
    assert not (project.cache / "programs.json").exists()


def test_an_environment_without_programs_has_none(project: Project) -> None:
    assert Programs(project, a_plan()).of("alpha") == {}


@pytest.fixture
def readings(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    seen: list[Path] = []

    def digest(path: Path) -> str:
        seen.append(path)
        return content_digest(path)

    monkeypatch.setattr(programs, "content_digest", digest)
    return seen


@pytest.mark.parametrize(("settled", "expected"), [(True, 1), (False, 2)])
def test_a_program_is_read_again_only_where_its_signature_cannot_be_trusted(
    project: Project,
    tool: Path,
    readings: list[Path],
    monkeypatch: pytest.MonkeyPatch,
    settled: bool,
    expected: int,
) -> None:
    monkeypatch.setattr(Signature, "is_settled", lambda *_: settled)
    assert found(project) == found(project)
    assert readings == [tool] * expected


@pytest.mark.parametrize("content", [b"", b"[]", b'{"a": 1}', b"\xff"])
def test_a_damaged_list_of_digests_is_made_anew(project: Project, tool: Path, content: bytes) -> None:
    project.cache.mkdir(parents=True, exist_ok=True)
    (project.cache / "programs.json").write_bytes(content)
    assert found(project) == content_digest(tool)


def test_a_folder_that_cannot_be_written_to_costs_nothing_else(
    project: Project, tool: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr(programs, "write_at_once", refuse)
    assert found(project) == content_digest(tool)
