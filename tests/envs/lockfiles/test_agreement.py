"""A lock against its requirements: what no longer fits is named with the lines of both."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.envs.definition import Definition
from pipeline.envs.lockfiles import agreement
from pipeline.errors import NotReady

HASH = f" --hash=sha256:{'a' * 64}"


@pytest.fixture
def definition(tmp_path: Path) -> Definition:
    folder = tmp_path / "requirements"
    folder.mkdir()
    return Definition("alpha", ">=3.11,<3.14", folder / "alpha.lock", requirements=folder / "alpha.txt")


def mismatch(definition: Definition, asked: str, lock: str) -> str | None:
    """``HASH`` is added to each pin of the lock."""
    assert definition.requirements is not None
    definition.requirements.write_text(asked)
    pins = [line if line.lstrip().startswith("#") else line + HASH for line in lock.splitlines()]
    definition.locked.write_text("\n".join(pins) + "\n")
    return agreement.problem(definition)


@pytest.mark.parametrize(
    ("asked", "lock"),
    [
        ("numpy\n", "numpy==2.2.0"),
        ("numpy>=2,<3\n", "numpy==2.2.0"),
        ("NumPy\n", "numpy==2.2.0"),
        ("typing.extensions\n", "typing-extensions==4.0"),
        ("numpy>=2\n", "numpy==3.0.0rc1"),
        ("torch==2.9.0\n", "torch==2.9.0+cu128"),
        ("numpy ; sys_platform == 'nowhere'\n", ""),
        ("numpy ; python_version < '3.11'\n", ""),
        ("numpy\n", "numpy==2.0 ; python_full_version < '3.12'\nnumpy==2.2 ; python_full_version >= '3.12'"),
        ("numpy<2.1 ; python_version < '3.12'\n", "numpy==2.0 ; python_full_version < '3.12'"),
        ("# nothing\n", ""),
        ("", "more==1.0"),
        ("x[extra]\n", "x==1.0"),
        ("x @ https://host/x-1.whl\n", "x @ https://host/x-1.whl"),
        ("--extra-index-url https://host/simple\nnumpy\n", "numpy==2.2.0"),
        ("numpy==2.2.0 --hash=sha256:1234\n", "numpy==2.2.0"),
    ],
)
def test_a_lock_that_gives_what_is_asked_for_agrees(definition: Definition, asked: str, lock: str) -> None:
    assert mismatch(definition, asked, lock) is None


@pytest.mark.parametrize(
    ("asked", "lock", "expected"),
    [
        ("scipy\nnumpy\n", "scipy==1.0", "requirements/alpha.txt:2: numpy isn't in requirements/alpha.lock"),
        (
            "\nnumpy>=2.2\n",
            "# words\nnumpy==2.1.0",
            "requirements/alpha.txt:2: numpy>=2.2 isn't what requirements/alpha.lock:2 has, which is numpy 2.1.0",
        ),
        (
            "numpy\n",
            "numpy==2.0 ; python_full_version < '3.13'",
            "requirements/alpha.txt:1: numpy isn't in requirements/alpha.lock for Python 3.13",
        ),
        (
            "numpy<2.1\n",
            "numpy==2.0 ; python_full_version < '3.12'\nnumpy==2.2 ; python_full_version >= '3.12'",
            "requirements/alpha.txt:1: numpy<2.1 isn't what requirements/alpha.lock:2 has, which is numpy 2.2",
        ),
        ("numpy\n", "numpy==2.0 ; sys_platform == 'nowhere'", "requirements/alpha.txt:1: numpy isn't in"),
        ("x @ https://host/x-2.whl\n", "x @ https://host/x-1.whl", "alpha.txt:1: x @ https://host/x-2.whl isn't what"),
        ("num py\n", "", "requirements/alpha.txt:1: 'num py' isn't a requirement"),
        ("./here.whl\n", "", "requirements/alpha.txt:1: ./here.whl names a file of this machine"),
        (
            "numpy\n",
            "numpy==2.0\nscipy==1.0\n    # via -r requirements/alpha.txt",
            "alpha.lock:2: scipy 1.0 is there for requirements/alpha.txt, which doesn't ask for it any more",
        ),
        (
            "x[one,two]\n",
            "# locked for Python >=3.11,<3.14\nx[one]==1.0",
            "requirements/alpha.txt:1: the extra two of x isn't what requirements/alpha.lock:2 has",
        ),
        (
            "numpy\n",
            "# locked for Python >=3.12\nnumpy==2.0",
            "requirements/alpha.lock:1: it was made for Python >=3.12, and >=3.11,<3.14 is asked for",
        ),
    ],
)
def test_a_lock_that_does_not_is_told_with_both_lines(
    definition: Definition, asked: str, lock: str, expected: str
) -> None:
    assert expected in str(mismatch(definition, asked, lock))


def test_requirements_that_were_emptied_are_told_pin_by_pin(definition: Definition) -> None:
    reason = mismatch(definition, "# nothing\n", "numpy==2.0\n    # via -r requirements/alpha.txt")
    assert re.search(r"numpy 2\.0 .*requirements/alpha\.txt", str(reason))


def test_a_package_that_another_one_needs_too_may_leave_the_requirements(definition: Definition) -> None:
    lock = "numpy==2.0\nscipy==1.0\n    # via\n    #   -r requirements/alpha.txt\n    #   numpy"
    assert mismatch(definition, "numpy\n", lock) is None


def test_a_narrower_range_than_the_lock_was_made_for_agrees(definition: Definition) -> None:
    assert mismatch(definition, "numpy\n", "# locked for Python >=3.9\nnumpy==2.0") is None


def test_constraints_bound_pins_that_are_there_and_ask_for_none(definition: Definition, tmp_path: Path) -> None:
    (tmp_path / "requirements/bounds.txt").write_text("numpy<2\nabsent<1\n")
    reason = mismatch(definition, "-c bounds.txt\nscipy\n", "scipy==1.0\nnumpy==2.0")
    assert re.match(r"requirements/bounds\.txt:1: numpy<2 .*requirements/alpha\.lock:2 .*numpy 2\.0", str(reason))


def test_many_disagreements_are_counted_and_some_of_them_shown(definition: Definition) -> None:
    reason = mismatch(definition, "".join(f"package{number}\n" for number in range(9)), "")
    assert str(reason).count("isn't in") == 5
    assert str(reason).endswith("and 4 more")


def test_a_lock_that_was_damaged_by_hand_is_told_with_its_line(definition: Definition) -> None:
    definition.locked.write_text("numpy==2.0\n")
    assert str(agreement.problem(definition)).startswith("requirements/alpha.lock:1: numpy ")


@pytest.mark.parametrize("data", [b"\xff\xfe", b"\x00"])
def test_a_lock_that_is_no_text_is_told(definition: Definition, data: bytes) -> None:
    assert definition.requirements is not None
    definition.requirements.touch()
    definition.locked.write_bytes(data)
    assert str(agreement.problem(definition)).startswith("requirements/alpha.lock")


def test_requirements_that_are_gone_are_told(definition: Definition) -> None:
    definition.locked.touch()
    assert str(agreement.problem(definition)).startswith("requirements/alpha.txt: ")


def test_an_external_environment_has_no_lock_to_disagree(definition: Definition) -> None:
    assert agreement.problem(replace(definition, lock=None, requirements=None)) is None


def test_an_error_says_which_command_makes_them_agree(definition: Definition) -> None:
    definition.locked.write_text("numpy==2.0\n")
    with pytest.raises(NotReady, match=r"environment 'alpha': requirements/alpha\.lock:1") as refused:
        agreement.require(definition)
    assert refused.value.next_step == "pipeline env lock alpha"


@pytest.mark.parametrize(
    ("asked", "edited"),
    [
        ("-c gone.txt\nnumpy\n", "write requirements/gone.txt, or take this line out of requirements/alpha.txt"),
        ("-r alpha.txt\n", "take this line out of requirements/alpha.txt"),
        ("numpy\n./local.whl\n", "change requirements/alpha.txt:2"),
        ("numpy\n\nno requirement\n", "change requirements/alpha.txt:3"),
    ],
)
def test_what_no_lock_can_be_made_of_is_edited_first(definition: Definition, asked: str, edited: str) -> None:
    assert mismatch(definition, asked, "numpy==2.2.0")
    edit, *commands = agreement.repair(definition).splitlines()
    assert edit.startswith(edited)
    assert commands == ["pipeline env lock alpha"]


def test_what_a_lock_can_be_made_of_is_locked(definition: Definition) -> None:
    assert mismatch(definition, "numpy<2\n--pre\n", "numpy==2.2.0")
    assert agreement.repair(definition) == "pipeline env lock alpha"
