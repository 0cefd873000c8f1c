"""The boundaries of the architecture, read from the source and not from anybody's memory."""

import sys
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

from tests.architecture.permissions import LEAVES, MAY_IMPORT
from tests.architecture.sources import MODULES, PACKAGE, STAGES, imports, module, of_package, part, shown

pytestmark = pytest.mark.long

# By these names the runner knows its own modules.
SDK_MODULES = {
    "callmemory",
    "callprotocol",
    "callserver",
    "callpacking",
    "callunpacking",
    "command_words",
    "stagekit",
    "stageprotocol",
    "stageserver",
}


@pytest.mark.parametrize("name", sorted(MAY_IMPORT))
def test_a_part_imports_only_what_it_may(name: str) -> None:
    allowed = MAY_IMPORT[name] | (LEAVES - {name} if name not in LEAVES else LEAVES) | {name, "__version__"}
    if name == "sdk":
        allowed = set()
    strays = [
        f"{shown(path, line)} imports {imported}"
        for path in MODULES
        if part(path) == name
        for imported, line in imports(path)
        if imported.split(".")[0] == "pipeline" and imported.split(".")[1] not in allowed
    ]
    assert strays == []


@pytest.mark.parametrize("name", sorted(MAY_IMPORT))
def test_a_part_has_no_permission_that_it_does_not_use(name: str) -> None:
    used = {imported.split(".")[1] for path in MODULES if part(path) == name for imported, _ in of_package(path)}
    assert MAY_IMPORT[name] - used == set()


def test_no_module_imports_itself_by_way_of_others() -> None:
    """Imports that only a type checker follows count, too: they are what a reader follows."""
    names = {module(path): path for path in MODULES if part(path) != "sdk"}
    graph = {
        name: {each if each in names else each.rpartition(".")[0] for each, _ in imports(path)}
        for name, path in names.items()
    }
    ordered = TopologicalSorter(
        {name: (needed & names.keys()) - {name} for name, needed in graph.items()}
    ).static_order()
    assert set(ordered) == names.keys()  # a circle has no order, and is told


def test_no_part_builds_on_itself_by_way_of_others() -> None:
    assert set(TopologicalSorter(MAY_IMPORT).static_order()) == MAY_IMPORT.keys()  # a circle has no order, and is told


def test_every_part_but_the_commands_is_one_that_the_rules_know() -> None:
    assert {part(path) for path in MODULES} == MAY_IMPORT.keys() | {"cli", "__init__"}


def test_only_the_commands_import_the_commands() -> None:
    strays = [
        shown(path, line)
        for path in MODULES
        if part(path) != "cli"
        for imported, line in imports(path)
        if imported.startswith("pipeline.cli")
    ]
    assert strays == []


def test_what_runs_in_a_stage_s_environment_is_standard_library_only() -> None:
    strays = [
        f"{shown(path, line)} imports {imported}"
        for path in (PACKAGE / "sdk").rglob("*.py")
        for imported, line in imports(path)
        if imported.split(".")[0] not in {*sys.stdlib_module_names, "annotationlib", *SDK_MODULES}  # since Python 3.14
        and (path.name, imported.split(".")[0])
        not in {(f"call{which}.py", library) for which in ("packing", "unpacking") for library in ("numpy", "pyarrow")}
    ]
    assert strays == []


@pytest.mark.parametrize("path", STAGES, ids=lambda path: path.stem)
def test_a_stage_imports_nothing_of_the_orchestrator(path: Path) -> None:
    assert [line for imported, line in imports(path) if imported.split(".")[0] == "pipeline"] == []


@pytest.mark.parametrize("path", STAGES, ids=lambda path: path.stem)
def test_a_stage_imports_no_other_stage(path: Path) -> None:
    names = {stage.stem for stage in STAGES}
    assert [imported for imported, _ in imports(path) if imported.split(".")[0] in names] == []
