"""What the engine costs: against bare processes, and against other tools that run the same stages in the same run.

The stages do nothing, in an environment of their own. Figures are ratios of whole commands, state on the disk, medians
of pairs in alternating order; the others get their own environments, made once below --folder (their packages come
from the index that uv uses).

chain20_*      20 stages in a chain / a loop of 20 subprocess.run (`python loop.py`)
one_stage_*    one stage / the same loop with one
wide1000_*     1,000 independent stages, two at a time / a pool of two threads with as many subprocess.run
noop1000_*     1,000 finished stages with an input and an output each, run again / doit run again on as many
               cold: a fresh process each; warm: in a worker that may be alive from an earlier job
warm_round_trip_ms  from submitting an invocation to its end, with a live worker, milliseconds
scale_10000    seconds per stage with 10,000 stages / with 1,000, in workers
scale_10000_mib  the most memory that the orchestrator held, MiB
makespan_SHAPE_SLOTS  a published workflow (wfcommons; tasks as sleeps) from its first stage's start to its last one's
               end / max(critical path, total sleep / slots), in workers; _cold: a new process each. Nothing is
               subtracted for starting a stage. At most 1.05 where a list schedule that costs nothing is within 1 %.

The bare runs and the others use the interpreter of the same environment as ours. An interpreter outside of any is
another measure: what stands in its site-packages is loaded at every start, and --baseline shows how much that matters.

Tools that take minutes for 1,000 stages are measured with fewer, which the table says; so is everything with --quick.
"""

import argparse
import os
import statistics
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import contenders
import ours
import round_trip
import shapes
from contenders import PEERS, Field, Installed, Peer
from figures import Figures
from measuring import Failed, median_ratio, own_workers
from ours import Ours

WAYS = {"cold": "cold", "warm": "worker"}  # the figure's name, and what run-pipeline calls it
REACHABLE, MAKESPAN = 1.01, 1.05


@dataclass(frozen=True)
class Effort:
    """How many pairs, and of what size; a figure keeps its name where its size is smaller."""

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
    ours: Ours
    field: Field
    peers: dict[str, Installed]
    effort: Effort
    figures: Figures


def main() -> None:
    arguments = _arguments()
    effort = QUICK if arguments.quick else Effort()
    figures = Figures()
    _warn_of_load()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=arguments.folder) as runs:
        try:
            project = ours.make(Path(runs) / "project", effort.counts)
        except Failed as failed:
            sys.exit(str(failed))
        place = contenders.make(Path(runs) / "peers", arguments.baseline or project.python)
        peers = dict(_install(arguments, place, figures))
        bench = Bench(project, place, peers, effort, figures)
        with own_workers(project.root, Path(runs) / "run"):
            for name, part in PARTS.items():
                if arguments.only is None or name in arguments.only:
                    part(bench, arguments.folder)
    figures.show(arguments.json)


def chain(bench: Bench, _: Path) -> None:
    for figure, workflow, count in (("chain20", "chain20", 20), ("one_stage", "one", 1)):
        bare = partial(bench.field.bare, "chain", count)
        ways = WAYS.items() if count > 1 else (("", "cold"),)
        for way, start in ways:
            run = partial(_job, bench.ours, workflow, start)
            bench.figures.measure(_name(figure, way), partial(median_ratio, bench.effort.pairs, run, bare))
        for name, peer in bench.peers.items():
            run = partial(peer.fresh, "chain", count)
            bench.figures.measure(_name(figure, name), partial(median_ratio, bench.effort.peer_pairs, run, bare, False))


def wide(bench: Bench, _: Path) -> None:
    effort, count = bench.effort, bench.effort.wide
    bare = partial(bench.field.bare, "wide", count)
    for way, start in WAYS.items():
        run = partial(_job, bench.ours, f"wide{count}", start, 2)
        note = _said(count)
        bench.figures.measure(f"wide1000_{way}", partial(median_ratio, effort.wide_pairs, run, bare), note)
    for name, peer in bench.peers.items():
        count = effort.wide if peer.peer.many else effort.few
        bare = partial(bench.field.bare, "wide", count)
        pairs = effort.wide_pairs if peer.peer.many else effort.peer_pairs
        run = partial(peer.fresh, "wide", count)
        bench.figures.measure(f"wide1000_{name}", partial(median_ratio, pairs, run, bare, False), _said(count))


def noop(bench: Bench, _: Path) -> None:
    """Everything over doit, which has to be there."""
    doit = bench.peers.get("doit")
    if doit is None:
        bench.figures.measure("noop1000", partial(_fail, "it is compared with doit, which isn't there"))
        return
    count = bench.effort.wide
    bench.figures.measure("noop1000", partial(_noop, bench, count, None), _said(count))
    for name, peer in bench.peers.items():
        if peer is not doit:
            count = bench.effort.wide if peer.peer.many else bench.effort.few
            bench.figures.measure(f"noop1000_{name}", partial(_noop, bench, count, peer), _said(count))


