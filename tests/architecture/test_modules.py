"""What holds for each module, class and schema."""

import ast
import json
import subprocess
import sys

import pytest
from jsonschema import Draft202012Validator

from tests.architecture.sources import MODULES, PACKAGE, module, part, shown
from tests.conftest import REPOSITORY
from tests.source_trees import nodes_of

pytestmark = pytest.mark.long


def test_no_two_classes_share_a_name() -> None:
    places: dict[str, list[str]] = {}
    for path in [*MODULES, *(REPOSITORY / "stages").rglob("*.py")]:
        for node in nodes_of(path, ast.ClassDef):
            places.setdefault(node.name, []).append(shown(path, node.lineno))
    assert {name: where for name, where in places.items() if len(where) > 1} == {}


# Modules that run in another environment, whose packages aren't there where we run.
FOREIGN = {
    *(PACKAGE / "models" / "hub" / "transfer").glob("*.py"),
    *(PACKAGE / "ase" / "remote").glob("[a-z]*.py"),
    *(PACKAGE / "ase" / name for name in ("atoms_state.py", "calculator.py", "lammps.py")),  # in a program that has ASE
}


def test_every_module_can_be_imported_and_warns_of_nothing(spawning: None) -> None:
    names = [module(path) for path in MODULES if part(path) != "sdk" and path not in FOREIGN]
    code = f"import importlib\nfor name in {names!r}: importlib.import_module(name)"
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_every_schema_is_a_valid_one() -> None:
    checked = Draft202012Validator(Draft202012Validator.META_SCHEMA)
    for path in (PACKAGE / "schemas").glob("*.json"):
        assert list(checked.iter_errors(json.loads(path.read_text(encoding="utf-8")))) == [], path.name


def test_every_package_has_its_init_so_that_the_wheel_holds_it() -> None:
    folders = {path.parent for path in MODULES if "sdk" not in path.parts}
    assert [folder for folder in folders if not (folder / "__init__.py").exists()] == []
