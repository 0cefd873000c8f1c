"""Stages on the nodes of a real Dask cluster, compared with the bare Dask client; for ``cluster.py``."""

import contextlib
import json
import os
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import ours
import psutil
from measuring import BIN, Failed, median_ratios, timed
from ours import Ours

POOL = """import subprocess, sys
from distributed import Client, wait

def run(number, argv):
    subprocess.run(argv, check=True)

if __name__ == "__main__":
    address, count, *argv = sys.argv[1:]
    with Client(address) as client:
        client.gather(client.map(run, range(int(count)), argv=argv, pure=False))
"""
CLUSTER = """bench:
  kind: address
  address: {address}
  node_folder: {folder}/$NODE
"""
SECONDS = 60.0  # in which a process must have started
WORKERS = 2
LOOK_SECONDS = 4.0  # between two looks at a run
STILL = 0.02  # processors that a run takes that only waits


@dataclass(frozen=True)
class DaskProcesses:
    """A scheduler and its workers, on loopback."""

    address: str
    workers: "list[subprocess.Popen[bytes]]"


@contextlib.contextmanager
def dask_processes(folder: Path, workers: int = WORKERS) -> Iterator[DaskProcesses]:
    """Each worker is a process of its own, without a nanny, with one thread."""
    with contextlib.ExitStack() as held:
        log = folder / "scheduler.log"
        options = ["--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--dashboard-address", "127.0.0.1:0"]
        held.enter_context(_process(["distributed.cli.dask_scheduler", *options], log))
        address = _address(log)
        started = []
        for number in range(workers):
            words = [address, "--no-nanny", "--nthreads", "1", "--name", f"w{number}", "--no-dashboard"]
            place = ["--host", "127.0.0.1", "--local-directory", str(folder / f"scratch{number}")]
            log = folder / f"worker{number}.log"
            started.append(held.enter_context(_process(["distributed.cli.dask_worker", *words, *place], log)))
        yield DaskProcesses(address, started)


def stage_ratios(count: int, rounds: int) -> Mapping[str, float]:
    """Independent stages that do nothing, over two workers: cold and with our workers, against the bare client."""
    with tempfile.TemporaryDirectory(prefix="cluster-") as name:
        folder = Path(name)
        with dask_processes(folder) as dask, _project(folder, [2, count], dask.address) as project:
            pool = folder / "pool.py"
            pool.write_text(POOL)
            noop = folder / "noop.py"
            noop.write_text("")
            argv: list[str | Path] = [BIN / "python", pool, dask.address, str(count), project.python, noop]
            bare = partial(timed, argv)
            sides = [partial(_run, project, f"wide{count}", start) for start in ("cold", "worker")]
            _run(project, "wide2", "cold")  # makes the environment on the nodes
            cold, warm = median_ratios(rounds, sides, bare, warm=False)
    return {"stages_cold": cold, "stages_warm": warm}


def failover_seconds(rounds: int) -> float:
    """From the SIGKILL of a worker until the next attempt at the stage that ran there has begun."""
    return statistics.median(_failover() for _ in range(rounds))


def driver_mib(count: int) -> float:
    """The most memory of a run that has planned and queued so many stages, and waits for a node."""
    with tempfile.TemporaryDirectory(prefix="cluster-") as name:
        folder = Path(name)
        with dask_processes(folder, 0) as dask, _project(folder, [count], dask.address) as project:
            argv = _argv(project, project.prepare(f"wide{count}"), "worker")
            nowhere = subprocess.DEVNULL
            run = subprocess.Popen(argv, stdout=nowhere, stderr=nowhere, env=_variables(project))
            try:
                spent = -1.0
                while (now := _cpu_seconds(run.pid)) - spent > STILL * LOOK_SECONDS:
                    spent = now
                    time.sleep(LOOK_SECONDS)
                return _peak_mib(run.pid)
            finally:
                run.kill()
                run.wait()


def _cpu_seconds(pid: int) -> float:
    times = psutil.Process(pid).cpu_times()
    return float(times.user + times.system)


def _peak_mib(pid: int) -> float:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    (peak,) = (line.split()[1] for line in lines if line.startswith("VmHWM:"))
    return int(peak) / 1024


def _failover() -> float:
    with tempfile.TemporaryDirectory(prefix="cluster-") as name:
        folder = Path(name)
        with dask_processes(folder) as dask, _project(folder, [2], dask.address) as project:
            project.add("long", "input: file\nstages:\n  sleep: {parameters: {seconds: 4}}\n")
            _run(project, "wide2", "cold")
            id = project.prepare("long")
            journal = project.root / "jobs" / id / "journal.jsonl"
            run = subprocess.Popen(
                _argv(project, id, "cold"),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env=_variables(project),
            )
            try:
                first = _started(journal, 1)
                worker = dask.workers[int(str(first["node"])[-1])]
                time.sleep(0.5)
                worker.send_signal(signal.SIGKILL)
                start = time.monotonic()
                _started(journal, 2)
                return time.monotonic() - start
            finally:
                run.kill()
                run.wait()


def _started(journal: Path, count: int) -> Mapping[str, object]:
    """The event of the attempt with this place in the journal, as soon as it is there."""
    until = time.monotonic() + SECONDS
    while time.monotonic() < until:
        with contextlib.suppress(FileNotFoundError):
            events = [json.loads(line) for line in journal.read_bytes().splitlines()]
            if len(found := [each for each in events if each["event"] == "stage_started"]) >= count:
                return dict(found[count - 1])
        time.sleep(0.005)
    raise Failed(f"attempt {count} hasn't begun in {SECONDS:g} s")


@contextlib.contextmanager
def _project(folder: Path, counts: list[int], address: str) -> Iterator[Ours]:
    project = ours.make(folder / "project", counts)
    (project.root / "config" / "clusters.yaml").write_text(CLUSTER.format(address=address, folder=folder / "nodes"))
    with project.own_workers():
        yield project


def _run(project: Ours, workflow: str, start: str) -> float:
    """Seconds of the whole command."""
    return timed(_argv(project, project.prepare(workflow), start), _variables(project), project.root)


def _argv(project: Ours, id: str, start: str) -> list[str | Path]:
    program = project.checkout.program("run-pipeline")
    return [program, "--root", project.root, "-j", id, "--start", start, "--cluster", "bench"]


def _variables(project: Ours) -> Mapping[str, str]:
    return dict(project.variables)


@contextlib.contextmanager
def _process(module: list[str], log: Path) -> "Iterator[subprocess.Popen[bytes]]":
    with open(log, "wb") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", *module], stdout=file, stderr=file, stdin=subprocess.DEVNULL, env=dict(os.environ)
        )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _address(log: Path) -> str:
    until = time.monotonic() + SECONDS
    while time.monotonic() < until:
        if found := re.search(r"tcp://127\.0\.0\.1:\d+", log.read_text(errors="replace")):
            return found[0]
        time.sleep(0.05)
    raise Failed("the scheduler hasn't said its address")
