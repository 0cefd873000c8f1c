"""Calls into another environment: an empty one, arrays there and back, and the start, against other tools.

All in one run, each tool in a process of its own, in turn for some rounds. The callers and the workers have the same
interpreter and the same numpy. Ratios are the medians of the rounds. It needs PyPI once.

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

from measuring import BIN, PROJECT, Failed, output

from pipeline.envs import uv

PEERS = ("appose", "execnet", "rpyc", "spawn")
REQUIREMENTS = ("numpy==2.4.6", "appose==0.12.0", "execnet==2.1.2", "rpyc==6.0.2")
VERSION = f"{sys.version_info.major}.{sys.version_info.minor}"
# What is measured of ours, what it is compared with, and how much of that it may be.
LIMITS = (
    ("empty", "appose", "empty", 0.6),
    ("empty", "rpyc", "empty", 0.5),
    ("mb100", "pipeline", "mb100_copy", 2 * 1.1),
    ("mb100", "spawn", "mb100", 0.25),
)

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
    return int(options.check and any(each.ratio > each.limit for each in ratios))


def _measured(folder: Path, count: int) -> list[Figures]:
    project, packages = folder / "project", folder / "packages"
    installing = [str(uv.find()), "pip", "install", "--quiet", "--compile-bytecode", "--python", sys.executable]
    output([*installing, "--target", packages, *REQUIREMENTS])
    for each in ("config/environments", "requirements", "stages"):
        (project / each).mkdir(parents=True)
    (project / "config/pipeline.yaml").write_text("default_workflows: []\n")
    (project / "config/environments/called.yaml").write_text(f'python: "=={VERSION}.*"\nimports: [numpy]\n')
    (project / "requirements/called.txt").write_text(f"{REQUIREMENTS[0]}\n")
    variables = {
        **os.environ,
        "PIPELINE_ROOT": str(project),
        "PYTHONPATH": f"{PROJECT}:{packages}",
        "CALLED_ENVIRONMENT": "called",
        "XDG_RUNTIME_DIR": str(folder),
    }
    output([BIN / "pipeline", "env", "lock", "called"], variables)
    output([BIN / "bootstrap", "--env", "called"], variables)
    script = PROJECT / "scripts/bench/peers/calls_of.py"
    try:
        return [
            {
                tool: json.loads(output([sys.executable, script, tool, sys.executable, "2"], variables))
                for tool in ("pipeline", *PEERS)
            }
            for _ in range(count)
        ]
    finally:
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
        row = (each["first"] * 1e3, each["empty"] * 1e6, each["mb1"] * 1e6, each.get("mb100", float("nan")) * 1e3)
        print(f"{tool:10} " + " ".join(f"{value:10.1f}" for value in row))
    for ratio in ratios:
        print(f"{ratio.ours} is {ratio.ratio} of {ratio.peer}'s {ratio.theirs}; limit {ratio.limit}")


if __name__ == "__main__":
    sys.exit(main())
