"""The usual form of ``run-pipeline`` is read without click, and means what click would have made of it."""

import subprocess
import sys

import pytest

from pipeline.cli.run_pipeline import command
from pipeline.cli.usual import read

UNDERSTOOD = [
    ["-j", "latest"],
    ["--job", "a", "-j", "b"],
    ["--root", "folder", "-j", "a"],
    ["-j", "a", "--max-parallel", "2"],
    ["-j", "a", "--start", "worker", "--root", "."],
]
FOR_CLICK = [
    [],
    ["-j"],
    ["-j", ""],
    ["-j", "-h"],
    ["--help"],
    ["--version"],
    ["a"],
    ["-ja"],
    ["--job=a"],
    ["--root", "folder"],
    ["-j", "a", "--max-parallel", "0"],
    ["-j", "a", "--max-parallel", "two"],
    ["-j", "a", "--max-parallel", "²"],
    ["-j", "a", "--start", "hot"],
    ["-j", "a", "--start"],
    ["-j", "a", "--dry-run"],
    ["-j", "a", "--force"],
    ["-j", "a", "--root", "x", "--root", "y"],
    ["-j", "a", "b"],
]


@pytest.mark.parametrize("words", UNDERSTOOD, ids=" ".join)
def test_the_usual_form_means_what_click_makes_of_it(words: list[str]) -> None:
    usual = read(words)
    assert usual is not None
    given = command.make_context("run-pipeline", list(words)).params
    assert usual.jobs == given["names"]
    assert usual.max_parallel == given["max_parallel"]
    assert usual.start == given["start"]


@pytest.mark.parametrize("words", FOR_CLICK, ids=" ".join)
def test_whatever_else_is_written_goes_to_click(words: list[str]) -> None:
    assert read(words) is None


def test_the_usual_form_imports_no_click(spawning: None) -> None:
    code = "import sys; from pipeline.cli import usual, handler, running; sys.exit('click' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], timeout=60, check=False).returncode == 0
