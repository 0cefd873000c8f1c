"""A stage in a user namespace of its own has no more rights over its user's files than outside."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY

SOURCE = (REPOSITORY / "pipeline/sdk/confinement.py").read_text(encoding="utf-8").partition("\nif __name__")[0]
NOBODY = 65534
ATTEMPT = """
import os, sys
file = os.path.join(sys.argv[1], "own")
open(file, "w").close()
os.chmod(file, 0o444)
try:
    ACT
except OSError as error:
    print("impossible:", error)
    sys.exit()
try:
    open(file, "a").close()
    print("written")
except PermissionError:
    print("refused")
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    """That another user may write into, too."""
    with tempfile.TemporaryDirectory(dir="/tmp") as name:
        Path(name).chmod(0o777)
        yield Path(name)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has such namespaces")
@pytest.mark.parametrize("act", ["confine(False, None)", "confine(True, sys.argv[1])", "protect(file)"])
def test_read_only_files_stay_read_only(folder: Path, act: str, spawning: None) -> None:
    python = sys.executable if os.geteuid() else "/usr/bin/python3"
    if not Path(python).exists():
        pytest.skip("there is no Python that another user may run")
    done = subprocess.run(
        [python, "-I", "-c", SOURCE + ATTEMPT.replace("ACT", act), folder],
        user=None if os.geteuid() else NOBODY,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.stdout.startswith("impossible"):
        pytest.skip(done.stdout)
    # By a mount that is read-only, as another error, or by its mode.
    assert "written" not in done.stdout, done.stderr
