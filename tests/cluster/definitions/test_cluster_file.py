"""What ``config/clusters.yaml`` may say, and what is said where it is wrong."""

from pathlib import Path

import pytest

from pipeline.cluster.definitions import cluster_file
from pipeline.cluster.definitions.cluster_definition import (
    ClusterDefinition,
    KubernetesPods,
    LocalProcesses,
    NodeRange,
    SchedulerAddress,
    SlurmJobs,
    SshHosts,
)
from pipeline.errors import ConfigurationError, PipelineError, UsageError
from pipeline.project import ProjectFolder

KUBE = "a: {kind: kubernetes, nodes: 1, cpus: 1, memory: 1 GiB, image: x,"


@pytest.fixture
def project(tmp_path: Path) -> ProjectFolder:
    (tmp_path / "config").mkdir()
    return ProjectFolder(tmp_path)


def loaded(project: ProjectFolder, text: str) -> dict[str, ClusterDefinition]:
    (project.config / "clusters.yaml").write_text(text)
    return cluster_file.load(project)


def problem(project: ProjectFolder, text: str) -> ConfigurationError:
    with pytest.raises(ConfigurationError) as caught:
        loaded(project, text)
    return caught.value


def test_a_project_without_the_file_has_no_cluster(project: ProjectFolder) -> None:
    assert cluster_file.load(project) == {}


def test_every_kind_gets_its_own_values(project: ProjectFolder) -> None:
    found = loaded(
        project,
        """
desk: {kind: local, nodes: 3, cpus: 2, memory: 4 GiB}
room: {kind: ssh, hosts: [ann@one, "two:2222"], python: /opt/venv/bin/python}
lab: {kind: address, address: "tls://10.0.0.5:8786", shared: [/data]}
hpc: {kind: slurm, nodes: {max: 20}, cpus: 16, memory: 64 GiB, walltime: "04:00:00",
      gres: "gpu:1", setup: [module load x]}
kube: {kind: kubernetes, nodes: {max: 9}, cpus: 8, memory: 32 GiB, image: "registry/films:3", namespace: lab,
       pod: {spec: {nodeSelector: {gpu: a100}, containers: [{name: worker, resources: {limits: {nvidia.com/gpu: 1}}}]}}}
""",
    )
    assert found["desk"].deployment == LocalProcesses(2, 4 << 30)
    assert found["desk"].nodes == NodeRange(3, 3)
    assert found["room"].deployment == SshHosts(("ann@one", "two:2222"), "/opt/venv/bin/python")
    assert found["room"].nodes == NodeRange(0, 2)
    assert found["lab"].deployment == SchedulerAddress("tls://10.0.0.5:8786")
    assert found["lab"].shared == (Path("/data"),)
    hpc = found["hpc"].deployment
    assert isinstance(hpc, SlurmJobs)
    assert (hpc.memory, hpc.gres, hpc.setup, hpc.poll_seconds) == (64 << 30, "gpu:1", ("module load x",), 30.0)
    assert [found[name].kind for name in found] == ["local", "ssh", "address", "slurm", "kubernetes"]
    assert [found[name].is_made for name in found] == [True, True, False, True, True]
    kube = found["kube"].deployment
    assert isinstance(kube, KubernetesPods)
    assert (kube.memory, kube.image, kube.python, kube.poll_seconds) == (32 << 30, "registry/films:3", "python", 10.0)
    assert kube.pod["spec"]["nodeSelector"] == {"gpu": "a100"}
    assert (found["kube"].node_folder, found["kube"].nodes) == ("/pipeline-node", NodeRange(0, 9))


