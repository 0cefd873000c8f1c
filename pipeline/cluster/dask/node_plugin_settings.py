"""What a plugin brings to each node."""

from pipeline.values import Struct


class NodePluginSettings(Struct, frozen=True, kw_only=True):
    token: str  # that opens the node's agent
    owner: str  # who has this token; said where others may read it
    folder: str  # with variables of the node
    labels: tuple[str, ...] = ()
    store_limit: int = 50 << 30  # bytes
    drain_seconds: float = 0.0  # before the end of a walltime
