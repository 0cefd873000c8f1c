"""How a node introduces itself to a run. Pure."""

from pipeline.values import Struct

VERSION = 2  # of the wire: orders, events, and the names of requests


class NodeAnnouncement(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A node that works from now on."""

    name: str  # unlike that of any other node of the cluster
    address: str  # of its agent, HOST:PORT
    host: str
    version: int = VERSION
    cpus: float = 1
    memory: int = 0  # bytes
    gpus: tuple[str, ...] = ()  # their identities
    labels: tuple[str, ...] = ()  # such as node=highmem
    seconds_left: float | None = None  # of its walltime, counted from now on by whoever reads this: clocks differ
    batch_job: str = ""  # the id of the batch system's job that it runs in
    earlier_end: str = ""  # how the agent before this one ended, in this folder, where that was no good end
