"""A Slurm of one machine for tests: ``sbatch``, ``squeue``, ``sacct``, ``scancel`` and ``scontrol`` over a folder.

Jobs are processes here. Run as ``python fake_slurm.py PROGRAM ...``; ``FAKE_SLURM`` names the folder. Files in it
steer: ``hold`` lets jobs wait, ``refusals`` has how often sbatch refuses, ``no-accounting`` lets sacct fail.
"""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psutil

PROGRAMS = ("sbatch", "squeue", "sacct", "scancel", "scontrol")
FOLDER = Path(os.environ.get("FAKE_SLURM", "/nonexistent"))
ALIVE = ("PENDING", "RUNNING")


def install(bin_folder: Path) -> None:
    bin_folder.mkdir(parents=True)
    for name in PROGRAMS:
        file = bin_folder / name
        file.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{__file__}" {name} "$@"\n')
        file.chmod(0o755)


class FakeJobs:
    """The jobs in a folder: what a test looks at and does to them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def all(self) -> dict[str, dict[str, Any]]:
        files = sorted(self.folder.glob("*.json"), key=lambda file: int(file.stem))
        return {file.stem: json.loads(file.read_text()) for file in files}

    def change(self, id: str, **values: Any) -> None:
        file = self.folder / f"{id}.json"
        before = json.loads(file.read_text()) if file.exists() else {}
        part = file.with_suffix(f".{os.getpid()}.part")
        part.write_text(json.dumps({**before, **values}))
        part.replace(file)

    def end(self, id: str, state: str, code: str = "0:0") -> None:
        """As if Slurm had ended it: its state is known first, then its processes are gone."""
        self.change(id, state=state, code=code)
        self.kill(id)

    def requeue(self, id: str) -> None:
        self.change(id, state="PENDING", reason="BeginTime")
        self.kill(id)

    def start_again(self, id: str) -> None:
        """A job that was requeued."""
        subprocess.run([sys.executable, __file__, "start", id], check=True)

    def vanish(self, id: str) -> None:
        self.kill(id)
        (self.folder / f"{id}.json").unlink()

    def kill(self, id: str) -> None:
        pid = self.all()[id].get("pid")
        try:
            tree = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)] if pid else []
        except psutil.NoSuchProcess:
            return
        for process in tree:
            try:
                process.kill()
            except psutil.NoSuchProcess:
                continue
        psutil.wait_procs(tree, timeout=10)


def start(id: str) -> int:
    words = [sys.executable, __file__, "run", id]
    nothing = subprocess.DEVNULL
    subprocess.Popen(words, start_new_session=True, stdin=nothing, stdout=nothing, stderr=nothing)
    return 0


def run(id: str) -> int:
    """The job itself, as a child that is ended when its walltime is over."""
    jobs = FakeJobs(FOLDER)
    while (FOLDER / "hold").exists():
        time.sleep(0.05)
    job = jobs.all()[id]
    if job["state"] != "PENDING":
        return 0
    began = int(time.time())
    times = {"SLURM_JOB_START_TIME": str(began), "SLURM_JOB_END_TIME": str(began + job["seconds"])}
    jobs.change(id, state="RUNNING", pid=os.getpid(), reason="None")
    with open(job["log"].replace("%J", id), "ab") as log:
        child = subprocess.Popen(
            ["bash", str(FOLDER / f"{id}.sh")], env={**os.environ, **times, "SLURM_JOB_ID": id}, stdout=log, stderr=log
        )
        code = child.wait()
    if jobs.all().get(id, {}).get("state") == "RUNNING":
        jobs.change(id, state="COMPLETED" if code == 0 else "FAILED", code=f"{max(code, 0)}:{max(-code, 0)}")
    return 0


def sbatch(*words: str) -> int:
    refusals = FOLDER / "refusals"
    with open(FOLDER / "submitted", "a") as times:
        times.write(f"{time.monotonic()}\n")
    if refusals.exists() and (left := int(refusals.read_text())) > 0:
        refusals.write_text(str(left - 1))
        print("sbatch: error: Batch job submission failed: Resource temporarily unavailable", file=sys.stderr)
        return 1
    text = Path(words[-1]).read_text()
    id = str(len(list(FOLDER.glob("*.sh"))) + 1)
    (FOLDER / f"{id}.sh").write_text(text)
    log = re.search(r"#SBATCH -e (\S+)", text)
    limit = re.search(r"#SBATCH -t (\d+):(\d+):(\d+)", text)
    seconds = sum(int(part) * 60**power for power, part in enumerate(reversed(limit.groups()))) if limit else 3600
    place = log[1] if log else str(FOLDER / "out-%J")
    FakeJobs(FOLDER).change(id, state="PENDING", reason="Resources", code="0:0", seconds=seconds, log=place)
    start(id)
    print(f"Submitted batch job {id}")
    return 0


def squeue(*_: str) -> int:
    for id, job in FakeJobs(FOLDER).all().items():
        if job["state"] in ALIVE:
            print(f"{id}|{job['state']}|{job['reason']}")
    return 0


def sacct(*words: str) -> int:
    if (FOLDER / "no-accounting").exists():
        print("Slurm accounting storage is disabled", file=sys.stderr)
        return 1
    wanted = words[-1].partition("=")[2].split(",")
    for id, job in FakeJobs(FOLDER).all().items():
        if id in wanted:
            print(f"{id}|{job['state']}|{job['code']}")
    return 0


def scontrol(*words: str) -> int:
    job = FakeJobs(FOLDER).all().get(words[-1])
    if job is None:
        return 1
    print(f"JobId={words[-1]} JobName=x UserId=me JobState={job['state']} Reason=None Requeue=1 ExitCode={job['code']}")
    return 0


def scancel(*words: str) -> int:
    jobs = FakeJobs(FOLDER)
    if words[-1] not in jobs.all():
        return 1
    if jobs.all()[words[-1]]["state"] in ALIVE:
        jobs.end(words[-1], "CANCELLED by 1000", "0:15")
    return 0


if __name__ == "__main__":
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    sys.exit(globals()[sys.argv[1]](*sys.argv[2:]))