def _noop(bench: Bench, count: int, other: Installed | None) -> float:
    """The other's second run, ours where there is none, over doit's."""
    doit = bench.peers["doit"]
    folder = doit.field.folder / "finished"
    theirs = partial(doit.again, "files", count, folder / f"doit{count}")
    if other is not None:
        run = partial(other.again, "files", count, folder / f"{other.peer.name}{count}")
        return _second_runs(bench.effort.peer_pairs, run, theirs)
    id = bench.ours.prepare(f"files{count}")
    try:
        return _second_runs(bench.effort.pairs, lambda: bench.ours.run(id, "cold").seconds, theirs)
    finally:
        bench.ours.forget(id)


def _second_runs(pairs: int, run: Callable[[], float], theirs: Callable[[], float]) -> float:
    """The first ones do the work."""
    return median_ratio(pairs, run, theirs, warm=True)


def warm(bench: Bench, _: Path) -> None:
    def trip() -> float:
        try:
            return round_trip.milliseconds(bench.ours, bench.effort.trips)
        except (TypeError, ImportError) as error:
            raise Failed(f"this executor has no workers: {error}") from error

    bench.figures.measure("warm_round_trip_ms", trip)


def scale(bench: Bench, _: Path) -> None:
    small, large = bench.effort.scale
    held: list[float] = []

    def ratio() -> float:
        few = statistics.median(bench.ours.job(f"wide{small}", "worker", 2).seconds for _ in range(3)) / small
        spent = bench.ours.job(f"wide{large}", "worker", 2)
        held.append(round(spent.mib, 1))
        return round(spent.seconds / large / few, 3)

    note = "" if large == 10000 else f"{large} over {small}"
    bench.figures.measure("scale_10000", ratio, note)
    bench.figures.measure("scale_10000_mib", lambda: held[0] if held else _fail("see scale_10000"), note)


def makespan(bench: Bench, folder: Path) -> None:
    try:
        workflows = shapes.load(folder)
    except Failed as failed:
        bench.figures.measure("makespan", partial(_fail, str(failed)))
        return
    for name, workflow in list(workflows.items())[: bench.effort.shapes]:
        bench.ours.add(name, ours.shape(workflow))
        for slots in (2, 4):
            for way, start in (("", "worker"), ("cold", "cold")):
                figure = _name(f"makespan_{name}_{slots}", way)
                bench.figures.measure(figure, partial(_makespan, bench, figure, workflow, (name, start, slots)))


def _makespan(bench: Bench, figure: str, workflow: shapes.Workflow, run: tuple[str, str, int]) -> float:
    least = shapes.bound(workflow, run[2])
    ideal = shapes.list_schedule(workflow, run[2])
    times = [bench.ours.makespan(*run) for _ in range(bench.effort.repeats if run[1] == "worker" else 1)]
    seconds, whole = (statistics.median(column) for column in zip(*times, strict=True))
    note = f"whole command {whole / least:.3f}"
    if ideal <= least * REACHABLE:
        if run[1] != "cold":
            bench.figures.limits[figure] = MAKESPAN
    else:
        note += f"; a list schedule {ideal / least:.3f}, ours over it {seconds / ideal:.3f}"
    bench.figures.notes[figure] = note
    return float(round(seconds / least, 3))


PARTS: dict[str, Callable[[Bench, Path], None]] = {
    "chain": chain,
    "warm": warm,
    "noop": noop,
    "wide": wide,
    "scale": scale,
    "makespan": makespan,
}


def _warn_of_load() -> None:
    load = os.getloadavg()[0]
    if load > (os.cpu_count() or 1) / 4:
        print(f"something else keeps this machine busy (load {load:.1f}); ratios will be off", file=sys.stderr)


def _install(arguments: argparse.Namespace, place: Field, figures: Figures) -> Iterator[tuple[str, Installed]]:
    for peer in arguments.peers:
        try:
            installed = Installed(peer, contenders.install(peer.requirements, arguments.folder), place)
            installed.fresh("chain", 1)  # makes its data base
            yield peer.name, installed
        except Failed as failed:
            figures.measure(peer.name, partial(_fail, str(failed)))


def _job(project: Ours, workflow: str, start: str, slots: int = 1) -> float:
    return project.job(workflow, start, slots).seconds


def _fail(reason: str) -> float:
    raise Failed(reason)


def _name(figure: str, way: str) -> str:
    return f"{figure}_{way}" if way else figure


def _said(count: int) -> str:
    return "" if count == 1000 else f"with {count}"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    cached = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "pipeline-bench"
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--quick", action="store_true", help="small sizes and few pairs: does it all work?")
    parser.add_argument("--only", type=lambda text: text.split(","), help=f"parts: {','.join(PARTS)}")
    parser.add_argument("--peers", type=_peers, default=PEERS, help="names with commas between; '' for none")
    parser.add_argument(
        "--baseline", type=Path, help="the interpreter of the bare runs and the peers' stages, if another"
    )
    parser.add_argument("--folder", type=Path, default=cached, help="where the peers' environments stay")
    return parser.parse_args()


def _peers(text: str) -> list[Peer]:
    known = {peer.name: peer for peer in PEERS}
    wanted = [name for name in text.split(",") if name]
    unknown = [name for name in wanted if name not in known]
    if unknown:
        raise argparse.ArgumentTypeError(f"no peer '{unknown[0]}'; there are {', '.join(known)}")
    return [known[name] for name in wanted]


if __name__ == "__main__":
    main()
