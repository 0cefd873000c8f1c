"""What the benchmarks share: checkouts of this project, a project to run, commands with a bound, ratios of rounds."""

import argparse
import contextlib
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
BOUND = 1800  # seconds that one measured command may take

LOOP = """import subprocess, sys
for _ in range(int(sys.argv[1])):
    subprocess.run([sys.argv[2], sys.argv[3]], check=True)
"""


class Failed(Exception):
    """Something that was to be measured didn't work; the message says why, on one line."""


@dataclass(frozen=True)
class Checkout:
    """A copy of this project, whose commands are measured."""

    folder: Path
    bin: Path  # of the virtual environment that has its commands

    def program(self, name: str) -> Path:
        return self.bin / name

    def call(self, project: Path, *words: str, variables: Mapping[str, str] | None = None) -> str:
        """One of its commands on a project; what it printed. Raises ``Failed``."""
        argv: list[str | Path] = [self.program(words[0]), "--root", project, *words[1:]]
        return output(argv, variables)

    def check(self) -> None:
        """Raises ``Failed`` where its commands are those of another copy."""
        shown = "import os, pipeline; print(os.path.dirname(os.path.dirname(os.path.abspath(pipeline.__file__))))"
        folder = output([self.program("python"), "-I", "-c", shown]).strip()
        if not Path(folder).samefile(self.folder):
            raise Failed(f"the commands in {self.bin} are those of {folder}, not of {self.folder}")

    def compile(self) -> None:
        """A machine that forbids Python to write bytecode by itself would compile the sources at every start."""
        output([self.program("python"), "-m", "compileall", "-q", self.folder / "pipeline"])


THIS = Checkout(PROJECT, BIN)


def checkouts(text: str) -> Sequence[Checkout]:
    """The one in a folder that an option names."""
    folder = Path(text).resolve()
    if not (folder / ".venv-dev" / "bin" / "run-pipeline").exists():
        made = f"cd {folder} && . scripts/setup.sh && ensure_venv .venv-dev dev.lock"
        raise argparse.ArgumentTypeError(f"{folder} has no commands; make them with: {made}")
    return [Checkout(folder, folder / ".venv-dev" / "bin")]


@dataclass(frozen=True)
class Spent:
    """What a command took. ``cpu`` and ``mib`` are those of all processes that it waited for, too."""

    seconds: float
    cpu: float  # seconds
    mib: float  # the most that one process held in memory


def spend(argv: Sequence[str | Path], variables: Mapping[str, str] | None = None, cwd: Path | None = None) -> Spent:
    """Run a command to its end. Raises ``Failed``.

    The bound is a timer that kills: ``subprocess.run(timeout=…)`` polls, and would add up to 50 ms.
    """
    with tempfile.TemporaryFile() as errors:
        start = time.perf_counter()
        child = subprocess.Popen(
            argv, env=variables, cwd=cwd, stdout=errors, stderr=errors, stdin=subprocess.DEVNULL, start_new_session=True
        )
        timer = threading.Timer(BOUND, _kill_group, (child.pid,))
        timer.daemon = True
        timer.start()
        try:
            _, status, usage = os.wait4(child.pid, 0)
        except BaseException:
            _kill_group(child.pid)
            child.wait()
            raise
        finally:
            timer.cancel()
        seconds = time.perf_counter() - start
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode:
            raise Failed(f"{Path(argv[0]).name}: {_reason(child.returncode, errors.fileno())}")
    scale = 1 << 20 if sys.platform == "darwin" else 1 << 10  # getrusage counts bytes there, KiB elsewhere
    return Spent(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / scale)


def timed(argv: Sequence[str | Path], variables: Mapping[str, str] | None = None, cwd: Path | None = None) -> float:
    return spend(argv, variables, cwd).seconds


def median_ratio(pairs: int, ours: Callable[[], float], bare: Callable[[], float], warm: bool = True) -> float:
    """Median over pairs, each side first in turn; ``warm`` runs both once before."""
    return median_ratios(pairs, [ours], bare, warm)[0]


def median_ratios(
    rounds: int, sides: Sequence[Callable[[], float]], bare: Callable[[], float], warm: bool = True
) -> list[float]:
    """For each side the median of its ratio to ``bare`` in the same round. Each begins a round in turn."""
    runs = [*sides, bare]
    if warm:
        for run in runs:
            run()
    ratios = [_ratios(runs, number) for number in range(rounds)]
    return [round(statistics.median(column), 3) for column in zip(*ratios, strict=True)]


def _ratios(runs: Sequence[Callable[[], float]], first: int) -> list[float]:
    order = [(first + number) % len(runs) for number in range(len(runs))]
    seconds = {place: runs[place]() for place in order}
    return [seconds[place] / seconds[len(runs) - 1] for place in range(len(runs) - 1)]


def output(argv: Sequence[str | Path], variables: Mapping[str, str] | None = None) -> str:
    """What a command printed. Raises ``Failed``."""
    name = Path(argv[0]).name
    try:
        done = subprocess.run(argv, env=variables, capture_output=True, text=True, check=False, timeout=BOUND)
    except subprocess.TimeoutExpired:
        raise Failed(f"{name}: it took more than {BOUND} s") from None
    if done.returncode:
        raise Failed(f"{name}: {_first_line(done.stderr)}")
    return done.stdout


def call(project: Path, *words: str) -> str:
    """One of our commands on a project; what it printed. Raises ``Failed``."""
    return THIS.call(project, *words)


def make_project(
    root: Path, stages: Mapping[str, str], workflows: Mapping[str, str], checkout: Checkout = THIS
) -> Path:
    """A project with an empty environment; ``stages`` and ``workflows`` are texts by name."""
    for sub in ("config/environments", "config/workflows", "requirements", "stages"):
        (root / sub).mkdir(parents=True)
    (root / "config" / "pipeline.yaml").write_text("default_workflows: []\n")
    (root / "config" / "environments" / "bare.yaml").write_text('python: ">=3.11"\n')
    for name in ("bare.txt", "bare.lock"):
        (root / "requirements" / name).write_text("")
    for name, text in stages.items():
        (root / "stages" / f"{name}.py").write_text(text)
    for name, text in workflows.items():
        (root / "config" / "workflows" / f"{name}.yaml").write_text(text)
    (root / "input.txt").write_text("x")
    checkout.compile()
    checkout.call(root, "bootstrap", "--env", "bare")
    return root


def chain(count: int) -> str:
    """A workflow of stages that do nothing, each after the one before."""
    lines = ["input: file", "stages:"]
    for number in range(count):
        after = f", after: [s{number - 1}]" if number else ""
        lines.append(f"  s{number}: {{uses: noop{after}}}")
    return "\n".join(lines) + "\n"


def _kill_group(leader: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(leader, signal.SIGKILL)


def _reason(returncode: int, errors: int) -> str:
    if returncode == -signal.SIGKILL:
        return f"it was killed, as after {BOUND} s"
    size = os.fstat(errors).st_size
    text = os.pread(errors, 1 << 16, max(0, size - (1 << 16))).decode("utf-8", "replace")
    return _first_line(text) if "error: " in text else (text.strip().splitlines() or [f"exit code {returncode}"])[-1]


def _first_line(text: str) -> str:
    """Our commands say what is wrong after ``error:``; others say it last."""
    lines = [line for line in text.splitlines() if line.strip()] or ["it failed without a word"]
    return next((line for line in lines if line.lstrip().lower().startswith("error")), lines[-1]).strip()
