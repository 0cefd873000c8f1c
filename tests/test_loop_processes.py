"""The short loop's processes run every test once, and tell of it what pytest itself would tell."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

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
NOTED = """\
import os
import pytest

@pytest.mark.parametrize("number", range(20))
def test_that_leaves_a_line(number, tmp_path):
    with open({file!r}, "a") as file:
        print({name!r}, number, os.getpid(), tmp_path, file=file)
"""
SHARED = ("-p", "tests.loop_processes")


@pytest.fixture
def folder(tmp_path: Path, spawning: None) -> Path:
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    return tmp_path


def run_tests(folder: Path, *options: str) -> "subprocess.CompletedProcess[str]":
    words = (sys.executable, "-m", "pytest", "-c", f"{folder}/pytest.ini", "-ra", "-p", "no:cacheprovider", *options)
    return subprocess.run(
        [*words, str(folder)], cwd=REPOSITORY, capture_output=True, text=True, timeout=60, check=False
    )


def lines_of_end(done: "subprocess.CompletedProcess[str]") -> list[str]:
    """The summary that pytest prints, without its times."""
    end = done.stdout.partition("short test summary info")[2]
    return sorted(re.sub(r" in [\d.]+s.*|=", "", line).strip() for line in end.splitlines())


@pytest.mark.parametrize("option", ["--capture=fd", "--durations=3", "-v"])
def test_all_is_told_that_pytest_tells(folder: Path, option: str) -> None:
    for name in ("one", "other"):
        (folder / f"test_{name}.py").write_text(TESTS)
    usual, shared = run_tests(folder, "-n0", option), run_tests(folder, "-n0", option, *SHARED)
    assert any("2 failed, 4 passed, 4 skipped, 2 xfailed, 4 errors" in line for line in lines_of_end(usual))
    assert lines_of_end(shared) == lines_of_end(usual)
    assert usual.returncode == shared.returncode == 1
    assert usual.stdout.count("its output") == shared.stdout.count("its output") == 2


def test_each_test_is_run_once_and_has_a_folder_of_its_own(folder: Path) -> None:
    file = folder / "noted"
    for name in "abcdef":
        (folder / f"test_{name}.py").write_text(NOTED.format(file=str(file), name=name))
    done = run_tests(folder, "-n0", *SHARED)
    assert done.returncode == 0, done.stdout
    lines = [line.split() for line in file.read_text().splitlines()]
    assert sorted((name, int(number)) for name, number, _, _ in lines) == [(n, i) for n in "abcdef" for i in range(20)]
    assert len({place for _, _, _, place in lines}) == len(lines)


def test_a_process_that_dies_fails_its_test_alone(folder: Path) -> None:
    deadly = "def test_before(): pass\n\ndef test_that_dies(): os.kill(os.getpid(), 9)\n\ndef test_after(): pass\n"
    (folder / "test_death.py").write_text(f"import os\n\n{deadly}")
    (folder / "test_life.py").write_text("def test_that_lives(): pass\n")
    done = run_tests(folder, "-n0", *SHARED)
    assert done.returncode == 1
    assert "its process ended here, with -9" in done.stdout
    assert any("1 failed, 3 passed" in line for line in lines_of_end(done)), done.stdout


def test_the_first_failure_can_end_all(folder: Path) -> None:
    (folder / "test_failure.py").write_text("def test_that_fails(): assert False\n")
    slow = "import time, pytest\n\n@pytest.mark.parametrize('n', range(200))\ndef test_slow(n): time.sleep(0.2)\n"
    (folder / "test_slow.py").write_text(slow)
    done = run_tests(folder, "-n0", "-x", *SHARED)
    assert done.returncode == 1
    assert "stopping after 1 failures" in done.stdout


def test_what_ends_a_process_beside_its_tests_is_an_error(folder: Path) -> None:
    (folder / "conftest.py").write_text("def pytest_runtest_setup(item): item.session.items = None\n")
    for name in ("one", "other"):
        (folder / f"test_{name}.py").write_text("def test_this(): pass\n\ndef test_that(): pass\n")
    done = run_tests(folder, "-n0", *SHARED)
    assert done.returncode == 3
    assert "INTERNALERROR" in done.stdout
