"""The modules that serve calls load little, and tell of functions what ``inspect`` would, in each Python."""

import subprocess
import sys

import pytest

from pipeline.envs import uv
from pipeline.executors.runner import RUNNER
from tests.conftest import FIXTURES

CHECK = FIXTURES / "called" / "modules_alone.py"


@pytest.mark.parametrize("version", ["3.8", "3.9", "3.10", "3.11", "3.12", "3.13", "3.14"])
def test_functions_are_told_as_inspect_finds_them(spawning: None, version: str) -> None:
    command = [str(uv.find()), "python", "find", "--no-python-downloads", "--no-project", version]
    python = subprocess.run(command, capture_output=True, text=True, check=False)
    if python.returncode:
        pytest.skip(f"there is no Python {version} here")
    checking = [python.stdout.strip(), "-I", "-S", str(CHECK), str(RUNNER.parent)]
    assert subprocess.run(checking, capture_output=True, text=True, check=True).stdout.startswith(version)


def test_python_s_own_code_for_json_may_be_another_one(spawning: None) -> None:
    """Then ``json`` itself is used: here, it isn't there at all."""
    code = (
        f"import sys; sys.modules['_json'] = None; sys.path.insert(0, {str(RUNNER.parent)!r})\n"
        "import callprotocol as c; message = {'a': [1, 0.5, 'ä']}\n"
        "assert c.decode_message(c.encode_frame(message)[16:]) == message"
    )
    subprocess.run([sys.executable, "-I", "-c", code], check=True)
