"""What stages share: found, named, and known by its content."""

import os
from pathlib import Path

import pytest

from pipeline.config import shared_modules
from pipeline.errors import ConfigurationError
from pipeline.project import ProjectFolder


@pytest.fixture
def project(tmp_path: Path) -> ProjectFolder:
    (tmp_path / "stages" / "modules").mkdir(parents=True)
    return ProjectFolder(tmp_path)


def write(project: ProjectFolder, path: str, text: str = "") -> Path:
    file = project.modules / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    return file


def digest(project: ProjectFolder) -> str:
    return shared_modules.read(project, "shared").digest


def test_a_module_is_a_file(project: ProjectFolder) -> None:
    assert shared_modules.locate(project, "shared" if write(project, "shared.py") else "").name == "shared.py"


def test_a_module_is_a_package(project: ProjectFolder) -> None:
    write(project, "shared/__init__.py")
    assert shared_modules.locate(project, "shared") == project.modules / "shared"


def test_a_folder_without_code_is_none(project: ProjectFolder) -> None:
    write(project, "shared/words.txt")
    with pytest.raises(ConfigurationError, match="'shared'"):
        shared_modules.locate(project, "shared")


def test_one_that_is_not_there_is_told_with_the_nearest(project: ProjectFolder) -> None:
    write(project, "shared.py")
    with pytest.raises(ConfigurationError, match="'shared'") as refused:
        shared_modules.locate(project, "shard")
    assert refused.value.next_step == "write stages/modules/shard.py"


def test_two_of_one_name_are_refused(project: ProjectFolder) -> None:
    write(project, "shared.py")
    write(project, "shared/__init__.py")
    with pytest.raises(ConfigurationError, match=r"shared\.py and shared/"):
        shared_modules.locate(project, "shared")


@pytest.mark.parametrize("name", ["json", "stage", "stagekit"])
def test_a_name_that_python_or_the_runner_has_is_refused(project: ProjectFolder, name: str) -> None:
    write(project, f"{name}.py")
    with pytest.raises(ConfigurationError, match=f"'{name}'"):
        shared_modules.locate(project, name)


@pytest.mark.parametrize("path", ["shared/__init__.py", "shared/deep/code.py", "shared/words.txt"])
def test_each_file_of_a_package_counts(project: ProjectFolder, path: str) -> None:
    write(project, "shared/__init__.py")
    write(project, path, "before")
    before = digest(project)
    write(project, path, "after")
    assert digest(project) != before


def test_a_new_file_and_another_name_count(project: ProjectFolder) -> None:
    write(project, "shared/__init__.py")
    found = [digest(project)]
    file = write(project, "shared/one.py")
    found.append(digest(project))
    file.rename(file.with_name("two.py"))
    found.append(digest(project))
    assert len(set(found)) == 3


@pytest.mark.parametrize("path", ["shared/__pycache__/code.pyc", "shared/.code.py.swp", "shared/.git/HEAD"])
def test_what_python_and_editors_leave_does_not_count(project: ProjectFolder, path: str) -> None:
    write(project, "shared/__init__.py")
    before = digest(project)
    write(project, path, "anything")
    assert digest(project) == before


def test_times_do_not_count(project: ProjectFolder) -> None:
    file = write(project, "shared.py")
    before = digest(project)
    os.utime(file, (1, 1))
    assert digest(project) == before
