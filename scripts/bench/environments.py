"""What environments cost: against the bare installer, in the same run, from the same warm cache.

Figures are ratios of whole commands, medians of pairs in alternating order. The bare side is `uv venv` and `uv pip
sync` of the same lock with the same flags: hashes required, bytecode compiled, files linked as ours are.

build_NAME        bootstrap --env NAME --force / the bare commands
three_at_once     bootstrap of three environments / of the one of them that takes longest alone
tier0_ms          the look at each use, in milliseconds
tier2_s           the reading of every byte, in seconds for 200 MiB; tier2_ratio: / hashing the same files in one thread
repair            bootstrap --repair --offline of a truncated extension / a rebuild
status_50_s       pipeline env status with 50 environments, in seconds; status_50_ratio: / importing click and rich
explain_s         pipeline env explain of a real conflict, in seconds; explain_ratio: / one resolution by uv

Both sides build anew each time; what they made is removed outside the measured time. Ours also proves what it built
(every file's hash, and the imports) and flushes it to the disk, which the bare side doesn't.

Exit code 3: a figure that was asked for could not be measured; 1, with --check: a limit is missed.
"""

import argparse
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import looks
from figures import Figures, add_options, stop
from measuring import BIN, PROJECT, Failed, call, median_ratio, timed

NAMES = ("whisper", "common")
THREE = ("common", "ffmpeg", "whisper")
LIMITS = {
    "build_whisper": 1.15,
    "build_common": 1.15,
    "three_at_once": 1.3,
    "tier0_ms": 0.1,
    "tier2_s": 1.0,
    "repair": 0.25,
    "status_50_s": 0.5,
    "explain_s": 10.0,
}


@dataclass
class Bench:
    """A project of its own with the definitions and locks of this one, and a place for the bare side."""

    folder: Path
    pairs: int
    figures: Figures
    project: Path = field(init=False)

    def __post_init__(self) -> None:
        self.project = self.folder / "project"
        for part in ("config", "requirements", "stages"):
            shutil.copytree(PROJECT / part, self.project / part)
        # Tools and models come from elsewhere, and are no part of what is measured.
        for path in (self.project / "config/environments").glob("*.yaml"):
            lines = path.read_text().splitlines(keepends=True)
            path.write_text("".join(line for line in lines if not line.startswith(("tools:", "models:"))))

    def ours(self, names: Sequence[str]) -> float:
        words = [word for name in names for word in ("--env", name)]
        seconds = timed([BIN / "bootstrap", "--root", self.project, "--force", *words], _variables())
        self._forget()
        return seconds

    def bare(self, name: str) -> float:
        place = self.folder / "bare"
        uv, python = _uv(), _python()
        variables = {**_variables(), "UV_LINK_MODE": self._link_mode(), "UV_NO_CONFIG": "1", "UV_NO_PROGRESS": "1"}
        flags = ["--quiet", "--require-hashes", "--compile-bytecode"]
        lock = self.project / "requirements" / f"{name}.lock"
        seconds = timed([uv, "venv", "--quiet", "--no-project", "--python", python, place], variables)
        seconds += timed([uv, "pip", "sync", *flags, "--python", place / "bin/python", lock], variables)
        shutil.rmtree(place)
        return seconds

    def _link_mode(self) -> str:
        from pipeline.envs import uv

        return uv.link_mode("auto", self.folder)

    def _forget(self) -> None:
        for build in (self.project / "venv/.builds").iterdir():
            if build.is_dir():
                shutil.rmtree(build)


def build(bench: Bench) -> None:
    for name in NAMES:
        ours, bare = partial(bench.ours, (name,)), partial(bench.bare, name)
        bench.figures.measure(f"build_{name}", partial(median_ratio, bench.pairs, ours, bare))


def three(bench: Bench) -> None:
    def ratio() -> float:
        alone = {name: bench.ours((name,)) for name in THREE}
        slowest = max(alone, key=lambda name: alone[name])
        return median_ratio(bench.pairs, partial(bench.ours, THREE), partial(bench.ours, (slowest,)), warm=False)

    bench.figures.measure("three_at_once", ratio)


def look(bench: Bench) -> None:
    call(bench.project, "bootstrap", "--env", looks.NAME)
    for name in ("tier0_ms", "tier2_seconds", "tier2_ratio"):
        bench.figures.measure(name.replace("seconds", "s"), partial(getattr(looks, name), bench.project))


def repair(bench: Bench) -> None:
    call(bench.project, "bootstrap", "--env", looks.NAME)
    bench.figures.measure("repair", partial(looks.repair_ratio, bench.project, bench.pairs))


def status(bench: Bench) -> None:
    both(bench, "status_50", partial(looks.status, bench.project, bench.pairs))


def explain(bench: Bench) -> None:
    both(bench, "explain", partial(looks.explain, bench.project, _uv(), bench.pairs))


def both(bench: Bench, name: str, figure: Callable[[], tuple[float, float]]) -> None:
    """Seconds, for the limit, and what they are beside a baseline of the same run."""
    names = [f"{name}_s", f"{name}_ratio"]
    bench.figures.measure_all(names, lambda: dict(zip(names, figure(), strict=True)))


PARTS: dict[str, Callable[[Bench], None]] = {
    "build": build,
    "three": three,
    "look": look,
    "repair": repair,
    "status": status,
    "explain": explain,
}


def main() -> int:
    arguments = _arguments()
    figures = Figures(limits=dict(LIMITS))
    with tempfile.TemporaryDirectory(dir=arguments.folder) as folder:
        bench = Bench(Path(folder), 2 if arguments.quick else 7, figures)
        try:
            for name in THREE:  # fills the cache
                call(bench.project, "bootstrap", "--env", name)
        except Failed as failed:
            return stop(failed)
        for part, measure in PARTS.items():
            if arguments.only is None or part in arguments.only:
                with figures.part(part):
                    measure(bench)
    return figures.end(arguments)


def _variables() -> dict[str, str]:
    """Bytecode may be written: the bare side's Python does so, and ours doesn't mind."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def _uv() -> Path:
    from pipeline.envs import uv

    return uv.find()


def _python() -> Path:
    return Path(getattr(sys, "_base_executable", sys.executable)).resolve()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_options(parser)
    parser.add_argument("--quick", action="store_true", help="few pairs: does it work at all?")
    parser.add_argument("--only", action="append", choices=PARTS, help="this part; may be repeated")
    parser.add_argument("--folder", type=Path, default=None, help="where to work; the disk of the environments")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
