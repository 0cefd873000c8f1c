"""A cluster as a project defines it: who deploys its nodes, and what holds for each of them. Pure."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipeline.values import Struct, field

NODE_FOLDER = "${TMPDIR:-/tmp}/pipeline-$USER"
STORE_LIMIT = 50 << 30
IDLE_SECONDS = 300.0


class NodeRange(Struct, frozen=True):
    """How many nodes there may be."""

    least: int = 0
    most: int = 1


class LocalProcesses(Struct, frozen=True, tag="local"):
    """Nodes as processes of this machine, each with its own folder. 0: the machine's own, in equal parts."""

    cpus: int = 0
    memory: int = 0  # bytes


class SchedulerAddress(Struct, frozen=True, tag="address"):
    """A Dask scheduler that runs already; its workers come and go without us."""

    address: str  # tcp://HOST:PORT or tls://HOST:PORT


class SshHosts(Struct, frozen=True, tag="ssh"):
    """A node on each of these machines."""

    hosts: tuple[str, ...]  # [USER@]HOST[:PORT]
    python: str
    cpus: int = 0  # 0: what the machine has
    memory: int = 0  # bytes
    key: str = ""
    known_hosts: str = ""
    listen: str = ""  # this machine's address, as the nodes reach it


class SlurmJobs(Struct, frozen=True, kw_only=True, tag="slurm"):
    """A node in each job that is submitted."""

    cpus: int
    memory: int  # bytes
    python: str
    queue: str = ""
    account: str = ""
    walltime: str = ""
    gres: str = ""
    directives: tuple[str, ...] = ()
    setup: tuple[str, ...] = ()
    listen: str = ""
    drain_seconds: float = 120.0
    poll_seconds: float = 30.0
    submit_pause: float = 0.3


class KubernetesPods(Struct, frozen=True, kw_only=True, tag="kubernetes"):
    """A node in each pod that is made."""

    image: str
    cpus: int
    memory: int  # bytes
    python: str = "python"  # within the image
    namespace: str = ""
    context: str = ""  # of the user's configuration
    pod: Mapping[str, Any] = field(default_factory=dict)  # a template: metadata and spec
    listen: str = ""
    poll_seconds: float = 10.0


Deployment = LocalProcesses | SchedulerAddress | SshHosts | SlurmJobs | KubernetesPods


class ClusterDefinition(Struct, frozen=True, kw_only=True):
    """One entry of ``config/clusters.yaml``; the keys are described in ``pipeline/schemas/clusters.json``."""

    name: str
    deployment: Deployment
    nodes: NodeRange = NodeRange()
    node_folder: str = NODE_FOLDER  # with variables of the node
    labels: tuple[str, ...] = ()  # such as node=highmem
    licences: Mapping[str, int] = field(default_factory=dict)  # tokens, for all nodes together
    store_limit: int = STORE_LIMIT  # bytes of contents that a node keeps
    shared: tuple[Path, ...] = ()  # folders that all machines see under the same path
    packages: str = ""  # a folder of wheels, from the project's, that nodes without an index get
    idle_seconds: float = IDLE_SECONDS
    start_seconds: float = 900.0  # after which a node that was made and hasn't come is told of

    @property
    def kind(self) -> str:
        return str(self.deployment.__struct_config__.tag)

    @property
    def file_name(self) -> str:
        """The name where it may be an address."""
        return "".join(each if each.isalnum() or each in "-." else "-" for each in self.name)

    @property
    def is_made(self) -> bool:
        """Whether its nodes are made for a run, and end with it."""
        return not isinstance(self.deployment, SchedulerAddress)
