"""How the runner (``sdk/run_stage.py``) is started by an environment's interpreter."""

from pathlib import Path

RUNNER = Path(__file__).parents[1] / "sdk" / "run_stage.py"

# What the interpreter would do with a script's path, but from bytecode, which it keeps of modules only: to compile the
# runner takes a quarter of the time that it takes to start. The bytecode is written where it isn't there; -B forbids
# that for everything else, since it would change environments.
_START = """\
import sys
from _frozen_importlib_external import SourceFileLoader
del sys.argv[0]
__file__ = sys.argv[0]
sys.dont_write_bytecode = False
_code = SourceFileLoader("run_stage", __file__).get_code("run_stage")
sys.dont_write_bytecode = True
exec(_code)
"""


def command(python: Path, *arguments: str | Path) -> list[str | Path]:
    """The command line of a runner with these arguments."""
    return [python, "-I", "-B", "-c", _START, RUNNER, *arguments]
