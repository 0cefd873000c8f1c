"""What the nodes of a cluster tell of themselves through Dask's scheduler, on a topic of their owner. Pure.

Nothing secret is in it: who may use the scheduler may read it.
"""

from pipeline.cluster.members import NodeLoss
from pipeline.cluster.wire.node_announcement import NodeAnnouncement
from pipeline.values import Struct, decode, encode


class NodeNews(Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="news"):
    """About a worker of Dask's."""

    worker: str = ""  # its address


class NodeAnnounced(NodeNews, frozen=True, tag="node"):
    """A node works there; also told again when it is asked for."""

    node: NodeAnnouncement
    dask_name: str  # of the worker, by which whoever deploys it knows it


class NodeRefused(NodeNews, frozen=True, tag="refused"):
    """No node is there, and why."""

    words: str


class WorkerEnded(NodeNews, frozen=True, tag="ended"):
    """How the worker's process ended, as its parent saw it."""

    loss: NodeLoss


class Hello(NodeNews, frozen=True, tag="hello"):
    """From a run, to itself: the topic is subscribed to."""

    id: str


AnyNodeNews = NodeAnnounced | NodeRefused | WorkerEnded | Hello


def topic_of(owner: str) -> str:
    return f"pipeline-nodes-{owner}"


def encode_news(news: AnyNodeNews) -> str:
    return encode(news).decode()


def decode_news(text: str) -> AnyNodeNews:
    """Raises ``ValueError``."""
    return decode(text.encode(), AnyNodeNews)  # type: ignore[arg-type]  # mypy takes a union for no type
