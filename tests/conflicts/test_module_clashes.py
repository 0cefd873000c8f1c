"""What keeps environments apart although they can be resolved together."""

from pathlib import Path

import pytest

from pipeline.conflicts.module_clashes import InstalledFile, clashes_of_definitions, clashes_of_files
from pipeline.envs.definition import Definition


def of(**packages: list[str]) -> dict[str, list[InstalledFile]]:
    """Files by package; each has its package's name as its content."""
    return {name: [InstalledFile(path, f"sha256={name}", 1) for path in paths] for name, paths in packages.items()}


def test_two_packages_with_one_module_are_named_with_it() -> None:
    one, other = of(tool=["ffmpeg/__init__.py", "ffmpeg/_run.py"]), of(binaries=["ffmpeg/__init__.py"])
    assert clashes_of_files([one, other]) == ["binaries and tool both install the module ffmpeg"]


def test_a_module_clashes_with_a_folder_and_a_compiled_one_of_its_name() -> None:
    assert clashes_of_files([of(a=["x.py"]), of(b=["x/__init__.py"])]) == ["a and b both install the module x"]
    assert clashes_of_files([of(a=["x.cpython-311-linux.so"]), of(b=["x.py"])]) == ["a and b both install the module x"]


def test_a_program_of_one_name_clashes() -> None:
    found = clashes_of_files([of(a=["../../../bin/run"]), of(b=["../../../bin/run"])])
    assert found == ["a and b both install the program run"]


def test_how_much_more_they_both_install_is_told() -> None:
    files = ["x/__init__.py", "x/one.py", "x/two.py"]
    assert clashes_of_files([of(a=files), of(b=files)]) == ["a and b both install the module x and 2 more"]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (["google/one/__init__.py"], ["google/two/__init__.py"]),  # a namespace that both are in
        (["tests/__init__.py"], ["tests/__init__.py"]),
        (["LICENSE", "a-1.dist-info/RECORD"], ["LICENSE", "b-1.dist-info/RECORD"]),
        (["x/data.json"], ["x/data.json"]),
    ],
)
def test_what_nobody_imports_keeps_nothing_apart(one: list[str], other: list[str]) -> None:
    assert clashes_of_files([of(a=one), of(b=other)]) == []


def test_the_same_package_in_both_and_the_same_content_are_no_clash() -> None:
    assert clashes_of_files([of(a=["x.py"]), of(a=["x.py", "y.py"])]) == []
    same = [InstalledFile("ns/__init__.py", "sha256=empty", 0)]
    assert clashes_of_files([{"a": same}, {"b": same}]) == []


def defined(name: str, **fields: object) -> Definition:
    return Definition(name, ">=3.11", Path(f"{name}.lock"), **fields)  # type: ignore[arg-type]


def test_settings_that_there_can_be_only_one_of() -> None:
    found = clashes_of_definitions(
        [
            defined("a", variant="cpu", variables=(("HOME_OF_IT", "1"),), provides=(("tool", "x"),)),
            defined("b", variant="cu128", variables=(("HOME_OF_IT", "2"),), provides=(("tool", "y"),)),
        ]
    )
    assert found == [
        "a and b are for different accelerators, cpu and cu128",
        "a and b give the variable HOME_OF_IT different values",
        "a and b both provide tool, from different files",
    ]


def test_equal_settings_keep_nothing_apart() -> None:
    settings = {"variant": "cpu", "variables": (("A", "1"),), "provides": (("tool", "x"),)}
    assert clashes_of_definitions([defined("a", **settings), defined("b", **settings)]) == []
