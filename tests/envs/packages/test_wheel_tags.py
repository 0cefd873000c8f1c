"""Which of a package's files one Python can use."""

import sys
from pathlib import Path

import pytest

from pipeline.envs.interpreters import BaseInterpreter
from pipeline.envs.lockfiles.lockfile import Pin
from pipeline.envs.packages.wheel_tags import best_wheel

PYTHON = BaseInterpreter(Path("/python"), "3.12.4", "cpython-312-x86_64-linux-gnu")


PIN = Pin("a", "1", line=1)


def test_of_wheels_the_one_that_fits_best_is_taken() -> None:
    assert best_wheel(["a-1.0-py3-none-any.whl", "a-1.0-py312-none-any.whl"], PIN, PYTHON) == "a-1.0-py312-none-any.whl"


def test_wheels_of_another_python_are_not_taken() -> None:
    assert best_wheel(["a-1.0-cp311-cp311-any.whl"], PIN, PYTHON) is None


def test_what_is_no_wheel_is_passed_over() -> None:
    assert best_wheel(["a-1.0.tar.gz", "a.whl", "notes.txt"], PIN, PYTHON) is None


def test_another_version_or_package_is_not_taken() -> None:
    assert best_wheel(["a-2.0-py3-none-any.whl", "b-1.0-py3-none-any.whl"], PIN, PYTHON) is None


def test_a_package_from_an_address_has_whatever_version_its_file_has() -> None:
    pin = Pin("a", "https://host/a-3.0-py3-none-any.whl", line=1)
    assert best_wheel(["a-3.0-py3-none-any.whl"], pin, PYTHON) == "a-3.0-py3-none-any.whl"


@pytest.mark.skipif(sys.platform != "linux", reason="names Linux wheels")
def test_a_binary_wheel_of_this_machine_is_taken_before_a_plain_one() -> None:
    import platform

    binary = f"a-1.0-cp312-cp312-linux_{platform.machine()}.whl"
    assert best_wheel(["a-1.0-py3-none-any.whl", binary], PIN, PYTHON) == binary


def test_a_python_without_a_global_lock_takes_its_own_binaries_only() -> None:
    import platform

    free = BaseInterpreter(Path("/python"), "3.14.0", "cpython-314t-x86_64-linux-gnu")
    usual, own = (f"a-1.0-cp314-{abi}-linux_{platform.machine()}.whl" for abi in ("cp314", "cp314t"))
    assert best_wheel([usual, own], PIN, free) == own
