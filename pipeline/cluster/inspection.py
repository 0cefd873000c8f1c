"""A look at a cluster as it is now."""

import threading
import time
from typing import TYPE_CHECKING

from pipeline.cluster.members import ClusterFailed
from pipeline.errors import NotReady
from pipeline.values import Struct

if TYPE_CHECKING:
    from pipeline.cluster.dask.dask_members import DaskMembers
    from pipeline.cluster.wire.node_announcement import NodeAnnouncement


class ClusterView(Struct, frozen=True):
    nodes: "tuple[NodeAnnouncement, ...]"
    problems: "tuple[tuple[str, str], ...]"  # why a node isn't there that could be, by its name or its worker's address


def look(members: "DaskMembers", changed: threading.Event, seconds: float) -> ClusterView:
    """Wait until each node that is expected has told of itself, so many seconds at most. ``changed``: set by the
    members when there is news.

    Raises ``NotReady`` where the cluster has failed.
    """
    end = time.monotonic() + seconds
    while True:
        changed.clear()
        for change in members.changes():
            if isinstance(change, ClusterFailed):
                raise NotReady(change.words, change.next_step or None)
        view = ClusterView(tuple(each.node for each in members.nodes()), tuple(sorted(members.problems().items())))
        expected = members.expected()
        is_whole = expected is not None and len(view.nodes) + len(view.problems) >= expected
        left = end - time.monotonic()
        if is_whole or left <= 0:
            return view
        changed.wait(min(left, 0.25))
