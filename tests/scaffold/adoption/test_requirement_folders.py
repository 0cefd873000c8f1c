"""A folder with requirements becomes an environment, and the skeleton of a stage in it."""

from pathlib import Path

import pytest

from pipeline.config.catalog import Catalog
from pipeline.errors import UsageError
from pipeline.project import ProjectFolder
from pipeline.scaffold import new_files
from pipeline.scaffold.adoption import sources
from pipeline.scaffold.example_files import BARE, files_of


def write(folder: Path, name: str, text: str) -> None:
    (folder / name).mkdir(parents=True)
    (folder / name / "requirements.txt").write_text(text)


def test_each_folder_gets_an_environment_and_a_stage(tmp_path: Path) -> None:
    write(tmp_path, "from/Clean Up", "numpy>=2\n")
    write(tmp_path, "from/fit", "numpy==1.26.4 \\\n  --hash=sha256:0  # pinned\n\n# a comment\n")
    adopted = sources.adopted(tmp_path / "from")
    new_files.write(tmp_path / "to", (*adopted.files, *files_of(BARE)))
    catalog = Catalog(ProjectFolder(tmp_path / "to"))
    assert catalog.environment_names == ["clean_up", "fit"]
    assert catalog.stage("fit").environment == "fit"
    assert (tmp_path / "to/requirements/fit.txt").read_text() == "numpy==1.26.4\n"
    assert adopted.next_commands[0] == "pipeline env lock clean_up fit"
    assert adopted.left_out == ()


@pytest.mark.parametrize(
    "line", ["-r other.txt", "-e .", "./here", "--index-url https://x.example", "x @ file:///y", "not a requirement"]
)
def test_a_line_that_not_every_machine_can_have_is_named_and_left_out(tmp_path: Path, line: str) -> None:
    write(tmp_path, "fit", f"numpy\n{line}\n")
    adopted = sources.adopted(tmp_path)
    assert [str(each) for each in adopted.left_out] == [f"fit/requirements.txt:2: not read: {line}"]


def test_a_single_file_is_that_of_its_folder(tmp_path: Path) -> None:
    write(tmp_path, "fit", "numpy\n")
    assert sources.adopted(tmp_path / "fit/requirements.txt").environments_to_lock == ("fit",)


def test_a_folder_whose_name_no_environment_can_have_is_left_out(tmp_path: Path) -> None:
    write(tmp_path, "1st", "numpy\n")
    write(tmp_path, "fit", "numpy\n")
    write(tmp_path, "Fit", "numpy\n")
    adopted = sources.adopted(tmp_path)
    assert len(adopted.left_out) == 2
    assert len(adopted.environments_to_lock) == 1


@pytest.mark.parametrize("name", ["nowhere", "file.txt", "empty"])
def test_what_is_neither_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "file.txt").write_text("")
    (tmp_path / "empty").mkdir()
    with pytest.raises(UsageError):
        sources.adopted(tmp_path / name)
