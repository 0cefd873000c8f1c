"""``pipeline cluster``."""

import json
import stat
from pathlib import Path

import pytest
from click.testing import CliRunner

from pipeline.cli.main import command
from pipeline.errors import PipelineError

CLUSTERS = """
desk: {kind: local, nodes: 2, labels: {node: small}, licences: {matlab: 1}}
hpc: {kind: slurm, nodes: {max: 4}, cpus: 1, memory: 1 GiB, queue: gpu}
kube: {kind: kubernetes, nodes: {max: 3}, cpus: 1, memory: 1 GiB, image: x, context: far, namespace: films}
lab: {kind: address, address: "tls://10.0.0.5:8786"}
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "pipeline.yaml").write_text("{}\n")
    (tmp_path / "config" / "clusters.yaml").write_text(CLUSTERS)
    return tmp_path


def called(root: Path, *words: str) -> str:
    result = CliRunner().invoke(command, ["cluster", *words, "--root", str(root)], catch_exceptions=True)
    if isinstance(result.exception, PipelineError):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.output


def test_clusters_are_listed_with_what_is_said_of_them(root: Path) -> None:
    rows = {row["name"]: row for row in json.loads(called(root, "list", "--json"))["data"]}
    assert {name: (row["kind"], row["where"], row["nodes"]) for name, row in rows.items()} == {
        "desk": ("local", "", "2"),
        "hpc": ("slurm", "gpu", "0 to 4"),
        "kube": ("kubernetes", "far films", "0 to 3"),
        "lab": ("address", "tls://10.0.0.5:8786", ""),
    }
    assert rows["desk"]["labels"] == ["node=small"]
    assert rows["desk"]["licences"] == {"matlab": 1}
    assert "lab" in called(root, "list")


def test_a_project_without_clusters_says_so(root: Path) -> None:
    (root / "config" / "clusters.yaml").unlink()
    assert "config/clusters.yaml defines no cluster" in called(root, "list")


def test_certificates_are_made_once_and_again_only_by_force(root: Path) -> None:
    made = json.loads(called(root, "certificates", "lab", "--json"))["data"]
    key = Path(made["folder"], "node.key")
    before = key.read_bytes()
    assert made["made"]
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    shown = called(root, "certificates", "lab")
    assert "there already" in shown
    assert "dask worker tls://10.0.0.5:8786" in shown
    assert shown.count("--no-dashboard --dashboard-address 127.0.0.1:0 ") == 2  # nobody else reads its pages
    assert key.read_bytes() == before
    called(root, "certificates", "lab", "--force")
    assert key.read_bytes() != before


def test_a_cluster_that_is_made_for_runs_is_shown_without_starting_it(root: Path) -> None:
    shown = called(root, "show", "hpc")
    assert "where: gpu" in shown
    assert "pipeline cluster show hpc --start" in shown


def test_without_certificates_the_command_that_makes_them_is_named(root: Path) -> None:
    with pytest.raises(PipelineError, match="there are no certificates for lab") as caught:
        called(root, "show", "lab")
    assert caught.value.command == "pipeline cluster certificates lab"


def test_an_unknown_cluster_is_told(root: Path) -> None:
    with pytest.raises(PipelineError, match="no cluster 'desk2'; did you mean 'desk'"):
        called(root, "show", "desk2")
