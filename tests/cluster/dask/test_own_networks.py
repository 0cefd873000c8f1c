"""Nodes with networks of their own, by TLS: what they share with the run and with each other is one cable each."""

import contextlib
import os
import shutil
import subprocess
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from pipeline.cluster.certificates.certificate_files import CertificateFiles
from pipeline.cluster.definitions.cluster_secrets import secrets_of
from pipeline.jobs.events import StageFinished, StageStarted
from pipeline.jobs.job import PlannedJob
from pipeline.project import ProjectFolder
from tests.cluster.dask.helpers import BOUND, DaskProcesses, wait_for
from tests.conftest import BIN, Sandbox, offline
from tests.jobs.helpers import events_of, prepared

CLUSTER = """lab:
  kind: address
  address: {address}
  node_folder: {folder}/$NODE
"""
SIZE = 3 << 20  # bytes: as much is fetched from another node, where that has it
LARGE = f"""# /// script
# [tool.pipeline.stage]
# environment = "alpha"
# inputs = ["file"]
# [tool.pipeline.stage.outputs]
# file = "large.bin"
# ///
def run(stage):
    stage.output("file").write_bytes(stage.input("file").read_bytes() * ({SIZE} // 11))
"""
LENGTH = """# /// script
# [tool.pipeline.stage]
# environment = "alpha"
# inputs = ["file"]
# [tool.pipeline.stage.parameters]
# word = ""
# seconds = 0.0
# [tool.pipeline.stage.outputs]
# file = "length.txt"
# ///
import time


def run(stage):
    time.sleep(stage.parameters["seconds"])
    size = len(stage.input("file").read_bytes())
    stage.output("file").write_text(f"{stage.parameters['word']} {size}\\n")
"""
STAGES = """
large: {{inputs: {{file: job.input}}}}
each: {{uses: length, for_each: [a, b], inputs: {{file: large.file}}, parameters: {{word: $each, seconds: {seconds}}}}}
join: {{inputs: {{files: each.file}}}}
"""


@dataclass
class Networks:
    """The run's network, in which a switch is, and one for each node. All of them end with the block."""

    prefix: str

    def name(self, member: str) -> str:
        return f"{self.prefix}{member}"

    def address(self, number: int) -> str:
        """0 is the run's."""
        return f"10.83.0.{number + 1}"

    def inside(self, member: str) -> tuple[str, ...]:
        """What a command begins with that runs there."""
        return "ip", "netns", "exec", self.name(member)

    def build(self, nodes: int) -> None:
        for member in ("run", *(f"n{each}" for each in range(nodes))):
            ip("netns", "add", self.name(member))
            ip("-n", self.name(member), "link", "set", "lo", "up")
        hub = self.name("run")
        ip("-n", hub, "link", "add", "switch", "type", "bridge")
        ip("-n", hub, "addr", "add", f"{self.address(0)}/24", "dev", "switch")
        ip("-n", hub, "link", "set", "switch", "up")
        for each in range(nodes):
            node = self.name(f"n{each}")
            ip("-n", hub, "link", "add", f"to{each}", "type", "veth", "peer", "name", "cable", "netns", node)
            ip("-n", hub, "link", "set", f"to{each}", "master", "switch", "up")
            ip("-n", node, "addr", "add", f"{self.address(each + 1)}/24", "dev", "cable")
            ip("-n", node, "link", "set", "cable", "up")

    def pull_cable(self, node: int) -> None:
        ip("-n", self.name("run"), "link", "set", f"to{node}", "down")

    def remove(self) -> None:
        for member in ("run", "n0", "n1"):
            with contextlib.suppress(subprocess.CalledProcessError):
                ip("netns", "del", self.name(member))


def ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True, timeout=30)


@pytest.fixture
def networks(spawning: None) -> Iterator[Networks]:
    if not shutil.which("ip") or os.getuid():
        pytest.skip("networks are made by root, with ip")
    networks = Networks(f"pl{os.getpid()}")
    try:
        try:
            networks.build(2)
        except subprocess.CalledProcessError as error:
            pytest.skip(f"this kernel makes no networks for us: {error.stderr.decode().strip()}")
        yield networks
    finally:
        networks.remove()