def test_what_holds_for_all_kinds(project: ProjectFolder) -> None:
    text = "{kind: local, node_folder: $TMPDIR/x, labels: {node: highmem}, licences: {matlab: 2}, store_limit: 1 GiB}"
    desk = loaded(project, f"desk: {text}")["desk"]
    assert (desk.node_folder, desk.labels, desk.licences, desk.store_limit) == (
        "$TMPDIR/x",
        ("node=highmem",),
        {"matlab": 2},
        1 << 30,
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: {kind: slurmm}", "config/clusters.yaml:1: a.kind: 'slurmm' is none of these; did you mean 'slurm'?"),
        ("a: {kind: local, qeue: x}", "config/clusters.yaml:1: a.qeue: unknown key 'qeue'; did you mean 'queue'?"),
        ("a: {kind: local, queue: x}", "a.queue: 'queue' is for the kind slurm, and this cluster is of the kind local"),
        ("a: {kind: ssh}", "config/clusters.yaml:1: a: 'hosts' is missing, which a cluster of the kind ssh needs"),
        ("a: {kind: local, memory: 4 GX}", "a.memory: '4 GX' isn't a size"),
        ("a: {kind: local, nodes: {min: 3, max: 2}}", "a.nodes.min: it is more than 'max', which is 2"),
        ("a: {kind: local, node_folder: here}", "a.node_folder: it must be a whole path"),
        ("a: {kind: local, node_folder: /x/$1}", "a.node_folder: after $ a variable's name must stand"),
        ("a: {kind: local, node_folder: /data/x, shared: [/data]}", "each node must have its own, on its own disk"),
        ("a: {kind: local, licences: {matlab: 0}}", "a.licences.matlab"),
        ("A: {kind: local}", "'A' isn't a valid name"),
        ("a: {kind: slurm, nodes: 1, cpus: 1, memory: 1 GiB, poll_seconds: 5}", "every 30 seconds at most"),
        ("a: {kind: slurm, nodes: 1, cpus: 1, memory: 1 GiB, walltime: long}", "such as 04:00:00"),
        ("a: {kind: slurm, nodes: 1, cpus: 1, memory: 1 GiB, directives: [x]}", "an option of sbatch"),
        ("a: {kind: address, address: 'http://x:1'}", "tls://HOST:PORT"),
        ("a: {kind: kubernetes, nodes: 1, cpus: 1, memory: 1 GiB}", "'image' is missing"),
        (
            f"{KUBE} pod: {{spec: {{containers: [{{name: worker, args: [x]}}]}}}}}}",
            "'args' of the container worker is the",
        ),
        (
            f"{KUBE} pod: {{spec: {{containers: [{{name: worker, env: [{{name: POD_IP}}]}}]}}}}}}",
            "POD_IP is the node's own",
        ),
        (f"{KUBE} pod: {{spec: {{volumes: [{{name: pipeline-node}}]}}}}}}", "a.pod.spec.volumes.0.name"),
        (f"{KUBE} pod: {{spec: {{containers: [{{name: worker, env: {{A: b}}}}]}}}}}}", "a.pod.spec.containers.0.env"),
        (f"{KUBE} pod: {{sepc: {{}}}}}}", "did you mean 'spec'?"),
    ],
)
def test_a_mistake_is_told_with_its_place(project: ProjectFolder, text: str, said: str) -> None:
    assert said in problem(project, text).message


def test_a_scheduler_that_others_can_reach_must_have_tls(project: ProjectFolder) -> None:
    found = problem(project, "lab: {kind: address, address: 'tcp://10.0.0.5:8786'}")
    assert (
        "lab.address: tcp://10.0.0.5:8786 has no TLS: who reaches that scheduler can run programs as you"
        in found.message
    )
    assert found.command == "pipeline cluster certificates lab"


@pytest.mark.parametrize(
    "address", ["tcp://127.0.0.1:8786", "tcp://localhost:1", "tcp://[::1]:8786", "tls://far.away:1"]
)
def test_an_address_needs_no_definition(project: ProjectFolder, address: str) -> None:
    assert cluster_file.named(project, address).deployment == SchedulerAddress(address)


@pytest.mark.parametrize("address", ["tcp://far.away:1", "tcp://10.1.2.3:8786", "ucx://127.0.0.1:1", "tcp://127.0.0.1"])
def test_an_open_address_is_refused(project: ProjectFolder, address: str) -> None:
    with pytest.raises(UsageError):
        cluster_file.named(project, address)


def test_an_unknown_name_is_told_with_the_nearest(project: ProjectFolder) -> None:
    loaded(project, "desk: {kind: local}")
    with pytest.raises(PipelineError, match="no cluster 'desc'; did you mean 'desk'"):
        cluster_file.named(project, "desc")
