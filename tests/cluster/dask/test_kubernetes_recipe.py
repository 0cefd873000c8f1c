"""The document's pods for Kubernetes: their commands are run as they stand, with what Kubernetes would put in."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from pipeline.cluster.certificates import authority
from pipeline.cluster.certificates.certificate_files import CertificateFiles
from pipeline.cluster.definitions.cluster_definition import ClusterDefinition, SchedulerAddress
from tests.cluster.dask.helpers import DaskProcesses, following, wait_for
from tests.conftest import REPOSITORY

DOCUMENT = REPOSITORY / "docs/how-to/more-than-one-machine.md"
NODE_FILES = {"authority.crt", "node.crt", "node.key"}


@pytest.fixture(scope="module")
def section() -> str:
    return DOCUMENT.read_text(encoding="utf-8").partition("\n## Kubernetes\n")[2]


@pytest.fixture(scope="module")
def blocks(section: str) -> list[list[dict[str, Any]]]:
    return [list(yaml.safe_load_all(block)) for block in re.findall(r"```yaml\n(.*?)```", section, re.DOTALL)]


@pytest.fixture(scope="module")
def objects(blocks: list[list[dict[str, Any]]]) -> dict[str, dict[str, Any]]:
    return {f"{each['kind']} {each['metadata']['name']}": each for each in blocks[1]}


def pod(objects: dict[str, dict[str, Any]], name: str) -> dict[str, Any]:
    found: dict[str, Any] = objects[f"Deployment {name}"]["spec"]["template"]["spec"]
    return found


def command(spec: dict[str, Any], values: dict[str, str]) -> list[str]:
    """Of a pod's only container, without ``dask scheduler`` or ``dask worker``."""
    container = spec["containers"][0]
    words = [*container["command"], *container["args"]]
    for old, new in values.items():
        words = [word.replace(old, new) for word in words]
    assert words[0] == "dask"
    return words[2:]


def test_its_pods_become_nodes_by_tls_with_the_certificates_that_the_command_makes(
    dask: DaskProcesses, objects: dict[str, dict[str, Any]], tmp_path: Path
) -> None:
    files = CertificateFiles(tmp_path / "secrets" / "certificates")
    files.folder.mkdir(parents=True)
    authority.make(files)
    mounted = tmp_path / "mounted"
    mounted.mkdir()
    for name in NODE_FILES:
        (mounted / name).write_bytes((files.folder / name).read_bytes())
    values = {"/certificates": str(mounted), "/node/": f"{tmp_path}/node/", "$(POD_IP)": "127.0.0.1"}
    values |= {"$(CPUS)": "8", "$(MEMORY)": str(1 << 30)}
    scheduler = command(pod(objects, "dask-scheduler"), {**values, "8786": "0"})
    log = dask.folder / "scheduler.log"
    dask._start("scheduler", "dask_scheduler", "--host", "127.0.0.1", *scheduler)
    found = wait_for(lambda: re.findall(r"tls://127\.0\.0\.1:\d+", log.read_text(errors="replace")))
    places = {**values, "tls://dask-scheduler:8786": found[0], "$(POD_NAME)": "dask-worker-6d4f-x2x7q"}
    dask._start("worker", "dask_worker", *command(pod(objects, "dask-worker"), places))
    definition = ClusterDefinition(
        name="kube", deployment=SchedulerAddress(found[0]), node_folder=str(tmp_path / "node")
    )
    with following(definition, tmp_path) as follower:
        node = follower.joined("dask-worker-6d4f-x2x7q").node
        assert (node.cpus, node.memory) == (8, 1 << 30)
        assert node.address.startswith("127.0.0.1:")


def test_what_pods_mount_is_there_and_the_driver_s_key_isn_t(objects: dict[str, dict[str, Any]], section: str) -> None:
    secret = re.search(r"kubectl create secret generic (\S+) (.*)", section)
    assert secret is not None
    assert set(re.findall(r"--from-file=(\S+)", secret[2])) == NODE_FILES
    for name in ("dask-scheduler", "dask-worker"):
        spec = pod(objects, name)
        volumes = {each["name"]: each for each in spec["volumes"]}
        assert {each["name"] for each in spec["containers"][0]["volumeMounts"]} == set(volumes)
        assert volumes["certificates"]["secret"]["secretName"] == secret[1]
        assert not spec["enableServiceLinks"]


def test_the_service_leads_to_the_scheduler_that_runs_and_workers_ask_for(
    blocks: list[list[dict[str, Any]]], objects: dict[str, dict[str, Any]]
) -> None:
    address = blocks[0][0]["kube"]["address"]
    service = objects["Service dask-scheduler"]["spec"]
    assert address == f"tls://dask-scheduler:{service['ports'][0]['port']}"
    assert address in pod(objects, "dask-worker")["containers"][0]["command"]
    for name, spec in objects.items():
        if name.startswith("Deployment"):
            assert spec["spec"]["selector"]["matchLabels"] == spec["spec"]["template"]["metadata"]["labels"]
    scheduler = objects["Deployment dask-scheduler"]["spec"]["template"]["metadata"]["labels"]
    assert service["selector"] == scheduler
