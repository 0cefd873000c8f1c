"""Ranges of versions of Python, read as the package ``packaging`` reads them."""

import subprocess
import sys

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from packaging.specifiers import InvalidSpecifier, SpecifierSet

from pipeline.envs.python_range import InvalidRange, check, contains

NUMBERS = st.lists(st.sampled_from(["0", "1", "3", "9", "10", "11", "012"]), min_size=1, max_size=4).map(".".join)
SIGNS = st.sampled_from([">=", "<=", "==", "!=", ">", "<", "~=", "===", "", "="])
ENDS = st.sampled_from(["", ".*", "rc1", ".", " ", ".dev0"])
CLAUSES = st.builds("{}{}{}{}".format, SIGNS, st.sampled_from(["", " "]), NUMBERS, ENDS)
RANGES = st.lists(CLAUSES, max_size=3).map(",".join)
VERSIONS = st.builds("{}{}".format, NUMBERS, st.sampled_from(["", "", "", "rc1", "+local"]))


@given(RANGES, VERSIONS)
@example(">=3.10,<3.13", "3.13.0rc1")
@example("==3.11.*", "3.11")
@example("!=3.11.*,>3", "3.12.1")
@example(">=3.10,", "3.11.7")
@example("==3.11.0", "3.11")
@example(" ", "3.11")
def test_a_range_means_what_packaging_makes_of_it(text: str, version: str) -> None:
    try:
        expected = SpecifierSet(text)
    except InvalidSpecifier:
        with pytest.raises(InvalidRange):
            check(text)
        return
    check(text)
    assert contains(text, version) == (version in expected)


@pytest.mark.parametrize("text", [">=3.10,<3.13", "==3.11.*", ">=3.10", ""])
def test_plain_ranges_need_no_other_package(text: str, spawning: None) -> None:
    code = (
        "import sys\nfrom pipeline.envs.python_range import check, contains\n"
        f"check({text!r})\nassert contains({text!r}, '3.11.7')\nassert 'packaging' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
