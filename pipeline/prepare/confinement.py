"""Whether stages can be confined on this machine: cut off from the network, and from writing outside their folder."""

import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from pipeline import process
from pipeline.envs.variables import without_python
from pipeline.jobs.plan import PlannedStage
from pipeline.values import replace

PROGRAM = Path(__file__).parents[1] / "sdk" / "confinement.py"
SECONDS = 20.0


def problem(stages: Sequence[PlannedStage]) -> str | None:
    """Why it can't be done here. ``None`` where it can, and where no stage asks for it.

    It is tried, since kernels, containers and security modules forbid parts of it in many ways.
    """
    if not any(stage.is_confined for stage in stages):
        return None
    if sys.platform != "linux":
        return "only Linux can do it"
    with tempfile.TemporaryDirectory(prefix="pipeline-") as folder:
        try:
            done = process.run([sys.executable, "-I", PROGRAM, folder], without_python(os.environ), SECONDS)
        except (OSError, process.TimedOut) as error:
            return str(error)
    return None if done.returncode == 0 else f"the system doesn't allow it ({_last(done.error_text)})"


def lifted(stage: PlannedStage) -> PlannedStage:
    """The stage without bounds."""
    return replace(stage, network=True, read_only=False)


def _last(text: str) -> str:
    return (text.splitlines() or ["it says nothing"])[-1]
