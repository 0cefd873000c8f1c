"""What a run on one machine doesn't pay for."""

import subprocess
import sys

import pytest


@pytest.mark.parametrize(
    "module", ["pipeline.cli.run_pipeline", "pipeline.run.execution", "pipeline.run.loop", "pipeline.executors"]
)
def test_a_run_on_one_machine_imports_nothing_of_a_cluster(module: str, spawning: None) -> None:
    foreign = "[name for name in sys.modules if name.startswith(('pipeline.cluster', 'distributed', 'dask'))]"
    code = f"import sys, {module}\nprint({foreign})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == "[]\n"
