"""What it costs to look at environments, to mend one, and to explain two; for ``environments.py``."""

import hashlib
import os
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from measuring import BIN, Failed, call, median_ratio, timed

from pipeline.envs.build import Build
from pipeline.envs.registry import Registry
from pipeline.envs.verification import file_check, health

NAME = "whisper"
UNIT = 200 << 20  # bytes
TINY = 'python: ">=3.11,<3.14"\nrequirements: common.txt\n'
PAIR = ("whisperx==3.8.6", "transformers>=5")
RESOLVE = ("pip", "compile", "--quiet", "--no-config", "--no-header", "--no-build", "--python-version", "3.11")


def live(project: Path) -> Build:
    build = Registry(project / "venv").live(NAME)
    if build is None:
        raise Failed(f"the environment {NAME} isn't built")
    return build


def tier0_ms(project: Path) -> float:
    """The look that every use begins with, of a build that was resolved."""
    build = live(project)
    return round(1000 * _median_seconds(lambda: _nothing(health.problem(build)), 500), 4)


def tier2_seconds(project: Path) -> float:
    """The reading of every byte, for 200 MiB."""
    build = live(project)
    return round(_median_seconds(lambda: _clean(build), 5) * UNIT / _bytes(build), 3)


def tier2_ratio(project: Path) -> float:
    """... and against hashing the same files, one after the other."""
    build = live(project)
    return median_ratio(5, lambda: _seconds(lambda: _clean(build)), lambda: _seconds(lambda: _hash_all(build.prefix)))


def repair_ratio(project: Path, pairs: int) -> float:
    """A truncated extension of numpy, mended offline, against building all of it anew."""
    return median_ratio(pairs, partial(_repaired, project), partial(_rebuilt, project))


def _repaired(project: Path) -> float:
    build = live(project)
    extension = next((build.site_packages).glob("numpy/_core/_multiarray_umath*.so"))
    os.truncate(extension, 1000)
    seconds = timed([BIN / "bootstrap", "--root", project, "--repair", "--env", NAME, "--offline"])
    if live(project).prefix == build.prefix:
        raise Failed("nothing was repaired")
    return seconds


def _rebuilt(project: Path) -> float:
    return timed([BIN / "bootstrap", "--root", project, "--force", "--env", NAME, "--offline"])


def status(project: Path, pairs: int) -> tuple[float, float]:
    """``pipeline env status`` with 50 environments: seconds, and the ratio to starting Python with click and rich."""
    for number in range(50):
        (project / f"config/environments/many{number:02}.yaml").write_text(TINY)
    names = [word for number in range(50) for word in ("--env", f"many{number:02}")]
    call(project, "bootstrap", "--offline", *names)
    ours = partial(timed, [BIN / "pipeline", "--root", project, "env", "status"])
    ours()
    seconds = statistics.median(ours() for _ in range(pairs))
    bare = partial(timed, [sys.executable, "-c", "import click, rich.table, rich.console"])
    return round(seconds, 3), median_ratio(pairs, ours, bare)


def explain(project: Path, installer: Path, pairs: int) -> tuple[float, float]:
    """A real conflict: seconds, and the ratio to one resolution of the same two lines."""
    ours = partial(timed, [BIN / "pipeline", "--root", project, "env", "explain", *PAIR])
    ours()
    seconds = statistics.median(ours() for _ in range(pairs))
    requirements = project / "one.txt"
    requirements.write_text(f"{PAIR[0]}\n")
    resolve = partial(timed, [installer, *RESOLVE, requirements])
    return round(seconds, 3), median_ratio(pairs, ours, resolve)


def _clean(build: Build) -> None:
    if not file_check.thorough(build).is_clean:
        raise Failed(f"the environment {NAME} is damaged")


def _nothing(reason: str | None) -> None:
    if reason:
        raise Failed(f"the environment {NAME} is unhealthy: {reason}")


def _hash_all(prefix: Path) -> None:
    for path in _files(prefix):
        with path.open("rb") as file:
            hashlib.file_digest(file, "sha256")


def _bytes(build: Build) -> int:
    return sum(path.stat().st_size for path in _files(build.prefix))


def _files(prefix: Path) -> Iterator[Path]:
    return (path for path in prefix.rglob("*") if path.is_file() and not path.is_symlink())


def _median_seconds(act: Callable[[], None], times: int) -> float:
    return statistics.median(_seconds(act) for _ in range(times))


def _seconds(act: Callable[[], None]) -> float:
    start = time.perf_counter()
    act()
    return time.perf_counter() - start
