"""The parts of ``engine.py``: what is run for each figure, and against what."""

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import makespan
import round_trip
from contenders import Field, Installation
from figures import Figures
from measuring import Failed, median_ratio, median_ratios
from ours import Ours

WAYS = {"cold": "cold", "warm": "worker"}  # the figure's name, and what run-pipeline calls it
CHANCE = 1.05  # for a figure that is to be no worse than the older build's


@dataclass(frozen=True)
class Effort:
    """How many rounds, and of what size; a figure keeps its name where its size is smaller."""

    pairs: int = 11
    wide_pairs: int = 3
    peer_pairs: int = 3
    wide: int = 1000
    few: int = 100  # for the tools that take long
    scale: tuple[int, int] = (1000, 10000)
    trips: int = 1000
    shapes: int = 9
    repeats: int = 3

    @property
    def counts(self) -> list[int]:
        return sorted({self.wide, self.few, *self.scale})


QUICK = Effort(2, 1, 1, wide=100, few=20, scale=(100, 500), trips=100, shapes=1, repeats=1)


@dataclass(frozen=True)
class Bench:
    """``builds``: this one, and the older one if there is one. ``folder``: where what peers need stays."""

    builds: Sequence[Ours]
    field: Field
    peers: dict[str, Installation]
    effort: Effort
    figures: Figures
    folder: Path


def command(bench: Bench) -> None:
    """Only beside another build, since it says nothing alone."""
    if len(bench.builds) > 1:
        new, old = (partial(_job, build, "one", "cold") for build in bench.builds)
        bench.figures.measure("command", partial(median_ratio, bench.effort.pairs, new, old))


def chain(bench: Bench) -> None:
    for figure, workflow, count in (("chain20", "chain20", 20), ("one_stage", "one", 1)):
        bare = partial(bench.field.bare, "chain", count)
        ways = WAYS.items() if count > 1 else (("", "cold"),)
        for way, start in ways:
            runs = [partial(_job, build, workflow, start) for build in bench.builds]
            bench.figures.measure_builds(_name(figure, way), partial(median_ratios, bench.effort.pairs, runs, bare))
        for name, peer in bench.peers.items():
            run = partial(peer.fresh, "chain", count)
            bench.figures.measure(_name(figure, name), partial(median_ratio, bench.effort.peer_pairs, run, bare, False))


def wide(bench: Bench) -> None:
    effort, count = bench.effort, bench.effort.wide
    bare = partial(bench.field.bare, "wide", count)
    for way, start in WAYS.items():
        runs = [partial(_job, build, f"wide{count}", start, 2) for build in bench.builds]
        ratios = partial(median_ratios, effort.wide_pairs, runs, bare)
        bench.figures.measure_builds(f"wide1000_{way}", ratios, _said(count))
    for name, peer in bench.peers.items():
        count = effort.wide if peer.peer.many else effort.few
        bare = partial(bench.field.bare, "wide", count)
        pairs = effort.wide_pairs if peer.peer.many else effort.peer_pairs
        run = partial(peer.fresh, "wide", count)
        bench.figures.measure(f"wide1000_{name}", partial(median_ratio, pairs, run, bare, False), _said(count))


def noop(bench: Bench) -> None:
    """Everything over doit. Where doit isn't wanted, there is nothing to measure."""
    doit, count = bench.peers.get("doit"), bench.effort.wide
    if doit is None:
        if "doit" in bench.figures.missing:
            bench.figures.miss("noop1000", "it is compared with doit, which isn't there")
        return
    bench.figures.measure_builds("noop1000", partial(_noop, bench, count), _said(count))
    older = bench.figures.older.get("noop1000")
    if older is not None:
        bench.figures.limits["noop1000"] = round(older * CHANCE, 3)
    for name, peer in bench.peers.items():
        if peer is not doit:
            count = bench.effort.wide if peer.peer.many else bench.effort.few
            bench.figures.measure(f"noop1000_{name}", partial(_noop_of_peer, bench, count, peer), _said(count))


def _noop(bench: Bench, count: int) -> list[float]:
    """Of each build the second run of a job / doit's."""
    ids = [build.prepare(f"files{count}") for build in bench.builds]
    runs = [partial(_seconds, build, id) for build, id in zip(bench.builds, ids, strict=True)]
    return median_ratios(bench.effort.pairs, runs, _again(bench.peers["doit"], count))


def _noop_of_peer(bench: Bench, count: int, peer: Installation) -> float:
    return median_ratio(bench.effort.peer_pairs, _again(peer, count), _again(bench.peers["doit"], count))


def _again(peer: Installation, count: int) -> Callable[[], float]:
    """The first run does the work; it is no round."""
    return partial(peer.again, "files", count, peer.field.folder / "finished" / f"{peer.peer.name}{count}")


def warm(bench: Bench) -> None:
    def trips() -> list[float]:
        return [round_trip.of_build(build, bench.effort.trips) for build in bench.builds]

    bench.figures.measure_builds("warm_round_trip_ms", trips)


def scale(bench: Bench) -> None:
    small, large = bench.effort.scale
    held: list[float] = []

    def ratios() -> list[float]:
        few = [[build.job(f"wide{small}", "worker", 2).seconds for build in bench.builds] for _ in range(3)]
        spent = [build.job(f"wide{large}", "worker", 2) for build in bench.builds]
        held.extend(round(each.mib, 1) for each in spent)
        medians = [statistics.median(column) for column in zip(*few, strict=True)]
        return [round(each.seconds / large / (few / small), 3) for each, few in zip(spent, medians, strict=True)]

    note = "" if large == 10000 else f"{large} over {small}"
    bench.figures.measure_builds("scale_10000", ratios, note)
    bench.figures.measure_builds("scale_10000_mib", lambda: held or _fail("see scale_10000"), note)


def makespans(bench: Bench) -> None:
    makespan.measure(bench.builds[0], bench.figures, bench.folder, bench.effort.shapes, bench.effort.repeats)


PARTS: dict[str, Callable[[Bench], None]] = {
    "command": command,
    "chain": chain,
    "warm": warm,
    "noop": noop,
    "wide": wide,
    "scale": scale,
    "makespan": makespans,
}


def _job(project: Ours, workflow: str, start: str, slots: int = 1) -> float:
    return project.job(workflow, start, slots).seconds


def _seconds(project: Ours, id: str) -> float:
    return project.run(id, "cold").seconds


def _fail(reason: str) -> list[float]:
    raise Failed(reason)


def _name(figure: str, way: str) -> str:
    return f"{figure}_{way}" if way else figure


def _said(count: int) -> str:
    return "" if count == 1000 else f"with {count}"
