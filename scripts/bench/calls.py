"""Calls into another environment: an empty one, arrays there and back, and the start, against other tools; steps of
atoms against the same step in one process; and what many calls leave behind.

All in one run, each tool in a process of its own, in turn for some rounds. The callers and the workers have the same
interpreter and the same numpy. Ratios are the medians of the rounds. It needs PyPI once.

Rootstock's own command can't build an environment where nothing but PyPI is in reach, since it has uv download a
Python. Its calculator is used as it is, on an environment that is laid out as that command does it.

    ./scripts/bench/calls.py [--rounds N] [--json] [--check]
"""

import argparse
import json
import os
import statistics
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

from measuring import BIN, PROJECT, THIS, Failed, output

from pipeline.envs import uv

PEERS = ("appose", "execnet", "rpyc", "rootstock", "spawn")
TOOLS = ("pipeline", *PEERS)
STARTS = 5  # in each round, of each tool in turn, until its first answer
FILES = PROJECT / "scripts/bench/peers"
VERSION = f"{sys.version_info.major}.{sys.version_info.minor}"
ASE, NUMPY = "ase==3.26.0", "numpy==2.4.6"
REQUIREMENTS = (NUMPY, ASE, "appose==0.12.0", "execnet==2.1.2", "rpyc==6.0.2", "rootstock==1.6.0")
# What is measured of ours, what it is compared with, and how much of that it may be.
LIMITS = (
    ("first", "execnet", "first", 1.0),
    ("first", "rpyc", "first", 1.0),
    ("first", "appose", "first", 1.0),
    ("first", "spawn", "first", 1.0),
    ("first", "rootstock", "first", 1.0),
    ("empty", "appose", "empty", 0.6),
    ("empty", "rpyc", "empty", 0.5),
    ("empty", "rootstock", "empty", 0.5),
    ("mb100", "pipeline", "mb100_copy", 2 * 1.1),
    ("mb100", "spawn", "mb100", 0.25),
    ("emt864", "rootstock", "emt864", 1.0),
)
# What is measured of ours, and how much it may be: a step beside the same one in this process, which takes turns with
# it; seconds, KiB, and numbers.
BOUNDS = (("emt864_share", 1.02), ("open", 0.002), ("left_kib", 4096), ("left_descriptors", 0), ("left_files", 0))
CALCULATOR = f"""# /// script
# requires-python = "=={VERSION}.*"
# dependencies = ["{ASE}", "{NUMPY}"]
# ///
from ase.calculators.calculator import Calculator
from ase.calculators.emt import EMT

CHECKPOINTS = {{"emt": "", "nothing": ""}}


class Nothing(Calculator):
    implemented_properties = ["energy", "forces", "stress"]

    def calculate(self, atoms=None, properties=(), system_changes=()):
        super().calculate(atoms, properties, system_changes)
        self.results = {{"energy": 0.0, "forces": 0 * atoms.positions, "stress": [0.0] * 6}}


def setup(checkpoint="emt", device="cpu"):
    return EMT() if checkpoint == "emt" else Nothing()
"""

Figures = dict[str, dict[str, float]]  # seconds by tool and by what was measured


@dataclass(frozen=True)
class Ratio:
    """What was measured of ours, divided by what was measured of a peer in the same round."""

    ours: str
    peer: str
    theirs: str
    ratio: float
    limit: float


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", action="store_true", help="print figures as JSON")
    parser.add_argument("--check", action="store_true", help="exit with 1 where a ratio is above its limit")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="calls-", ignore_cleanup_errors=True) as folder:
        try:
            rounds = _measured(Path(folder), options.rounds)
        except Failed as error:
            print(error, file=sys.stderr)
            return 3
    ratios = [_ratio(rounds, limit) for limit in LIMITS]
    figures = {tool: _medians([each[tool] for each in rounds]) for tool in rounds[0]}
    if options.json:
        print(json.dumps({"seconds": figures, "ratios": [asdict(each) for each in ratios]}))
    else:
        _show(figures, ratios)
    over = [what for what, most in BOUNDS if figures["pipeline"][what] > most]
    return int(options.check and (bool(over) or any(each.ratio > each.limit for each in ratios)))


