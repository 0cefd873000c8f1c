"""The smallest files are valid, whatever name they get."""

from pathlib import Path

import pytest

from pipeline.config.catalog import Catalog
from pipeline.errors import UsageError
from pipeline.project import ProjectFolder
from pipeline.scaffold import definitions, new_files
from pipeline.scaffold.example_files import BARE, files_of


@pytest.fixture
def here(tmp_path: Path) -> ProjectFolder:
    new_files.write(tmp_path, files_of(BARE))
    return ProjectFolder(tmp_path)


def test_an_environment_a_stage_and_a_workflow_fit_each_other(here: ProjectFolder) -> None:
    new_files.write(here.root, definitions.environment("tools", ">=3.10,<3.13", ["numpy>=2"]))
    new_files.write(here.root, definitions.stage("clean", "tools"))
    catalog = Catalog(here)
    assert catalog.declared_environment("tools").python == ">=3.10,<3.13"
    assert (here.requirements / "tools.txt").read_text() == "numpy>=2\n"
    new_files.write(here.root, definitions.workflow("all", [catalog.stage("clean")]))
    spec = catalog.workflow("all")
    assert spec.stages["clean"].inputs == {"text": "job.input"}
    assert [each.output for each in spec.deliver] == ["clean.result"]


def test_a_stage_can_bring_its_own_environment(here: ProjectFolder) -> None:
    new_files.write(here.root, definitions.stage("alone", None))
    catalog = Catalog(here)
    assert catalog.stage("alone").environment == "alone"
    assert catalog.declared_environment("alone").python == definitions.ANY_PYTHON


def test_a_stage_can_be_a_command(here: ProjectFolder) -> None:
    new_files.write(here.root, definitions.environment("tools", ">=3.10", ()))
    new_files.write(here.root, definitions.command_stage("copy", "tools"))
    command = Catalog(here).stage("copy").command
    assert command is not None
    assert command.words == ("cp", "{input.text}", "{output.result}")


def test_a_later_stage_of_a_workflow_reads_what_the_one_before_it_made(here: ProjectFolder) -> None:
    (here.root / "stages").mkdir()
    block = "# /// script\n# [tool.pipeline.stage]\n# environment = 'x'\n# inputs = {}\n# outputs = {}\n# ///\n"
    (here.root / "stages/first.py").write_text(block.format("['a']", "{b = 'b.txt', c = 'c.txt'}"))
    (here.root / "stages/second.py").write_text(block.format("['d', 'e', 'f']", "{}"))
    (here.root / "stages/third.py").write_text(block.format("[]", "{}"))
    catalog = Catalog(here)
    stages = [catalog.stage(name) for name in ("first", "second", "third")]
    new_files.write(here.root, definitions.workflow("w", stages))
    uses = catalog.workflow("w").stages
    assert uses["second"].inputs == {"d": "first.b", "e": "first.c", "f": "first.c"}
    assert uses["third"].inputs == {}


@pytest.mark.parametrize("kind", ["stage", "environment", "workflow"])
@pytest.mark.parametrize("name", ["con", "nul", "job", "a b", "a/b", "../a", "", "-a", "é", "a" * 101, "a\nb", "a.b"])
def test_a_name_that_nothing_can_have_is_refused(kind: str, name: str) -> None:
    with pytest.raises(UsageError, match=kind):
        definitions.require_possible(kind, name)


@pytest.mark.parametrize("text", ["3.11", "new", ">=3.x"])
def test_what_is_no_range_of_pythons_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="range"):
        definitions.environment("e", text, ())


@pytest.mark.parametrize("text", ["numpy 2", "-r other.txt", "numpy\nevil", "=2"])
def test_what_is_no_requirement_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="requirement"):
        definitions.environment("e", ">=3.10", [text])
