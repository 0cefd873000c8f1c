"""A real scheduler and real workers as processes, and members that follow them."""

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from pipeline.cluster.dask.dask_members import DaskMembers, MembersSettings
from pipeline.cluster.definitions.cluster_definition import ClusterDefinition
from pipeline.cluster.definitions.cluster_secrets import ClusterSecrets
from pipeline.cluster.members import ClusterFailed, MembershipChange, NodeJoined, NodeLeft
from pipeline.cluster.node_client import NodeClient

BOUND = 120.0  # seconds in which anything must have happened, also on a machine that is busy
T = TypeVar("T")


def wait_for(look: Callable[[], T], seconds: float = BOUND) -> T:
    """What a look finds, once it is true."""
    until = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < until, "it took too long"
        time.sleep(0.05)
    return found


@dataclass
class DaskProcesses:
    """A scheduler on loopback, and workers of it."""

    folder: Path
    processes: "dict[str, subprocess.Popen[bytes]]" = field(default_factory=dict)
    address: str = ""
    inside: dict[str, tuple[str, ...]] = field(default_factory=dict)  # what the commands of some of them begin with

    def start_scheduler(self, port: int = 0, options: tuple[str, ...] = (), host: str = "127.0.0.1") -> None:
        file = self.folder / "scheduler.json"
        file.unlink(missing_ok=True)
        words = ["--host", host, "--port", str(port), "--no-dashboard", "--dashboard-address", "127.0.0.1:0"]
        self._start("scheduler", "dask_scheduler", *words, "--scheduler-file", str(file), *options)
        wait_for(lambda: file.exists() and file.read_text().rstrip().endswith("}"))
        self.address = json.loads(file.read_text())["address"]

    def start_worker(self, name: str, *options: str, host: str = "127.0.0.1") -> None:
        words = ["--name", name, "--nthreads", "1", "--nworkers", "1", "--memory-limit", "1GiB", "--no-dashboard"]
        places = ["--dashboard-address", "127.0.0.1:0", "--local-directory", str(self.folder / "scratch")]
        self._start(name, "dask_worker", self.address, *words, *places, "--host", host, *options)

    def kill(self, name: str) -> None:
        """As a whole: the worker's own process goes with its nanny."""
        self.processes[name].kill()
        self.processes[name].wait(BOUND)

    def end(self) -> None:
        for process in self.processes.values():
            process.send_signal(signal.SIGTERM)
        for process in self.processes.values():
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def _start(self, name: str, module: str, *words: str) -> None:
        with open(self.folder / f"{name}.log", "ab") as log:
            self.processes[name] = subprocess.Popen(
                [*self.inside.get(name, ()), sys.executable, "-m", f"distributed.cli.{module}", *words],
                stdout=log,
                stderr=log,
                env=dict(os.environ),
            )


@dataclass
class Follower:
    """What a run would hear."""

    members: DaskMembers
    heard: list[MembershipChange] = field(default_factory=list)

    def look(self) -> list[MembershipChange]:
        self.heard += self.members.changes()
        return self.heard

    def joined(self, name: str, times: int = 1) -> NodeJoined:
        def look() -> list[NodeJoined]:
            assert not [each for each in self.look() if isinstance(each, ClusterFailed)], self.heard
            found = [each for each in self.look() if isinstance(each, NodeJoined) and each.node.name == name]
            return found if len(found) >= times else []

        return wait_for(look)[-1]

    def left(self, name: str) -> NodeLeft:
        return wait_for(lambda: [each for each in self.look() if isinstance(each, NodeLeft) and each.name == name])[0]

    def failed(self) -> ClusterFailed:
        return wait_for(lambda: [each for each in self.look() if isinstance(each, ClusterFailed)])[0]

    def watched(self, name: str) -> None:
        """Waits for the start of the node's nanny: before it is over, the worker's end is the nanny's too."""
        worker = next(each.worker for each in self.members.nodes() if each.node.name == name)
        client = self.members._session._client

        async def ask() -> None:
            assert client
            await client.run(os.getpid, workers=[worker], nanny=True)  # no server of Dask's answers while it starts

        asyncio.run_coroutine_threadsafe(ask(), self.members._loop).result(BOUND)

    def client(self, name: str) -> NodeClient:
        found = next(each.node for each in self.members.nodes() if each.node.name == name)
        return NodeClient(found.address, self.members.token, tries=3)


@contextlib.contextmanager
def following(definition: ClusterDefinition, folder: Path) -> Iterator[Follower]:
    """The secrets stay in the folder, as those of a project do."""
    settings = MembersSettings(definition, ClusterSecrets(folder / "secrets"), folder / "logs")
    members = DaskMembers(settings, threading.Event().set)
    try:
        yield Follower(members)
    finally:
        members.close()


def pid_of_worker(parent: int) -> int:
    """The worker's own process below its nanny."""
    import psutil

    def look() -> list[int]:
        children = psutil.Process(parent).children(recursive=True)
        return [each.pid for each in children if "spawn_main" in " ".join(each.cmdline())]

    return wait_for(look)[0]
