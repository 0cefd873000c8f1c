import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.envs.private_file import private_file

KILLED = """
import os, subprocess
from pipeline.envs.private_file import private_file
with private_file("a.toml", "very secret") as file:
    assert "secret" in subprocess.run(["cat", file], capture_output=True, text=True).stdout
    os.kill(os.getpid(), 9)
"""


@pytest.mark.skipif(not hasattr(os, "memfd_create"), reason="only Linux has files in memory")
def test_a_process_that_is_killed_leaves_no_file(tmp_path: Path, spawning: None) -> None:
    done = subprocess.run([sys.executable, "-c", KILLED], env={**os.environ, "TMPDIR": str(tmp_path)}, check=False)
    assert done.returncode == -9
    assert list(tmp_path.iterdir()) == []


def test_where_there_are_none_in_memory_it_is_its_owner_s_alone_and_is_removed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "memfd_create", raising=False)
    with private_file("a.toml", "text") as file:
        assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
        assert (file.name, file.read_text()) == ("a.toml", "text")
    assert not file.parent.exists()
