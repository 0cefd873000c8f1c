"""A run on one machine has nothing to do with Dask."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.sources import imports, module
from tests.conftest import REPOSITORY

PACKAGE = REPOSITORY / "pipeline"
LIBRARIES = {"asyncssh", "dask", "dask_jobqueue", "distributed", "kubernetes", "tornado"}
ROOMS = (PACKAGE / "cluster" / "dask", PACKAGE / "cluster" / "kubernetes")


@pytest.mark.long
def test_two_rooms_import_what_deploys_nodes() -> None:
    strays = [
        f"{path.relative_to(PACKAGE)}:{line}"
        for path in PACKAGE.rglob("*.py")
        for imported, line in imports(path)
        if imported.split(".")[0] in LIBRARIES and not any(path.is_relative_to(room) for room in ROOMS)
    ]
    assert strays == []


@pytest.mark.long
def test_one_module_outside_opens_that_room() -> None:
    room = PACKAGE / "cluster" / "dask"
    users = {
        module(path)
        for path in PACKAGE.rglob("*.py")
        if not path.is_relative_to(room)
        for imported, _ in imports(path)
        if imported.startswith("pipeline.cluster.dask.")
    }
    assert users == {"pipeline.cluster.membership", "pipeline.cluster.inspection"}  # the second for its types alone


def test_clusters_are_listed_and_without_dask_the_installation_is_named(spawning: None, tmp_path: Path) -> None:
    config = tmp_path / "config"
    config.mkdir()
    (config / "pipeline.yaml").write_text("{}\n")
    (config / "clusters.yaml").write_text("desk: {kind: local}\n")
    hide = "import sys\nfor name in ('distributed', 'dask', 'tornado'): sys.modules[name] = None\n"
    program = f"{hide}from pipeline.cli.main import main\nmain()"

    def called(*words: str) -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, "-c", program, *words, "--root", str(tmp_path)]
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)

    listed = called("cluster", "list")
    assert (listed.returncode, "desk" in listed.stdout) == (0, True)
    shown = called("cluster", "show", "desk", "--start")
    assert shown.returncode == 3
    assert "uv pip install --python" in shown.stderr
