"""What the benchmarks share: a project to run, commands with a bound, and ratios of pairs."""

import compileall
import contextlib
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
BOUND = 900  # seconds that one measured command may take

LOOP = """import subprocess, sys
for _ in range(int(sys.argv[1])):
    subprocess.run([sys.argv[2], sys.argv[3]], check=True)
"""


class Failed(Exception):
    """Something that was to be measured didn't work; the message says why, on one line."""


def show(figures: Mapping[str, object], as_json: bool) -> None:
    if as_json:
        print(json.dumps(figures, indent=2))
        return
    for name, value in figures.items():
        print(f"{name:18} {value}")


@dataclass(frozen=True)
class Spent:
    seconds: float
    mib: float  # the most that the command, or any process that it waited for, held in memory


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
    return Spent(seconds, usage.ru_maxrss / scale)


def timed(argv: Sequence[str | Path], variables: Mapping[str, str] | None = None, cwd: Path | None = None) -> float:
    return spend(argv, variables, cwd).seconds


def median_ratio(pairs: int, ours: Callable[[], float], bare: Callable[[], float], warm: bool = True) -> float:
    """Median over pairs, each side first in turn; ``warm`` runs both once before."""
    if warm:
        ours(), bare()
    ratios = []
    for number in range(pairs):
        if number % 2:
            seconds = bare()
            ratios.append(ours() / seconds)
        else:
            seconds = ours()
            ratios.append(seconds / bare())
    return round(statistics.median(ratios), 3)


def call(project: Path, *words: str) -> str:
    """One of our commands on a project; what it printed. Raises ``Failed``."""
    done = subprocess.run(
        [BIN / words[0], "--root", project, *words[1:]], capture_output=True, text=True, check=False, timeout=BOUND
    )
    if done.returncode:
        raise Failed(f"{words[0]}: {_first_line(done.stderr)}")
    return done.stdout


@contextlib.contextmanager
def own_workers(project: Path, folder: Path) -> Iterator[None]:
    """Workers apart from the user's: none of theirs is used, and none of ours is left behind."""
    folder.mkdir(mode=0o700)
    os.environ["XDG_RUNTIME_DIR"] = str(folder)
    try:
        yield
    finally:
        with contextlib.suppress(Failed):  # where there are none, there may be no such command either
            call(project, "pipeline", "worker", "stop", "--all")


def make_project(root: Path, stages: Mapping[str, str], workflows: Mapping[str, str]) -> Path:
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
    # A machine that forbids Python to write bytecode by itself would read our sources anew at every start.
    compileall.compile_dir(PROJECT / "pipeline", quiet=1)
    call(root, "bootstrap", "--env", "bare")
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
