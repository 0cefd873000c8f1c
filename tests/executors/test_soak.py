"""The soak of ``scripts/bench/soak.py``, a short one: thousands of stages, each of which must end as it should."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY

SOAK = REPOSITORY / "scripts" / "bench" / "soak.py"


def soak(folder: Path, *options: str) -> "subprocess.CompletedProcess[str]":
    argv: list[str | Path] = [sys.executable, SOAK, "--folder", folder, "--json", *options]
    return subprocess.run(argv, capture_output=True, text=True, timeout=1800, check=False)


@pytest.mark.exhaustive
def test_every_stage_ends_as_it_should_while_the_processors_are_busy(spawning: None, tmp_path: Path) -> None:
    done = soak(tmp_path, "--stages", "2000", "--slice", "500")
    assert (done.returncode, done.stderr.count("\n")) == (0, 4), done.stdout + done.stderr


@pytest.mark.exhaustive
def test_a_stage_that_was_killed_is_told(spawning: None, tmp_path: Path) -> None:
    done = soak(tmp_path, "--stages", "20", "--slice", "9", "--spoil")
    assert done.returncode == 1, done.stderr
    figures = json.loads(done.stdout)
    ended = {"finished": 9, "it was killed by SIGKILL": 1}
    assert {way: each["ends"] for way, each in figures.items()} == {"cold": ended, "worker": ended}
