#!/usr/bin/env python3
"""What placement takes on a large cluster, and what a file takes to another node.

    .venv-dev/bin/python scripts/bench/cluster.py [--json] [--check]

Placement is simulated: no processes, the real code with a virtual clock. Its figure is the processor time for an event
with a million stages, as a multiple of that with ten thousand. A file of 100 MiB goes from one store to another,
over loopback: as a multiple of a bare copy by a socket, with its digest.
"""

import argparse
import statistics
import sys
from collections.abc import Iterator, Mapping

from cluster_simulation import event_seconds
from cluster_transfer import transfer_ratio
from figures import Figures, add_options

from pipeline.cluster.placing.node_supply import NodeSupply, StageNeeds, WaitingStage

NODES, CPUS, KINDS = 1000, 8, 5
FEW, MANY = 10_000, 1_000_000
ROUNDS = 5  # of the few, and of transfers: they take a moment
MEGABYTES = 100


def nodes() -> Iterator[NodeSupply]:
    return (NodeSupply(name=f"node{number}", cpus=CPUS, memory=64 << 30) for number in range(NODES))


def stages(number: int) -> Iterator[WaitingStage]:
    """Of some kinds, in jobs of a hundred, each with a hundred lengths of way."""
    kinds = [StageNeeds(environment=f"key{kind}", cpus=1 + kind % 2, memory=kind << 30) for kind in range(KINDS)]
    for each in range(number):
        yield WaitingStage(f"stage{each}", kinds[each % KINDS], each // 100, float(each % 100))


def measure() -> Mapping[str, float]:
    few = statistics.median(event_seconds(nodes(), stages(FEW)) for _ in range(ROUNDS))
    many = event_seconds(nodes(), stages(MANY))
    return {"event_ratio": many / few, "event_microseconds": many * 1e6}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_options(parser)
    options = parser.parse_args()
    figures = Figures({"event_ratio": 1.3, "transfer_ratio": 1.3})
    figures.measure_all(["event_ratio", "event_microseconds"], measure, f"{NODES} nodes, {FEW} and {MANY} stages")
    figures.measure("transfer_ratio", lambda: transfer_ratio(MEGABYTES, ROUNDS), f"{MEGABYTES} MiB")
    return figures.end(options)


if __name__ == "__main__":
    sys.exit(main())
