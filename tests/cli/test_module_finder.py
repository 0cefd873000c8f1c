"""What our own finder finds is what Python's own search would have found."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY

INSTALLED = "from pipeline.cli import module_finder\nmodule_finder.install()\n"
FINDER = REPOSITORY / "pipeline" / "cli" / "module_finder.py"


@pytest.fixture(autouse=True)
def _spawning(spawning: None) -> None:
    """Each test has an interpreter of its own, in which nothing is imported yet."""


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A package of our name with the finder, a module with bytecode, and a package in it."""
    folder = tmp_path / "pipeline"
    (folder / "cli").mkdir(parents=True)
    (folder / "room").mkdir()
    for each in (folder, folder / "cli", folder / "room"):
        (each / "__init__.py").touch()
    (folder / "cli" / "module_finder.py").write_bytes(FINDER.read_bytes())
    (folder / "room" / "part.py").write_text("WORD = 'old'\n\ndef fail():\n    raise ValueError(WORD)\n")
    _output(folder.parent, "import pipeline.room.part")
    return folder


def test_each_module_is_what_it_is_for_python_s_own_search() -> None:
    code = """
import pipeline.cli.runner, pipeline.run.loop, sys
for name, module in sorted(sys.modules.items()):
    if name.startswith("pipeline.") and "module_finder" not in name:
        spec = module.__spec__
        print(name, module.__file__, module.__cached__, spec.cached, spec.origin, spec.has_location, spec.parent)
        print(module.__package__, getattr(module, "__path__", None), module.__loader__.get_filename(name))
"""
    found = _output(REPOSITORY, INSTALLED + code)
    assert found.count("\n") > 100
    assert found == _output(REPOSITORY, code)


def test_it_is_the_one_that_finds_them(package: Path) -> None:
    code = "import pipeline.room.part as part\nprint(type(part.__loader__).__name__, part.WORD)"
    assert _output(package.parent, INSTALLED + code) == "BytecodeLoader old\n"


def test_a_source_that_was_changed_is_read(package: Path) -> None:
    (package / "room" / "part.py").write_text("WORD = 'another'\n")
    assert _word(package) == "another\n"


def test_a_source_that_is_newer_than_its_bytecode_is_read_although_it_is_as_long(package: Path) -> None:
    source = package / "room" / "part.py"
    later = source.stat().st_mtime + 5
    source.write_text(source.read_text().replace("old", "new"))
    os.utime(source, (later, later))
    assert _word(package) == "new\n"


def test_a_module_without_bytecode_is_read(package: Path) -> None:
    for file in package.rglob("*.pyc"):
        file.unlink()
    assert _word(package) == "old\n"


@pytest.mark.parametrize("damage", [b"", b"\0" * 16, b"\0" * (1 << 16)], ids=["empty", "another kind", "too long"])
def test_bytecode_that_isn_t_right_is_not_used(package: Path, damage: bytes) -> None:
    (cached,) = (package / "room" / "__pycache__").glob("part.*")
    cached.write_bytes(damage)
    assert _word(package) == "old\n"


def test_another_place_for_bytecode_is_left_to_python(package: Path, tmp_path: Path) -> None:
    (cached,) = (package / "room" / "__pycache__").glob("part.*")
    cached.write_bytes(cached.read_bytes().replace(b"old", b"bad"))
    assert _word(package) == "bad\n"
    assert _word(package, "-X", f"pycache_prefix={tmp_path / 'elsewhere'}") == "old\n"
    assert _word(package, "-O") == "old\n"


def test_what_isn_t_there_is_an_error_as_ever(package: Path) -> None:
    code = "try:\n    import pipeline.room.other\nexcept ModuleNotFoundError as error:\n    print(error, error.name)"
    assert _output(package.parent, INSTALLED + code) == _output(package.parent, code)


def test_a_traceback_shows_the_source_and_a_module_can_be_loaded_again(package: Path) -> None:
    code = """
import importlib, traceback, pipeline.room.part as part
part.WORD = None
importlib.reload(part)
try:
    part.fail()
except ValueError:
    traceback.print_exc(file=__import__("sys").stdout)
"""
    shown = _output(package.parent, INSTALLED + code)
    assert "raise ValueError(WORD)" in shown
    assert shown.endswith("ValueError: old\n")


def test_no_module_has_the_name_of_a_package_beside_it() -> None:
    """Of the two, Python takes the package, and this finder the module."""
    packages = (path.parent for path in (REPOSITORY / "pipeline").rglob("__init__.py"))
    assert [path for path in packages if path.with_suffix(".py").exists()] == []


def _word(package: Path, *options: str) -> str:
    return _output(package.parent, INSTALLED + "from pipeline.room.part import WORD\nprint(WORD)", *options)


def _output(folder: Path, code: str, *options: str) -> str:
    command = [sys.executable, *options, "-c", f"import sys\nsys.path.insert(0, {str(folder)!r})\n{code}"]
    return subprocess.run(command, capture_output=True, text=True, check=True, cwd=folder).stdout
