"""What orchestration costs: jobs of stages that do nothing, against a bare loop of subprocess.run; and an hour's movie.

Everything is measured in one run, in rounds that each side begins in turn, as the median of the rounds' ratios:

chain20_ratio    20 stages in a chain, journal on, `run-pipeline` as a whole command / `python loop.py` with 20 runs
one_stage_ratio  one stage / one run
health_check_ms  one look at a built environment's health, milliseconds
demux_ratio      the demux stage on a one-hour movie, from its start to its durable commit / the faster of two bare runs
                 of ffmpeg: the command as it is, and kept on one CPU
demux_default_ratio, demux_one_cpu_ratio  the same / each of the two
demux_durable_ratio  the same / the command as it is and an fsync of what it wrote, which a commit can't do without
demux_cpu_ratio  CPU time, user and system: of the whole `run-pipeline` / of the command as it is
mux_*            the mux stage likewise

The one-hour movie is made once in a temporary folder (0.7 GB, a minute); --no-media leaves it out.
Exit code 3: a figure that was asked for could not be measured; 1, with --check: a limit is missed.
"""

import argparse
import os
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

import one_hour
from figures import Figures, add_options
from measuring import BIN, LOOP, PROJECT, Failed, call, chain, make_project, median_ratio, timed

STAGE = """# /// script
# [tool.pipeline.stage]
# environment = "bare"
# cache = false
# ///
def run(stage):
    pass
"""
LIMITS = {"demux_ratio": 1.1, "mux_ratio": 1.1}


def main() -> int:
    arguments = _arguments()
    figures = Figures(limits=dict(LIMITS))
    with tempfile.TemporaryDirectory(dir=arguments.folder) as folder:
        for part in arguments.only or PARTS:
            with figures.part(part):
                PARTS[part](figures, Path(folder), arguments.pairs)
    return figures.end(arguments)


def engine(figures: Figures, folder: Path, pairs: int) -> None:
    project = make_project(folder / "project", {"noop": STAGE}, {"one": chain(1), "chain20": chain(20)})
    python = project / "venv" / "bare" / "bin" / "python"
    (folder / "noop.py").write_text("")
    (folder / "loop.py").write_text(LOOP)
    for name, workflow, count in (("chain20_ratio", "chain20", 20), ("one_stage_ratio", "one", 1)):
        loop: list[str | Path] = [BIN / "python", folder / "loop.py", str(count), python.resolve(), folder / "noop.py"]
        figures.measure(name, partial(median_ratio, pairs, partial(_job, project, workflow), partial(timed, loop)))


def health(figures: Figures, _: Path, __: int) -> None:
    figures.measure("health_check_ms", health_check_ms)


def media(figures: Figures, folder: Path, pairs: int) -> None:
    """The project's own stages on a one-hour movie: from the order to the committed result, output on the disk."""
    hour = one_hour.make(folder)
    for stage in one_hour.BARE:
        names = [f"{stage}_{name}" for name in one_hour.FIGURES]
        figures.measure_all(names, partial(one_hour.ratios, hour, stage, max(4, pairs // 2)))


PARTS: Mapping[str, Callable[[Figures, Path, int], None]] = {"engine": engine, "health": health, "media": media}


def health_check_ms() -> float:
    """On the project's largest environment, the way that every run looks at it."""
    from pipeline.envs.registry import Registry
    from pipeline.envs.verification import health

    registry = Registry(PROJECT / "venv")
    live = registry.live("whisper")
    if live is None:
        raise Failed("the environment 'whisper' isn't built; run ./bootstrap.sh")
    times = []
    for _ in range(200):
        start = time.perf_counter()
        build = registry.with_key("whisper", live.key)
        assert build is not None
        assert health.problem(build) is None
        times.append(time.perf_counter() - start)
    return round(statistics.median(times) * 1000, 3)


def _job(project: Path, workflow: str) -> float:
    id = call(project, "prepare-job", str(project / "input.txt"), "--workflow", workflow).strip()
    seconds = timed([str(BIN / "run-pipeline"), "--root", str(project), "-j", id])
    shutil.rmtree(project / "jobs" / id)
    return seconds


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_options(parser)
    parser.add_argument("--pairs", type=int, default=11)
    parser.add_argument("--only", action="append", choices=PARTS, help="this part; may be repeated")
    parser.add_argument(
        "--no-media", dest="only", action="store_const", const=["engine", "health"], help="without the movie"
    )
    parser.add_argument("--folder", type=Path, default=Path(os.environ.get("TMPDIR", "/tmp")))
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
