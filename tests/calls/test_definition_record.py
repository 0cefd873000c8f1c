"""What a definition said, kept for the next program: it counts only while all is as it was."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.calls import definition_record, environment_search
from pipeline.calls.interpreter import CallInterpreter
from pipeline.envs.platform.user_folders import cache_folder
from pipeline.errors import NotReady
from pipeline.location import locate
from pipeline.process import Interpreter
from pipeline.project import ProjectFolder
from pipeline.signatures import Signature
from tests.conftest import Sandbox

NEXT_PROGRAM = """import sys, pipeline
environment = pipeline.environment("alpha", sys.argv[1])
print(environment._interpreter.get().prefix)
print(*({"yaml", "pipeline.config.catalog", "inspect", "dataclasses"} & set(sys.modules)))
"""


@pytest.fixture
def project(ready: Sandbox, monkeypatch: pytest.MonkeyPatch) -> ProjectFolder:
    """Whose files count as old."""
    monkeypatch.setattr(Signature, "is_settled", lambda *_: True)
    return locate(ready.root)


def found(project: ProjectFolder) -> Interpreter:
    """As a program finds it that has just begun."""
    return CallInterpreter(project, "alpha", False, lambda _: None).get()


def searched(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the environments that are searched by their definitions from now on."""
    names, search = list[str](), environment_search.search

    def noted(project: ProjectFolder, name: str, *options: object) -> environment_search.FoundEnvironment:
        names.append(name)
        return search(project, name, *options)  # type: ignore[arg-type]

    monkeypatch.setattr(environment_search, "search", noted)
    return names


def test_the_next_program_finds_the_same_without_reading_definitions(
    project: ProjectFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = found(project)
    names = searched(monkeypatch)
    again = found(project)
    assert (again.prefix, again.key, again.variables) == (first.prefix, first.key, first.variables)
    assert names == []


def test_the_next_program_imports_nothing_that_reads_definitions(project: ProjectFolder, spawning: None) -> None:
    prefix = found(project).prefix
    argv = [sys.executable, "-c", NEXT_PROGRAM, str(project.root)]
    told = subprocess.run(argv, capture_output=True, text=True, check=True, timeout=60).stdout.splitlines()
    assert told == [str(prefix), ""]


def test_variables_of_the_caller_are_those_of_now(project: ProjectFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    found(project)
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    assert found(project).variables["LC_ALL"] == "C.UTF-8"


@pytest.mark.parametrize("file", ["config/pipeline.yaml", "config/environments/alpha.yaml", "requirements/alpha.lock"])
def test_a_changed_file_is_read_again(project: ProjectFolder, monkeypatch: pytest.MonkeyPatch, file: str) -> None:
    found(project)
    path = project.root / file
    before = path.stat()
    path.write_bytes(path.read_bytes())
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))  # as rsync and cp -p leave it
    names = searched(monkeypatch)
    found(project)
    assert names == ["alpha"]


def test_a_file_that_the_requirements_include_is_read_again(
    project: ProjectFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = project.root / "requirements" / "alpha.txt"
    own.rename(own.with_name("shared.txt"))
    own.write_text("-r shared.txt\n")
    found(project)
    own.with_name("shared.txt").touch()
    names = searched(monkeypatch)
    found(project)
    assert names == ["alpha"]


def test_a_second_definition_of_the_name_is_seen(project: ProjectFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    found(project)
    (project.root / "stages" / "alpha.py").write_text("")
    names = searched(monkeypatch)
    found(project)
    assert names == ["alpha"]


def test_a_definition_that_the_build_doesn_t_fit_any_more_is_told(project: ProjectFolder) -> None:
    found(project)
    file = project.root / "config" / "environments" / "alpha.yaml"
    file.write_text(f"{file.read_text()}\nvariables: {{SPEED: fast}}\n")
    with pytest.raises(NotReady, match="have changed"):
        found(project)


def test_a_build_that_is_gone_is_told(project: ProjectFolder, ready: Sandbox) -> None:
    found(project)
    (ready.root / "venv").unlink()
    with pytest.raises(NotReady, match="it isn't built"):
        found(project)


def test_a_build_that_isn_t_what_it_was_is_told(project: ProjectFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    found(project)
    monkeypatch.setattr("pipeline.envs.verification.health.problem", lambda _: "its packages have changed")
    monkeypatch.setattr("pipeline.envs.registry.health.problem", lambda _: "its packages have changed")
    with pytest.raises(NotReady, match="its packages have changed"):
        found(project)


def test_files_that_may_change_unseen_are_no_ground_for_a_record(
    project: ProjectFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Signature, "is_settled", lambda *_: False)
    found(project)
    assert not (cache_folder() / definition_record.FOLDER).exists()


@pytest.mark.parametrize("content", [b"", b"{}", b'{"schema": 99}', b"\xff"])
def test_a_record_that_can_t_be_read_counts_for_nothing(project: ProjectFolder, content: bytes) -> None:
    prefix = found(project).prefix
    (record,) = (cache_folder() / definition_record.FOLDER).iterdir()
    record.write_bytes(content)
    assert found(project).prefix == prefix


def test_where_there_is_no_place_for_a_record_none_is_kept(project: ProjectFolder) -> None:
    cache_folder().parent.mkdir(parents=True)
    cache_folder().write_text("a file is in its place")
    assert found(project).prefix == found(project).prefix


def test_another_user_s_record_counts_for_nothing(project: ProjectFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    found(project)
    monkeypatch.setattr(os, "geteuid", lambda: 4242)
    assert definition_record.read(project, "alpha") is None


def test_a_cache_without_a_full_path_is_none(
    project: ProjectFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    found(project)
    monkeypatch.setenv("XDG_CACHE_HOME", "cache")
    monkeypatch.chdir(tmp_path)
    assert definition_record.read(project, "alpha") is None


def test_the_oldest_records_make_room(project: ProjectFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(definition_record, "MOST_KEPT", 2)
    folder = cache_folder() / definition_record.FOLDER
    folder.mkdir(parents=True)
    for number in range(3):
        (folder / f"{number}.json").touch()
        os.utime(folder / f"{number}.json", (number, number))
    found(project)
    assert [each.name for each in folder.iterdir() if each.stem.isdigit() and len(each.stem) == 1] == ["2.json"]
    assert len(list(folder.iterdir())) == 2


def test_a_link_to_the_project_has_the_same_record(project: ProjectFolder, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(project.root)
    found(project)
    found(locate(tmp_path / "link"))
    assert len(list((cache_folder() / definition_record.FOLDER).iterdir())) == 1
