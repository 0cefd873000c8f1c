"""A ``SpecCluster`` whose nodes have names of our own."""

from collections import Counter
from typing import Any

from distributed.deploy.spec import SpecCluster


class HostCluster(SpecCluster):
    """A ``SpecCluster`` whose nodes have names of our own, and where that matters hosts of their own."""

    def __init__(self, prefix: str, hosts: tuple[str, ...] = (), **more: Any) -> None:
        self._prefix = prefix
        self._hosts = hosts
        self._tries = Counter[str]()
        super().__init__(**more)

    def _new_worker_name(self, worker_number: int) -> str:
        return f"{self._prefix}-{worker_number}"

    def new_worker_spec(self) -> dict[str, Any]:
        """A host that has no node, of those that were tried least; or a further process."""
        if not self._hosts:
            found: dict[str, Any] = super().new_worker_spec()
            return found
        free = min(
            (each for each in self._hosts if _node_name(each) not in self.worker_spec), key=self._tries.__getitem__
        )
        self._tries[free] += 1
        options = {**self.new_spec["options"], "host": free}
        return {_node_name(free): {**self.new_spec, "options": options}}


def _node_name(host: str) -> str:
    return host.rpartition("@")[2]
