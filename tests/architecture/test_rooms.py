"""The rooms inside a part: those that only decide, and those of the environments."""

import ast

import pytest

from tests.architecture.permissions import PURE, PURE_LEAVES, PURE_LIBRARY, ROOMS
from tests.architecture.sources import MODULES, PACKAGE, imports, module, part, shown
from tests.source_trees import nodes_of

pytestmark = pytest.mark.long


@pytest.mark.parametrize("name", sorted(PURE))
def test_a_room_that_only_decides_imports_nothing_that_looks_or_writes(name: str) -> None:
    found = [
        (path, line, *imported.rpartition(".")[::2])
        for path in MODULES
        if part(path) == name
        for imported, line in imports(path)
    ]
    strays = [
        f"{shown(path, line)} imports {each} of {source}"
        for path, line, source, each in found
        if source not in PURE_LIBRARY | PURE_LEAVES
        and not f"{source}.{each}".startswith(f"pipeline.{name}.")
        and each not in PURE[name].get(source, set())
    ]
    assert strays == []
    used = {(source, each) for _, _, source, each in found}
    assert [
        f"{source}.{each}" for source, names in PURE[name].items() for each in names if (source, each) not in used
    ] == []


def test_a_room_that_only_decides_calls_nothing_that_reads_or_writes() -> None:
    calls = {"open", "print", "input", "exec", "eval", "__import__"}
    strays = [
        shown(path, node.lineno)
        for path in MODULES
        if part(path) in PURE
        for node in nodes_of(path, ast.Call)
        if isinstance(node.func, ast.Name) and node.func.id in calls
    ]
    assert strays == []


@pytest.mark.parametrize("name", sorted(ROOMS))
def test_a_room_of_the_environments_imports_only_what_it_may(name: str) -> None:
    strays = [
        f"{shown(path, line)} imports {imported}"
        for path in (PACKAGE / "envs").rglob("*.py")
        if room(module(path)) == name
        for imported, line in imports(path)
        if imported.startswith("pipeline.envs.") and room(imported) not in {*ROOMS[name], name}
    ]
    assert strays == []


@pytest.mark.parametrize("name", sorted(ROOMS))
def test_a_room_of_the_environments_has_no_permission_that_it_does_not_use(name: str) -> None:
    used = {
        room(imported)
        for path in (PACKAGE / "envs").rglob("*.py")
        if room(module(path)) == name
        for imported, _ in imports(path)
        if imported.startswith("pipeline.envs.")
    }
    assert ROOMS[name] - used == set()


def test_every_room_of_the_environments_is_one_that_the_rules_know() -> None:
    rooms = {path.parent.name for path in (PACKAGE / "envs").glob("*/__init__.py")}
    assert rooms | {"core", "registry"} == ROOMS.keys()


def room(module: str) -> str:
    found = [name for name in module.split(".")[2:3] if name in ROOMS]
    return found[0] if found else "core"
