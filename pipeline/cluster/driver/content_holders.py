"""Where large contents may be had beside this machine: at other nodes, and in folders that all machines see."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from pipeline.cluster.wire.node_events import ContentSource

LARGE = 1 << 20  # bytes; what is smaller is sent from here in a moment
SOURCES = 3  # that are named for one content


class ContentHolders:
    """Threads may ask; one thread writes."""

    def __init__(self, shared: Sequence[Path], places: Mapping[str, Path]) -> None:
        """``places``: the paths of contents on this machine, by digest."""
        self._shared = shared
        self._places = places
        self._addresses: dict[str, dict[str, str]] = {}  # by digest: the address of each node that has it

    def note(self, node: str, address: str, contents: Mapping[str, int]) -> list[str]:
        """A node has these, with their sizes in bytes. Returns the large ones."""
        large = [digest for digest, size in contents.items() if size >= LARGE]
        for digest in large:
            self._addresses.setdefault(digest, {})[node] = address
        return large

    def forget(self, node: str) -> None:
        """It is gone, with all that it had."""
        for addresses in self._addresses.values():
            addresses.pop(node, None)

    def sources(self, digest: str, node: str) -> tuple[ContentSource, ...]:
        """For a node that doesn't have it, the nearest first."""
        return (*self._on_shared_disk(digest), *self._at_nodes(digest, node))

    def _on_shared_disk(self, digest: str) -> Iterable[ContentSource]:
        place = self._places.get(digest)
        if place and any(place.is_relative_to(folder) for folder in self._shared):
            yield ContentSource(path=str(place))

    def _at_nodes(self, digest: str, node: str) -> list[ContentSource]:
        others = {name: address for name, address in dict(self._addresses.get(digest, {})).items() if name != node}
        return [ContentSource(address=address) for address in list(others.values())[:SOURCES]]