def _measured(folder: Path, count: int) -> list[Figures]:
    project, packages = folder / "project", folder / "packages"
    installing = [str(uv.find()), "pip", "install", "--quiet", "--compile-bytecode", "--python", sys.executable]
    output([*installing, "--target", packages, *REQUIREMENTS])
    for each in ("config/environments", "requirements", "stages", "calculators"):
        (project / each).mkdir(parents=True)
    (project / "config/pipeline.yaml").write_text("default_workflows: []\n")
    (project / "config/environments/called.yaml").write_text(f'python: "=={VERSION}.*"\nimports: [numpy]\n')
    (project / "requirements/called.txt").write_text(f"{REQUIREMENTS[0]}\n")
    (project / "calculators/emt.py").write_text(CALCULATOR)
    _lay_out(folder / "rootstock")
    THIS.compile()
    runtime = folder / "runtime"
    runtime.mkdir(mode=0o700)
    variables = {
        **os.environ,
        "PIPELINE_ROOT": str(project),
        "PYTHONPATH": f"{PROJECT}:{packages}",
        "CALLED_ENVIRONMENT": "called",
        "XDG_RUNTIME_DIR": str(runtime),
        "ROOTSTOCK_ROOT": str(folder / "rootstock"),
    }
    output([BIN / "pipeline", "env", "lock", "called", "emt"], variables)
    output([BIN / "bootstrap", "--env", "called", "--env", "emt"], variables)
    try:
        return [_round(variables) for _ in range(count)]
    finally:
        _stop_workers(variables)


def _lay_out(root: Path) -> None:
    """An environment where Rootstock looks for it, with this interpreter, and the packages by ``PYTHONPATH``."""
    environment = root / "envs" / "emt"
    output([str(uv.find()), "venv", "--quiet", "--python", sys.executable, environment])
    (environment / "env_source.py").write_text(CALCULATOR)


def _round(variables: dict[str, str]) -> Figures:
    figures = {tool: _calls_of(tool, 2, variables) for tool in TOOLS}
    for tool in ("pipeline", "rootstock"):
        figures[tool] |= json.loads(output([sys.executable, FILES / "steps_of.py", tool, "2"], variables))
    starts = [{tool: _calls_of(tool, 0, variables)["first"] for tool in TOOLS} for _ in range(STARTS)]
    for tool in TOOLS:
        figures[tool]["first"] = _median([each[tool] for each in starts])
    return figures


def _calls_of(tool: str, rounds: int, variables: dict[str, str]) -> dict[str, float]:
    _stop_workers(variables)  # so that each begins with nothing
    measuring: list[str | Path] = [sys.executable, FILES / "calls_of.py", tool, sys.executable, str(rounds)]
    return json.loads(output(measuring, variables))  # type: ignore[no-any-return]


def _stop_workers(variables: dict[str, str]) -> None:
    output([BIN / "pipeline", "worker", "stop", "--all", "--force"], variables)


def _ratio(rounds: list[Figures], limit: tuple[str, str, str, float]) -> Ratio:
    ours, peer, theirs, most = limit
    ratio = _median([each["pipeline"][ours] / each[peer][theirs] for each in rounds])
    return Ratio(ours, peer, theirs, round(ratio, 3), most)


def _medians(measured: list[dict[str, float]]) -> dict[str, float]:
    return {what: _median([each[what] for each in measured]) for what in measured[0]}


def _median(values: list[float]) -> float:
    return statistics.median(values)


def _show(figures: Figures, ratios: list[Ratio]) -> None:
    print(f"{'':10} {'first ms':>10} {'empty µs':>10} {'1 MB µs':>10} {'100 MB ms':>10}")
    for tool, each in figures.items():
        nothing = float("nan")
        row = (
            each["first"] * 1e3,
            each["empty"] * 1e6,
            each.get("mb1", nothing) * 1e6,
            each.get("mb100", nothing) * 1e3,
        )
        print(f"{tool:10} " + " ".join(f"{value:10.1f}" for value in row))
    for ratio in ratios:
        print(f"{ratio.ours} is {ratio.ratio} of {ratio.peer}'s {ratio.theirs}; limit {ratio.limit}")
    for what, most in BOUNDS:
        print(f"{what} is {figures['pipeline'][what]:g}; limit {most:g}")


if __name__ == "__main__":
    sys.exit(main())
