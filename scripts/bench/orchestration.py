"""What orchestration costs: jobs of stages that do nothing, against a bare loop of subprocess.run.

Everything is measured in one run, in alternating pairs, and told as the median of the pairs' ratios:

chain20_ratio    20 stages in a chain, journal on, `run-pipeline` as a whole command / `python loop.py` with 20 runs
one_stage_ratio  one stage / one run
health_check_ms  one look at a built environment's health, milliseconds
demux_ratio      the demux stage on a one-hour movie, from its start to its commit / the bare ffmpeg command
mux_ratio        the mux stage likewise

The one-hour movie is made once in a temporary folder (0.7 GB, a minute); --no-media leaves it out.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

PROJECT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent

STAGE = """# /// script
# [tool.pipeline.stage]
# environment = "bare"
# ///
def run(stage):
    pass
"""
LOOP = """import subprocess, sys
for _ in range(int(sys.argv[1])):
    subprocess.run([sys.argv[2], sys.argv[3]], check=True)
"""


def main() -> None:
    arguments = _arguments()
    with tempfile.TemporaryDirectory(dir=arguments.folder) as folder:
        figures = measure(Path(folder), arguments.pairs, media=not arguments.no_media)
    if arguments.json:
        print(json.dumps(figures, indent=2))
    else:
        for name, value in figures.items():
            print(f"{name:18} {value}")


def measure(folder: Path, pairs: int, media: bool) -> dict[str, float]:
    project = make_project(folder / "project", {"one": 1, "chain20": 20})
    python = project / "venv" / "bare" / "bin" / "python"
    (folder / "noop.py").write_text("")
    (folder / "loop.py").write_text(LOOP)
    figures = {}
    for name, count in (("chain20_ratio", 20), ("one_stage_ratio", 1)):
        bare = [str(BIN / "python"), str(folder / "loop.py"), str(count), str(python.resolve()), str(folder / "noop.py")]
        workflow = "chain20" if count == 20 else "one"
        figures[name] = _median_ratio(pairs, lambda w=workflow: _job(project, w), lambda b=bare: _timed(b))
    figures["health_check_ms"] = health_check_ms()
    if media:
        figures |= media_ratios(folder)
    return figures


def make_project(root: Path, workflows: dict[str, int]) -> Path:
    """A project with an empty environment and chains of stages that do nothing."""
    for sub in ("config/environments", "config/workflows", "requirements", "stages"):
        (root / sub).mkdir(parents=True)
    (root / "config" / "pipeline.yaml").write_text("default_workflows: []\n")
    (root / "config" / "environments" / "bare.yaml").write_text('python: ">=3.11"\n')
    (root / "requirements" / "bare.lock").write_text("")
    (root / "stages" / "noop.py").write_text(STAGE)
    for name, count in workflows.items():
        lines = ["input: file", "stages:"]
        for number in range(count):
            after = f", after: [s{number - 1}]" if number else ""
            lines.append(f"  s{number}: {{uses: noop{after}}}")
        (root / "config" / "workflows" / f"{name}.yaml").write_text("\n".join(lines) + "\n")
    (root / "input.txt").write_text("x")
    _command(root, "bootstrap", "--env", "bare")
    return root


def health_check_ms() -> float:
    """On the project's largest environment, the way that every run looks at it."""
    from pipeline.envs import health
    from pipeline.envs.registry import Registry

    registry = Registry(PROJECT / "venv")
    live = registry.live("whisper")
    if live is None:
        sys.exit("the environment 'whisper' isn't built; run ./bootstrap.sh")
    times = []
    for _ in range(200):
        start = time.perf_counter()
        build = registry.with_key("whisper", live.key)
        assert build is not None
        assert health.damage(build) is None
        times.append(time.perf_counter() - start)
    return round(statistics.median(times) * 1000, 3)


def _job(project: Path, workflow: str) -> float:
    id = _command(project, "prepare-job", str(project / "input.txt"), "--workflow", workflow).strip()
    seconds = _timed([str(BIN / "run-pipeline"), "--root", str(project), "-j", id])
    shutil.rmtree(project / "jobs" / id)
    return seconds


def _command(project: Path, *words: str) -> str:
    done = subprocess.run([BIN / words[0], "--root", project, *words[1:]], capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(done.stderr)
    return done.stdout


def _timed(argv: Sequence[str]) -> float:
    start = time.perf_counter()
    subprocess.run(argv, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - start


def _median_ratio(pairs: int, ours: Callable[[], float], bare: Callable[[], float]) -> float:
    ours(), bare()  # warm both
    return round(statistics.median(ours() / bare() for _ in range(pairs)), 3)


def media_ratios(folder: Path) -> dict[str, float]:
    return {}


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--pairs", type=int, default=11)
    parser.add_argument("--no-media", action="store_true")
    parser.add_argument("--folder", type=Path, default=Path(os.environ.get("TMPDIR", "/tmp")))
    return parser.parse_args()


if __name__ == "__main__":
    main()
