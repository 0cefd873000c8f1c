#!/usr/bin/env python3
"""What placement takes on a large cluster, and what a file takes to another node.

    .venv-dev/bin/python scripts/bench/cluster.py [--json] [--check]

Placement is simulated: no processes, the real code with a virtual clock. Its figure is the processor time for an event
with a million stages, as a multiple of that with ten thousand. A file of 100 MiB goes from one store to another,
over loopback: as a multiple of a bare copy by a socket, with its digest.

With a real scheduler and two workers on loopback: independent stages that do nothing, each a fresh process (cold) or in
our workers (warm), as multiples of the bare Dask client that runs the same ``subprocess.run`` as tasks; the seconds
from a worker's SIGKILL until the next attempt at its stage begins; and the MiB that the run itself takes with 100,000
stages planned and queued.
"""

import argparse
import statistics
import sys
from collections.abc import Iterator, Mapping

from cluster_simulation import event_seconds
from cluster_stages import driver_mib, failover_seconds, stage_ratios
from cluster_transfer import transfer_ratio
from figures import Figures, add_options

from pipeline.cluster.placing.node_supply import NodeSupply, StageNeeds, WaitingStage

NODES, CPUS, KINDS = 1000, 8, 5
FEW, MANY = 10_000, 1_000_000
ROUNDS = 5  # of the few, and of transfers: they take a moment
MEGABYTES = 100
STAGES, STAGE_ROUNDS = 1000, 3
QUEUED = 99_990  # a list in YAML has at most 100,000 values, with those around it
LIMITS = {
    "event_ratio": 1.3,
    "stages_cold": 1.25,
    "stages_warm": 0.35,
    "failover_seconds": 1.0,
    "driver_mib": 300,
    "transfer_ratio": 1.3,
}


def nodes() -> Iterator[NodeSupply]:
    return (NodeSupply(name=f"node{number}", cpus=CPUS, memory=64 << 30) for number in range(NODES))


def stages(number: int) -> Iterator[WaitingStage]:
    """Of some kinds, in jobs of a hundred, each with a hundred lengths of way."""
    kinds = [StageNeeds(environment=f"key{kind}", cpus=1 + kind % 2, memory=kind << 30) for kind in range(KINDS)]
    for each in range(number):
        yield WaitingStage(f"stage{each}", kinds[each % KINDS], each // 100, float(each % 100))


def measure() -> Mapping[str, float]:
    before = [event_seconds(nodes(), stages(FEW)) for _ in range(ROUNDS)]
    many = event_seconds(nodes(), stages(MANY))
    after = [event_seconds(nodes(), stages(FEW)) for _ in range(ROUNDS)]  # a machine's speed changes in a minute
    return {"event_ratio": many / statistics.median(before + after), "event_microseconds": many * 1e6}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_options(parser)
    parser.add_argument("--quick", action="store_true", help="few stages: does it all work?")
    options = parser.parse_args()
    figures = Figures(dict(LIMITS))
    figures.measure_all(["event_ratio", "event_microseconds"], measure, f"{NODES} nodes, {FEW} and {MANY} stages")
    count, rounds, queued = (100, 1, 1000) if options.quick else (STAGES, STAGE_ROUNDS, QUEUED)
    figures.measure_all(
        ["stages_cold", "stages_warm"], lambda: stage_ratios(count, rounds), f"{count} stages, {rounds} rounds"
    )
    figures.measure("failover_seconds", lambda: failover_seconds(rounds))
    figures.measure("driver_mib", lambda: driver_mib(queued), f"{queued} stages")
    figures.measure("transfer_ratio", lambda: transfer_ratio(MEGABYTES, ROUNDS), f"{MEGABYTES} MiB")
    return figures.end(options)


if __name__ == "__main__":
    sys.exit(main())
