"""What became of nodes that were started: told by whatever starts them, in the loop of the run's cluster."""

from collections.abc import Callable

from pipeline.values import Struct


class NodeStarts(Struct, frozen=True):
    """Functions for Dask's name of a worker and words for a person."""

    failed: Callable[[str, str], None]  # it couldn't be started
    ended: Callable[[str, str], None]  # its process has ended by itself
