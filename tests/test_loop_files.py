"""The short loop collects files again when they may have something for it, and else leaves them alone."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY

LONG = "import pytest\n\n@pytest.mark.long\ndef test_that_is_long(): pass\n"
SHORT = "def test_that_is_short(): pass\n"


@pytest.fixture
def tests(tmp_path: Path, spawning: None) -> Path:
    (tmp_path / "pytest.ini").write_text("[pytest]\nmarkers = long: of the whole\n")
    folder = tmp_path / "tests"
    folder.mkdir()
    (folder / "test_short.py").write_text(SHORT)
    (folder / "test_long.py").write_text(LONG)
    return folder


def end(tests: Path, *options: str) -> str:
    """The last line of the loop that runs these tests."""
    words = (sys.executable, "-m", "pytest", "-c", f"{tests.parent}/pytest.ini", "-q", "-n0", "-p", "tests.loop_files")
    done = subprocess.run(
        [*words, "-m", "not long", *options, str(tests)],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.stdout.splitlines()[-1].partition(" in ")[0]


def test_a_file_with_nothing_for_the_loop_is_collected_once(tests: Path) -> None:
    assert end(tests) == "1 passed, 1 deselected"
    assert end(tests) == "1 passed"


def test_a_file_that_changes_is_collected_again(tests: Path) -> None:
    end(tests)
    (tests / "test_long.py").write_text(LONG + SHORT)
    assert end(tests) == end(tests) == "2 passed, 1 deselected"


def test_all_files_are_collected_again_when_fixtures_change(tests: Path) -> None:
    end(tests)
    (tests / "conftest.py").write_text("")
    assert end(tests) == "1 passed, 1 deselected"


def test_what_is_left_out_by_its_name_is_not_forgotten(tests: Path) -> None:
    assert end(tests, "-k", "nothing_of_that_name") == "2 deselected"
    assert end(tests) == "1 passed"
