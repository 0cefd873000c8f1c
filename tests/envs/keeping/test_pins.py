"""What a lock brings to one Python, and which of a package's files it can use."""

import sys
from pathlib import Path

import pytest

from pipeline.envs.interpreters import BaseInterpreter
from pipeline.envs.keeping.pins import Pin, pins, usable

PYTHON = BaseInterpreter(Path("/python"), "3.12.4", "cpython-312-x86_64-linux-gnu")
ONE, TWO = "1" * 64, "2" * 64


def names(lock: str) -> list[str]:
    return [str(pin) for pin in pins(lock, PYTHON)]


def test_a_pin_has_all_its_hashes() -> None:
    lock = f"Numpy==2.1 \\\n    --hash=sha256:{ONE} \\\n    --hash=sha256:{TWO}\n    # via something\n"
    assert pins(lock, PYTHON) == [Pin("numpy", "2.1", frozenset({ONE, TWO}))]


def test_markers_are_asked_with_the_python_that_is_meant() -> None:
    lock = (
        "a==1 ; python_full_version < '3.12'\nb==1 ; python_full_version >= '3.12'\nc==1 ; python_version == '3.12'\n"
    )
    assert names(lock) == ["b==1", "c==1"]


def test_markers_are_asked_with_this_platform() -> None:
    lock = f"a==1 ; sys_platform == '{sys.platform}'\nb==1 ; sys_platform == 'none'\n"
    assert names(lock) == ["a==1"]


def test_comments_options_and_empty_lines_bring_nothing() -> None:
    assert names("# made by hand\n--index-url https://x\n\na==1 # why\n") == ["a==1"]


def test_an_empty_lock_brings_nothing() -> None:
    assert names("") == []


def test_extras_do_not_change_the_name() -> None:
    assert names("a[b,c]==1\n") == ["a==1"]


def test_a_line_that_cannot_be_read_is_named() -> None:
    with pytest.raises(ValueError, match="'=== torn' isn't a pinned requirement"):
        pins("=== torn\n", PYTHON)


PIN = Pin("a", "1", frozenset())


def test_of_wheels_the_one_that_fits_best_is_taken() -> None:
    assert usable(["a-1.0-py3-none-any.whl", "a-1.0-py312-none-any.whl"], PIN, PYTHON) == "a-1.0-py312-none-any.whl"


def test_wheels_of_another_python_are_not_taken() -> None:
    assert usable(["a-1.0-cp311-cp311-any.whl"], PIN, PYTHON) is None


def test_what_is_no_wheel_is_passed_over() -> None:
    assert usable(["a-1.0.tar.gz", "a.whl", "notes.txt"], PIN, PYTHON) is None


def test_another_version_or_package_is_not_taken() -> None:
    assert usable(["a-2.0-py3-none-any.whl", "b-1.0-py3-none-any.whl"], PIN, PYTHON) is None


@pytest.mark.skipif(sys.platform != "linux", reason="names Linux wheels")
def test_a_binary_wheel_of_this_machine_is_taken_before_a_plain_one() -> None:
    import platform

    binary = f"a-1.0-cp312-cp312-linux_{platform.machine()}.whl"
    assert usable(["a-1.0-py3-none-any.whl", binary], PIN, PYTHON) == binary


def test_a_python_without_a_global_lock_takes_its_own_binaries_only() -> None:
    import platform

    free = BaseInterpreter(Path("/python"), "3.14.0", "cpython-314t-x86_64-linux-gnu")
    usual, own = (f"a-1.0-cp314-{abi}-linux_{platform.machine()}.whl" for abi in ("cp314", "cp314t"))
    assert usable([usual, own], PIN, free) == own
