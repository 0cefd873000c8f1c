"""The short loop tells of every test what pytest itself would tell at its end."""

import re
import subprocess
import sys
from pathlib import Path

from tests.conftest import REPOSITORY

TESTS = """\
import pytest

def test_that_passes(): pass

def test_that_fails(): print("its", "output"); assert 1 == 2

@pytest.mark.skip(reason="why not")
def test_that_is_skipped(): pass

def test_that_skips_itself(): pytest.skip("why not")

@pytest.mark.xfail(strict=True)
def test_that_is_expected_to_fail(): assert 1 == 2

@pytest.fixture
def broken(): raise OSError("in set-up")

def test_whose_set_up_fails(broken): pass

@pytest.fixture
def badly_left():
    yield
    raise OSError("in take-down")

def test_whose_take_down_fails(badly_left): pass
"""


def lines_of_end(folder: Path, *options: str) -> list[str]:
    """The summary that pytest prints, without its times."""
    words = (sys.executable, "-m", "pytest", "-c", f"{folder}/pytest.ini", "-ra", "-p", "no:cacheprovider", *options)
    done = subprocess.run(
        [*words, str(folder)], cwd=REPOSITORY, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 1, done.stderr
    assert done.stdout.count("its output") == 1
    end = done.stdout.partition("short test summary info")[2]
    return sorted(re.sub(r" in [\d.]+s.*|=", "", line).strip() for line in end.splitlines())


def test_nothing_but_what_passed_is_told_more_briefly(tmp_path: Path, spawning: None) -> None:
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    (tmp_path / "test_all.py").write_text(TESTS)
    usual = lines_of_end(tmp_path, "-n1")
    assert any("1 failed, 2 passed, 2 skipped, 1 xfailed, 2 errors" in line for line in usual), usual
    assert lines_of_end(tmp_path, "-n1", "-p", "tests.brief_reports") == usual
