"""What the engine costs: against bare processes, and against other tools that run the same stages in the same run.

The stages do nothing, in an environment of their own. Figures are ratios of whole commands, state on the disk, medians
of rounds in which each side begins in turn; the others get their own environments, made once below --folder (their
packages come from the index that uv uses).

command        one stage, `run-pipeline -j ID` of a prepared job / the same by the build of --against
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

--against FOLDER: another checkout of this project, such as an older commit, whose own scripts/setup.sh made its
.venv-dev. Its commands are measured in the same rounds, in a project and with workers of its own, and its figures stand
beside ours. noop1000 is then to be no worse than its own; 5 % are left to chance.

Nothing is removed before the end, since some file systems are slow for minutes after it (``Ours.forget``); so wait five
minutes after another benchmark, or after the tests.

Tools that take minutes for 1,000 stages are measured with fewer, which the table says; so is everything with --quick.
Exit code 3: a figure that was asked for could not be measured; 1, with --check: a limit is missed.
"""

import argparse
import contextlib
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import contenders
import ours
from contenders import PEERS, Field, Installation, Peer
from engine_parts import PARTS, QUICK, Bench, Effort
from figures import Figures, add_options, stop
from measuring import THIS, Failed, checkouts

LIMITS = {
    "command": 0.65,
    "one_stage": 1.7,
    "chain20_cold": 0.95,
    "chain20_warm": 0.38,
    "wide1000_cold": 1.25,
    "wide1000_warm": 0.22,
    "noop1000": 1.0,
    "warm_round_trip_ms": 0.5,
    "scale_10000": 1.10,
    "scale_10000_mib": 250,
}


def main() -> int:
    arguments = _arguments()
    figures = Figures(limits=dict(LIMITS))
    _warn_of_load()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=arguments.folder) as runs, contextlib.ExitStack() as stack:
        try:
            bench = _bench(arguments, Path(runs), figures, stack)
        except Failed as failed:
            return stop(failed)
        for name, part in PARTS.items():
            if arguments.only is None or name in arguments.only:
                with figures.part(name):
                    part(bench)
    return figures.end(arguments)


def _bench(arguments: argparse.Namespace, runs: Path, figures: Figures, stack: contextlib.ExitStack) -> Bench:
    effort = QUICK if arguments.quick else Effort()
    builds = []
    for number, checkout in enumerate([THIS, *arguments.against]):
        checkout.check()
        builds.append(ours.make(runs / f"project{number}", effort.counts, checkout))
        stack.enter_context(builds[-1].own_workers())
    field = contenders.make(runs / "peers", arguments.baseline or builds[0].python)
    return Bench(builds, field, dict(_install(arguments, field, figures)), effort, figures, arguments.folder)


def _warn_of_load() -> None:
    load = os.getloadavg()[0]
    if load > (os.cpu_count() or 1) / 4:
        print(f"something else keeps this machine busy (load {load:.1f}); ratios will be off", file=sys.stderr)


def _install(arguments: argparse.Namespace, place: Field, figures: Figures) -> Iterator[tuple[str, Installation]]:
    for peer in arguments.peers:
        try:
            installed = Installation(peer, contenders.install(peer.requirements, arguments.folder), place)
            installed.fresh("chain", 1)  # makes its data base
            yield peer.name, installed
        except Failed as failed:
            figures.miss(peer.name, str(failed))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    cached = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "pipeline-bench"
    add_options(parser)
    parser.add_argument("--quick", action="store_true", help="small sizes and few pairs: does it all work?")
    parser.add_argument("--only", type=_parts, help=f"parts: {','.join(PARTS)}")
    parser.add_argument("--peers", type=_peers, default=PEERS, help="names with commas between; '' for none")
    parser.add_argument("--against", type=checkouts, default=(), metavar="FOLDER", help="a checkout to compare with")
    parser.add_argument(
        "--baseline", type=Path, help="the interpreter of the bare runs and the peers' stages, if another"
    )
    parser.add_argument("--folder", type=Path, default=cached, help="where the peers' environments stay")
    return parser.parse_args()


def _parts(text: str) -> list[str]:
    unknown = [name for name in text.split(",") if name not in PARTS]
    if unknown:
        raise argparse.ArgumentTypeError(f"no part '{unknown[0]}'; there are {', '.join(PARTS)}")
    return text.split(",")


def _peers(text: str) -> list[Peer]:
    known = {peer.name: peer for peer in PEERS}
    wanted = [name for name in text.split(",") if name]
    unknown = [name for name in wanted if name not in known]
    if unknown:
        raise argparse.ArgumentTypeError(f"no peer '{unknown[0]}'; there are {', '.join(known)}")
    return [known[name] for name in wanted]


if __name__ == "__main__":
    sys.exit(main())
