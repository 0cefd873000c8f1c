"""Programs from PATH in the keys of the stages that use them."""

import os
import time
from pathlib import Path

import pytest

from pipeline.digests import content_digest
from pipeline.envs import program_versions
from pipeline.envs.program_versions import VersionAnswer
from pipeline.project import ProjectFolder
from pipeline.run import program_files
from pipeline.run.programs import MISSING, NO_ANSWER, Identity, Programs
from pipeline.signatures import Signature
from tests.conftest import Sandbox
from tests.jobs.helpers import DIGEST, a_plan


@pytest.fixture
def project(sandbox: Sandbox) -> ProjectFolder:
    return ProjectFolder(sandbox.root)


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


def found(project: ProjectFolder, where: str = "PATH", version: tuple[str, ...] = (), name: str = "mytool") -> Identity:
    plan = a_plan(
        tools={"alpha": {name: where}},
        environment_keys={"alpha": DIGEST, "provider": "sha256:11"},
        tool_versions={"alpha": {name: version}} if version else {},
    )
    programs = Programs(project, plan)
    identity = programs.of("alpha")[name]
    programs.save()
    return identity


def test_a_program_is_the_content_of_its_file(project: ProjectFolder, tool: Path) -> None:
    assert found(project) == content_digest(tool)
    other = tool.rename(tool.with_name("elsewhere"))
    tool.symlink_to(other)
    assert found(project) == content_digest(other)


@pytest.mark.parametrize("reads", range(2))
def test_another_version_is_another_program_with_the_same_size_and_time_too(
    project: ProjectFolder, tool: Path, reads: int
) -> None:
    before = [found(project) for _ in range(reads + 1)]
    write(tool, "two")
    assert found(project) not in [*before, MISSING]


def test_a_program_of_an_environment_is_what_that_was_built_from(project: ProjectFolder, tool: Path) -> None:
    assert found(project, "provider") == "sha256:11"


def test_one_that_is_gone_is_told_apart(project: ProjectFolder, tool: Path) -> None:
    tool.unlink()
    assert found(project) == MISSING


def test_nothing_is_written_before_it_is_saved(project: ProjectFolder, tool: Path) -> None:
    Programs(project, a_plan(tools={"alpha": {"mytool": "PATH"}})).of("alpha")
    assert not (project.cache / "programs.json").exists()


def test_an_environment_without_programs_has_none(project: ProjectFolder) -> None:
    assert Programs(project, a_plan()).of("alpha") == {}