@dataclass
class NetworkedCluster:
    """The scheduler is in the run's network, and each worker in one of its own."""

    sandbox: Sandbox
    networks: Networks
    dask: DaskProcesses
    folder: Path  # of the nodes

    def start(self) -> None:
        for number in range(2):
            self.dask.inside[f"n{number}"] = self.networks.inside(f"n{number}")
        self.dask.inside["scheduler"] = self.networks.inside("run")
        files = CertificateFiles(secrets_of(ProjectFolder(self.sandbox.root), "lab").certificates)
        self.config("tls://10.83.0.1:1")  # before its port is known
        assert self.sandbox.give("pipeline", "cluster", "certificates", "lab").code == 0
        places = {"ca-file": files.authority, "cert": files.certificate("node"), "key": files.key("node")}
        tls = [word for name, path in places.items() for word in (f"--tls-{name}", str(path))]
        self.dask.start_scheduler(0, ("--protocol", "tls", *tls), host=self.networks.address(0))
        self.config(self.dask.address)
        for number in range(2):
            self.dask.start_worker(f"n{number}", *tls, host=self.networks.address(number + 1))

    def config(self, address: str) -> None:
        self.sandbox.write("config/clusters.yaml", CLUSTER.format(address=address, folder=self.folder))

    def job(self, seconds: float) -> PlannedJob:
        self.sandbox.write("stages/large.py", LARGE)
        self.sandbox.write("stages/length.py", LENGTH)
        self.sandbox.workflow("large", STAGES.format(seconds=seconds), head="deliver: [join.file]")
        return prepared(self.sandbox, "large")

    def begin(self, job: PlannedJob) -> "subprocess.Popen[bytes]":
        return subprocess.Popen(
            [*self.networks.inside("run"), BIN / "run-pipeline", "-j", job.id, "--cluster", "lab"],
            env={**os.environ, "PIPELINE_ROOT": str(self.sandbox.root)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )


@pytest.fixture
def cluster(
    ready: Sandbox, networks: Networks, dask: DaskProcesses, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> NetworkedCluster:
    for name, text in offline(tmp_path).items():
        monkeypatch.setenv(name, text)
    cluster = NetworkedCluster(ready, networks, dask, tmp_path / "nodes")
    cluster.start()
    return cluster


def require_done(job: PlannedJob) -> None:
    finished = Counter(each.stage for each in events_of(job, StageFinished))
    assert finished == dict.fromkeys(["large", "each_a", "each_b", "join"], 1)
    (delivered,) = (path for path in job.output.iterdir() if path.is_file())
    size = SIZE // 11 * 11
    assert delivered.read_text() == f"a {size}\nb {size}\n"


def nodes_of(job: PlannedJob, stage: str) -> list[str]:
    return [each.node for each in events_of(job, StageStarted) if each.stage == stage]


def test_nodes_that_share_nothing_but_a_network_carry_out_a_job_by_tls(cluster: NetworkedCluster) -> None:
    job = cluster.job(seconds=3.0)
    run = cluster.begin(job)
    told, _ = run.communicate(timeout=BOUND)
    assert run.returncode == 0, told.decode()
    require_done(job)
    assert {*nodes_of(job, "each_a"), *nodes_of(job, "each_b")} == {"n0", "n1"}  # one of them fetched it from the other


@pytest.mark.exhaustive  # half a minute of silence
def test_a_node_whose_cable_is_pulled_loses_its_stage_to_the_other_one(cluster: NetworkedCluster) -> None:
    job = cluster.job(seconds=6.0)
    run = cluster.begin(job)
    wait_for(lambda: nodes_of(job, "each_a") and nodes_of(job, "each_b"))
    (pulled,) = nodes_of(job, "each_b")
    cluster.networks.pull_cable(int(pulled[1:]))
    told, _ = run.communicate(timeout=BOUND)
    assert run.returncode == 0, told.decode()
    assert f"node {pulled} is lost" in told.decode() or f"node {pulled} has left" in told.decode()
    require_done(job)
    assert nodes_of(job, "each_b")[-1] != pulled
