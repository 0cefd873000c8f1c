"""Ranges of Python versions."""

import pytest

from pipeline.envs.lockfiles.ranges import bounds_beside_the_lowest, lower_bound, versions_in


@pytest.mark.parametrize(
    ("python", "expected"),
    [
        (">=3.10,<3.14", "3.10"),
        (">=3.10.2", "3.10.2"),
        ("~=3.12", "3.12"),
        ("==3.12.*", "3.12"),
        ("==3.12.7", "3.12.7"),
        (">3.9,!=3.10.0", "3.9"),
        ("", "3.11"),
        ("<3.13", "3.11"),
        ("<3.10", "3.8"),
    ],
)
def test_the_oldest_python_of_a_range(python: str, expected: str) -> None:
    assert lower_bound(python) == expected


@pytest.mark.parametrize(
    ("python", "expected"),
    [
        (">=3.10", []),
        (">=3.10,<3.14", ["python_full_version < '3.14'"]),
        ("<3.14,!=3.12.1", ["python_full_version != '3.12.1'", "python_full_version < '3.14'"]),
        ("==3.12.*", ["python_full_version == '3.12.*'"]),
    ],
)
def test_what_else_a_range_says(python: str, expected: list[str]) -> None:
    assert bounds_beside_the_lowest(python) == expected


def test_a_range_of_one_version_holds_it() -> None:
    assert versions_in("==3.12.7") == ["3.12.7"]


def test_versions_are_in_their_order() -> None:
    assert versions_in(">=3.9,<3.11") == ["3.9.0", "3.9.99", "3.10.0", "3.10.99"]