@pytest.fixture
def readings(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    seen: list[Path] = []

    def digest(path: Path) -> str:
        seen.append(path)
        return content_digest(path)

    monkeypatch.setattr(program_files, "content_digest", digest)
    return seen


@pytest.mark.parametrize(("settled", "expected"), [(True, 1), (False, 2)])
def test_a_program_is_read_again_only_where_its_signature_cannot_be_trusted(
    project: ProjectFolder,
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
def test_a_damaged_list_of_digests_is_made_again(project: ProjectFolder, tool: Path, content: bytes) -> None:
    project.cache.mkdir(parents=True, exist_ok=True)
    (project.cache / "programs.json").write_bytes(content)
    assert found(project) == content_digest(tool)


def test_a_folder_that_cannot_be_written_to_costs_nothing_else(
    project: ProjectFolder, tool: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr(program_files, "write_at_once", refuse)
    assert found(project) == content_digest(tool)


@pytest.fixture
def real(tmp_path: Path) -> Path:
    """A program beside PATH, which something on PATH starts."""
    folder = tmp_path / "opt"
    folder.mkdir()
    real = folder / "mytool"
    write(real, "one")
    return real


WRAPPERS = {
    "by its path": 'exec {real} "$@"',
    "in quotes": 'exec "{real}" "$@"',
    "by a variable": 'REAL={real}\n"$REAL" "$@"',
    "with a variable before it": 'exec env LEVEL=1 {real} "$@"',
    "from its own folder": 'exec "$(dirname "$0")/../opt/mytool" "$@"',
    "from its own folder, shortly": 'exec "${{0%/*}}/../opt/mytool" "$@"',
    "further on PATH": 'exec mytool "$@"',
}


@pytest.mark.parametrize("line", WRAPPERS.values(), ids=WRAPPERS)
def test_a_program_behind_a_wrapper_script_is_another_one_when_it_is_upgraded(
    project: ProjectFolder, tool: Path, real: Path, line: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", f"{tool.parent}:{real.parent}")
    tool.write_text(f"#!/bin/sh\n{line.format(real=real)}\n")
    before = found(project)
    assert before == found(project)
    write(real, "two")
    assert found(project) != before


def test_wrappers_in_a_row_are_followed_and_those_in_a_circle_end(
    project: ProjectFolder, tool: Path, real: Path, tmp_path: Path
) -> None:
    middle = tmp_path / "middle"
    middle.write_text(f'#!/bin/sh\nexec {real} "$@" # {tool}\nexec {tool}\n')
    middle.chmod(0o755)
    tool.write_text(f'#!/bin/sh\nexec {middle} "$@"\n')
    before = found(project)
    write(real, "two")
    assert found(project) != before


def shim(tool: Path, real: Path) -> None:
    """Starts another program, by a way that its text doesn't tell, as pyenv's do."""
    tool.write_text(f'#!/bin/sh\nhere=$(cat {real.parent}/where)\nexec "$here" "$@"\n')
    tool.chmod(0o755)
    (real.parent / "where").write_text(str(real))


@pytest.mark.usefixtures("spawning")
def test_a_shim_is_asked_for_its_version_in_each_run_where_it_is_said_how(
    project: ProjectFolder, tool: Path, real: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", f"{tool.parent}:/usr/bin:/bin")
    shim(tool, real)
    before = found(project, version=("--version",))
    assert isinstance(before, dict)
    assert before["version"] == "one"
    assert found(project, version=("--version",)) == before
    write(real, "two")
    after = found(project, version=("--version",))
    assert isinstance(after, dict)
    assert (after["version"], after["file"]) == ("two", before["file"])


@pytest.mark.usefixtures("spawning")
def test_a_known_program_is_asked_without_being_told_how(
    project: ProjectFolder, tool: Path, real: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", f"{tool.parent}:/usr/bin:/bin")
    shim(tool.with_name("ffmpeg"), real)
    before = found(project, name="ffmpeg")
    write(real, "two")
    assert found(project, name="ffmpeg") != before


@pytest.mark.usefixtures("spawning")
def test_a_version_that_does_not_come_is_told_and_holds_nothing_up(
    project: ProjectFolder, tool: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(program_versions, "SECONDS", 0.2)
    monkeypatch.setenv("PATH", f"{tool.parent}:/usr/bin:/bin")
    tool.write_text("#!/bin/sh\nsleep 30\n")
    identity = found(project, version=("--version",))
    assert isinstance(identity, dict)
    assert identity["version"] == NO_ANSWER


@pytest.mark.long
def test_a_compiled_program_is_asked_once_for_the_same_file_and_libraries(
    project: ProjectFolder, tool: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def ask(program: str, *_: object) -> VersionAnswer:
        asked.append(program)
        return VersionAnswer("1", DIGEST)

    libraries = tmp_path / "ld.so.cache"
    libraries.write_text("")
    tool.write_bytes(b"\x7fELF")
    time.sleep(0.1)  # until the signatures can be trusted
    monkeypatch.setattr(program_versions, "LIBRARIES", libraries)
    monkeypatch.setattr(program_versions, "ask", ask)
    for _ in range(3):
        found(project, version=("--version",))
    assert len(asked) == 1
    libraries.write_text("others")
    time.sleep(0.1)
    found(project, version=("--version",))
    assert len(asked) == 2
