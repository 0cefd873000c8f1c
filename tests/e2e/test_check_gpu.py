"""The script for people who have a GPU, on a machine that may have none."""

import subprocess
import sys

from tests.conftest import REPOSITORY
from tests.e2e.conftest import REAL_VARIABLES
from tests.e2e.test_subtitle import PATIENCE


def test_the_script_recognises_the_sample_and_says_on_what(bootstrapped: None) -> None:
    command = [sys.executable, str(REPOSITORY / "scripts" / "check_gpu.py")]
    hidden = {**REAL_VARIABLES, "CUDA_VISIBLE_DEVICES": ""}
    done = subprocess.run(command, env=hidden, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert done.returncode == 0, done.stderr
    assert "computed on        CPU" in done.stdout
    assert "no GPU on this machine" in done.stdout
