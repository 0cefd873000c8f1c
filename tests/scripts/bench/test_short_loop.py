"""The bench of the short loop compares as many empty tests, and refuses a loop that fails."""

from pathlib import Path

import pytest
import short_loop
from measuring import Failed

TEXT = (
    "import pytest\n\n@pytest.mark.parametrize('number', range({count}))\ndef test_one(number):\n    assert {truth}\n"
)


@pytest.fixture
def tests(tmp_path: Path) -> Path:
    (tmp_path / "conftest.py").write_text(short_loop.CONFTEST)
    for count in (2, 3):
        (tmp_path / f"test_{count}.py").write_text(TEXT.format(count=count, truth=True))
    return tmp_path


def test_the_empty_tests_are_as_many_in_as_many_files(tests: Path, spawning: None) -> None:
    figures = short_loop._measure(1, short_loop._options(tests))
    assert (figures["tests"], figures["files"]) == (5, 2)
    assert figures["ratio"] > 0


def test_a_loop_that_fails_is_no_figure(tests: Path, spawning: None) -> None:
    (tests / "test_2.py").write_text(TEXT.format(count=2, truth=False))
    with pytest.raises(Failed):
        short_loop._measure(1, short_loop._options(tests))
