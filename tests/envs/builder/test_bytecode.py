"""Bytecode of a new build: all that a stage may import has it, and it fits its source."""

import importlib.util
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.envs.builder.builder import Builder
from pipeline.envs.definition import Definition
from pipeline.envs.verification import file_check
from pipeline.errors import NotReady
from pipeline.progress import quiet
from tests.conftest import wheel_of
from tests.envs.conftest import locked

FILES = {
    "box/__init__.py": b"",
    "box/part.py": b"PART = 1\n",
    "box/template.py": b"{{ name }} is no Python\n",
    "box/tests/__init__.py": b"",
    "box/tests/test_part.py": b"import box\n",
    "tests/__init__.py": b"",
    "tests/helper.py": b"HELPER = 1\n",
}


def boxed(definition: Definition, folder: Path, files: Mapping[str, bytes]) -> Definition:
    """The environment with a package ``box`` of these files alone."""
    lock = folder / "box.lock"
    lock.write_text(locked(wheel_of(folder / "wheels", "box", files)))
    return replace(definition, lock=lock, imports=("box",))


@pytest.fixture
def box(builder: Builder, definition: Definition, tmp_path: Path) -> Path:
    """The site-packages of an environment whose package has tests, and something that can't be compiled."""
    build = builder.ensure(boxed(definition, tmp_path, FILES), quiet)
    assert file_check.thorough(build).problems == ()
    return build.site_packages


def bytecode(folder: Path) -> set[str]:
    return {f"{path.parent.parent.relative_to(folder)}/{path.name.split('.')[0]}" for path in folder.rglob("*.pyc")}


def test_modules_in_a_package_s_folder_of_tests_get_none_and_what_is_no_python_stops_nothing(box: Path) -> None:
    made = bytecode(box)
    assert {"box/__init__", "box/part"} <= made
    assert not {name for name in made if name.startswith("box/tests") or name == "box/template"}


def test_a_package_that_is_called_tests_gets_its_bytecode(box: Path) -> None:
    assert {"tests/__init__", "tests/helper"} <= bytecode(box)


def test_it_counts_for_the_source_that_stands_beside_it(box: Path) -> None:
    source = box / "box/part.py"
    data = Path(importlib.util.cache_from_source(str(source))).read_bytes()
    assert data[:4] == importlib.util.MAGIC_NUMBER
    numbers = [int.from_bytes(data[place : place + 4], "little") for place in (4, 8, 12)]
    assert numbers == [0, int(source.stat().st_mtime), source.stat().st_size]


def test_bytecode_that_can_t_be_written_is_told_in_the_interpreter_s_words(
    builder: Builder, definition: Definition, tmp_path: Path
) -> None:
    files = {"box/__init__.py": b"", "box/__pycache__": b"in the way"}
    with pytest.raises(NotReady, match=r"(?s)can't be compiled.*__pycache__"):
        builder.ensure(boxed(definition, tmp_path, files), quiet)
    assert builder.registry.live(definition.name) is None
