"""The Python interface: what it takes to begin, and a job of 1,000 stages that do nothing, against the commands.

python_import_ms  import pipeline; Project(FOLDER), in milliseconds of processor time more than an interpreter
                  that does nothing
python_api        prepare and run in a program / prepare-job and run-pipeline, in the same rounds; nothing is reused
"""

import shutil
import statistics
import sys
from pathlib import Path

from measuring import BIN, chain, make_project, median_ratio, spend, timed
from own_project_parts import OwnProjectBench

STAGES = 1000
BEGINNINGS = 20  # of interpreters, of each kind in turn
LIMITS = {"python_import_ms": 40.0, "python_api": 1.05}
NOOP = """# /// script
# [tool.pipeline.stage]
# environment = "bare"
# cache = false
# ///
def run(stage):
    pass
"""
PROGRAM = """import sys
from pipeline import Project
job = Project(sys.argv[1]).prepare("chain", sys.argv[2])
job.run()
assert job.state == "finished", job.state
"""


def measure(bench: OwnProjectBench) -> None:
    project = make_project(bench.folder / "python", {"noop": NOOP}, {"chain": chain(STAGES)})
    try:
        bench.figures.measure("python_import_ms", lambda: _beginning(project))
        bench.figures.measure(
            "python_api", lambda: median_ratio(bench.pairs, lambda: _program(project), lambda: _commands(project))
        )
    finally:
        shutil.rmtree(project, ignore_errors=True)


def _beginning(project: Path) -> float:
    """The median of what each start takes more than the bare one beside it, in processor time: it waits for nothing,
    and so a machine that is busy with other things gives nearly the same figure.
    """
    ours: list[str | Path] = [sys.executable, "-c", "import sys, pipeline; pipeline.Project(sys.argv[1])", project]
    bare: list[str | Path] = [sys.executable, "-c", "pass", project]
    spend(ours)
    return round(1000 * statistics.median(spend(ours).cpu - spend(bare).cpu for _ in range(BEGINNINGS)), 1)


def _program(project: Path) -> float:
    _forget(project)
    return timed([sys.executable, "-c", PROGRAM, project, project / "input.txt"])


def _commands(project: Path) -> float:
    _forget(project)
    prepare: list[str | Path] = [BIN / "prepare-job", "--root", project, project / "input.txt", "--workflow", "chain"]
    return timed(prepare) + timed([BIN / "run-pipeline", "--root", project, "-j", "latest"])


def _forget(project: Path) -> None:
    """Each round begins without jobs. No stage's result is shared, so that every one runs."""
    shutil.rmtree(project / "jobs", ignore_errors=True)
