"""A look at a cluster as it is now."""

import threading
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import partial
from typing import TYPE_CHECKING

from pipeline.cluster.members import ClusterFailed
from pipeline.errors import NotReady, PipelineError
from pipeline.values import Struct

if TYPE_CHECKING:
    from pipeline.cluster.dask.dask_members import DaskMembers
    from pipeline.cluster.wire.attempt_order import AttemptId
    from pipeline.cluster.wire.node_announcement import NodeAnnouncement

MOST_AT_ONCE = 32  # nodes that are asked
ANSWER_SECONDS = 3.0  # for each try


class ClusterView(Struct, frozen=True):
    nodes: "tuple[NodeAnnouncement, ...]"
    problems: "tuple[tuple[str, str], ...]"  # why a node isn't there that could be, by its name or its worker's address
    running: "Mapping[str, tuple[AttemptId, ...]]"  # on each node that has answered, by its name


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
        nodes, problems = tuple(each.node for each in members.nodes()), members.problems()
        expected = members.expected()
        is_whole = expected is not None and len(nodes) + len(problems) >= expected
        left = end - time.monotonic()
        if is_whole or left <= 0:
            return _asked(members, nodes, problems)
        changed.wait(min(left, 0.25))


def _asked(members: "DaskMembers", nodes: "tuple[NodeAnnouncement, ...]", problems: "Mapping[str, str]") -> ClusterView:
    """All at once, since one that doesn't answer takes a while."""
    with ThreadPoolExecutor(MOST_AT_ONCE) as pool:
        answers = dict(zip((each.name for each in nodes), pool.map(partial(_running, members), nodes), strict=True))
    silent = {name: answer for name, answer in answers.items() if isinstance(answer, str)}
    running = {name: answer for name, answer in answers.items() if not isinstance(answer, str)}
    return ClusterView(nodes, tuple(sorted({**problems, **silent}.items())), running)


def _running(members: "DaskMembers", node: "NodeAnnouncement") -> "tuple[AttemptId, ...] | str":
    """The attempts that run there; why it can't be asked, where it can't."""
    with closing(members.client(node, ANSWER_SECONDS)) as client:
        try:
            return tuple(each for run in sorted(client.runs()) for each in client.attempts(run).running)
        except (PipelineError, ValueError) as error:  # also an answer that is none
            return f"it can't be asked what runs there: {error}"
