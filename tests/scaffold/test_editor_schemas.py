"""Schemas for editors: as they stand, without a network, and as new as the tool's."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pipeline.project import ProjectFolder
from pipeline.scaffold import editor_schemas, new_files
from pipeline.scaffold.editor_schemas import LINE, SOURCE
from pipeline.scaffold.example_files import BARE, EXAMPLES, FOLDER, files_of


def references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for each in value.values():
            yield from references(each)
    elif isinstance(value, list):
        for each in value:
            yield from references(each)


@pytest.mark.parametrize("schema", sorted(SOURCE.glob("*.json")), ids=lambda path: path.stem)
def test_a_reference_between_schemas_is_the_name_of_a_file_beside_and_a_place_in_it(schema: Path) -> None:
    for reference in references(json.loads(schema.read_bytes())):
        file, _, pointer = reference.partition("#")
        value = json.loads((SOURCE / (file or schema.name)).read_bytes())
        for key in filter(None, pointer.split("/")):
            value = value[key]


@pytest.mark.parametrize("file", sorted(FOLDER.rglob("*.yaml")), ids=lambda path: path.relative_to(FOLDER).as_posix())
def test_the_first_line_of_each_file_leads_to_its_schema(file: Path) -> None:
    first = file.read_text(encoding="utf-8").splitlines()[0]
    assert first.startswith(LINE)
    schema = (file.parent / first.removeprefix(LINE)).resolve()
    example = FOLDER / file.relative_to(FOLDER).parts[0]
    assert schema.parent == example / editor_schemas.FOLDER
    kind = {"config": "settings", "environments": "environment", "workflows": "workflow", "stages": "command"}
    assert schema.stem.startswith(kind[file.parent.name])
    assert (SOURCE / schema.name).is_file()


def test_schemas_of_another_version_are_written_again(tmp_path: Path) -> None:
    here = ProjectFolder(tmp_path)
    new_files.write(tmp_path, (*files_of(BARE), *editor_schemas.files()))
    assert not editor_schemas.refresh(here)
    (tmp_path / "config/.schemas/workflow.json").write_text("{}")
    (tmp_path / "config/.schemas/policy.json").unlink()
    editor_schemas.refresh_if_used(here)
    assert (tmp_path / "config/.schemas/workflow.json").read_bytes() == (SOURCE / "workflow.json").read_bytes()
    assert not editor_schemas.refresh(here)


def test_a_project_that_does_not_use_them_gets_none(tmp_path: Path) -> None:
    (tmp_path / "config").mkdir()
    (tmp_path / "config/pipeline.yaml").write_text("default_workflows: []\n")
    editor_schemas.refresh_if_used(ProjectFolder(tmp_path))
    assert not (tmp_path / "config/.schemas").exists()


def test_every_example_has_its_folder() -> None:
    assert {each.name for each in FOLDER.iterdir()} == {*EXAMPLES, BARE.name}
