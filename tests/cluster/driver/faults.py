"""Nodes and drivers as processes that are stopped and killed, and what must be true afterwards."""

import contextlib
import faulthandler
import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from pipeline.cli import handler
from pipeline.cluster.members import MembershipChange, NodeJoined, NodeLeft, NodeLoss
from pipeline.cluster.wire.node_announcement import NodeAnnouncement
from pipeline.files import write_at_once
from pipeline.jobs.events import StageFinished
from pipeline.jobs.job import PlannedJob
from pipeline.jobs.state import Status
from pipeline.values import decode, encode
from tests.cluster.driver.helpers import Nodes, announced
from tests.cluster.helpers import AgentProcess, agent_in
from tests.conftest import Sandbox
from tests.crash.harness import SECONDS, orphans
from tests.jobs.helpers import events_of, prepared
from tests.test_process import eventually

LOOK_SECONDS = 0.05
MARKED = """# /// script
# [tool.pipeline.stage]
# environment = "alpha"
# inputs = ["file"]
# [tool.pipeline.stage.parameters]
# marks = ""
# word = ""
# seconds = 0.1
# [tool.pipeline.stage.outputs]
# file = "marked.txt"
# ///
import os, time


def run(stage):
    word = stage.parameters["word"]
    with open(stage.parameters["marks"], "a") as marks:
        marks.write(f"{word}\\n")
    time.sleep(stage.parameters["seconds"])
    stage.output("file").write_bytes(stage.input("file").read_bytes() + word.encode() + b"\\n")
"""
WORDS = ("one", "two", "three", "four")
NAMES = {"first", "join", *(f"each_{word}" for word in WORDS)}
EXPECTED = "".join(f"some input\nfirst\n{word}\n" for word in WORDS)


@dataclass
class FolderMembers:
    """As ``Members``: the nodes whose announcements lie in a folder, for drivers that are processes."""

    folder: Path
    ring: Callable[[], None]
    _known: dict[str, NodeAnnouncement] = field(default_factory=dict)
    _is_closed: bool = False

    def __post_init__(self) -> None:
        threading.Thread(target=self._watch, daemon=True).start()

    def changes(self) -> list[MembershipChange]:
        now: dict[str, NodeAnnouncement] = {}
        for path in self.folder.glob("*.json"):
            with contextlib.suppress(FileNotFoundError):  # it was killed since
                now[path.stem] = decode(path.read_bytes(), NodeAnnouncement)
        gone: list[MembershipChange] = [
            NodeLeft(name, NodeLoss(words="its process is gone"))
            for name, node in self._known.items()
            if now.get(name) != node
        ]
        come = [NodeJoined(node) for name, node in now.items() if self._known.get(name) != node]
        self._known = now
        return [*gone, *come]

    def want(self, nodes: int) -> None:
        """They are as many as they are."""

    def why(self, name: str) -> NodeLoss | None:
        del name
        return None

    def close(self) -> None:
        self._is_closed = True

    def _watch(self) -> None:
        while not self._is_closed:
            time.sleep(LOOK_SECONDS)
            self.ring()


@dataclass
class Cluster:
    """Agents as processes, each with a folder of its own, which are killed and started again."""

    sandbox: Sandbox
    folder: Path
    silence: float = 10.0
    agents: dict[str, AgentProcess] = field(default_factory=dict)
    _held: dict[str, contextlib.ExitStack] = field(default_factory=dict)

    def start(self, *names: str, variables: Mapping[str, str] | None = None, limit: int = 1 << 28) -> None:
        """``variables``: instead of this process's."""
        self._announcements.mkdir(parents=True, exist_ok=True)
        for name in names:
            self._held[name] = contextlib.ExitStack()
            agent = agent_in(self.folder / name, name, limit, variables=variables)
            self.agents[name] = self._held[name].enter_context(agent)
            write_at_once(self._announcements / f"{name}.json", encode(announced(self.agents[name], name)))

    def kill(self, name: str) -> None:
        """Nobody tells the run of it at once."""
        self.agents[name].process.kill()
        self.agents[name].process.wait()

    def restart(self, name: str) -> None:
        """After it was killed."""
        (self._announcements / f"{name}.json").unlink()
        with contextlib.suppress(BrokenPipeError):
            self._held.pop(name).close()
        self.start(name)

    def end(self) -> None:
        for name, held in self._held.items():
            self.agents[name].process.send_signal(signal.SIGCONT)
            with contextlib.suppress(BrokenPipeError):
                held.close()

    def driver(self, job: PlannedJob) -> int:
        """A process that runs a job on the nodes; its number."""
        return in_background(lambda: self.run(job))

    def run(self, job: PlannedJob) -> None:
        """In this process. Raises the job's error."""
        nodes = Nodes(self.sandbox, self.folder, partial(FolderMembers, self._announcements), {}, silence=self.silence)
        if error := nodes.run(job.id)[job.id].error:
            raise error

    def knows(self, run: str) -> bool:
        """Whether any node that answers still has anything of a run."""
        known = [agent.client.attempts(run) for agent in self.agents.values() if agent.process.poll() is None]
        return any(each.running or each.ended for each in known)

    @property
    def _announcements(self) -> Path:
        return self.folder / "announced"


@contextlib.contextmanager
def cluster_in(sandbox: Sandbox, folder: Path, *names: str, silence: float = 10.0) -> Iterator[Cluster]:
    cluster = Cluster(sandbox, folder, silence)
    try:
        cluster.start(*names)
        yield cluster
    finally:
        cluster.end()


def in_background(act: Callable[[], None]) -> int:
    """Do something in a process of its own, which ends as a command does; its number."""
    pid = os.fork()
    if pid:
        return pid
    code = 70
    try:
        signal.alarm(SECONDS)
        faulthandler.dump_traceback_later(SECONDS / 2, file=2)  # it hangs, where a run takes so long
        act()
        code = 0
    except BaseException as error:  # a command's exit code is all that is left of it
        if known := handler.known(error):
            print(f"error: {known.message}")
            code = known.exit_code
        else:
            raise
    finally:
        os._exit(code)


def exit_code(pid: int) -> int:
    """Wait for its end; negative where a signal ended it."""
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def marked_job(sandbox: Sandbox, marks: Path, seconds: float = 0.1) -> PlannedJob:
    """Stages that leave a mark outside of the job each time they run."""
    marks.unlink(missing_ok=True)
    sandbox.write("stages/marked.py", MARKED)
    common = f"marks: {marks}, seconds: {seconds}"
    words = ", ".join(WORDS)
    sandbox.workflow(
        "marked",
        f"""
first: {{uses: marked, inputs: {{file: job.input}}, parameters: {{word: first, {common}}}}}
each: {{uses: marked, for_each: [{words}], inputs: {{file: first.file}}, parameters: {{word: $each, {common}}}}}
join: {{inputs: {{files: each.file}}}}
""",
        head="deliver: [join.file]",
    )
    return prepared(sandbox, "marked")


def marks_of(file: Path) -> Counter[str]:
    """How often each stage has really run."""
    return Counter(file.read_text().split() if file.exists() else [])


def require_done(cluster: Cluster, job: PlannedJob, where: str) -> None:
    """The job came to its end; each stage was committed once; nothing half-written is left."""
    finished = events_of(job, StageFinished)
    assert job.state().status is Status.FINISHED, where
    assert Counter(event.stage for event in finished) == Counter(NAMES), where
    (file,) = (path for path in job.output.iterdir() if path.is_file())
    assert file.read_text() == EXPECTED, where
    for event in finished:
        folders = [path.name for path in job.attempts(event.stage).iterdir() if (path / "result.json").exists()]
        assert folders == [str(event.attempt)], where
    left = [path for path in job.folder.rglob("*") if path.name.startswith(".") or path.name == "work"]
    assert not left, where


def require_forgotten(cluster: Cluster, job: PlannedJob, where: str) -> None:
    """Nodes that were there at the end keep nothing of a run."""
    run = (job.folder / "cluster-run").read_text().strip()
    assert eventually(lambda: not cluster.knows(run), 20), f"{where}: nodes keep something of the run"


def require_no_stage(cluster: Cluster) -> None:
    """No process is left of any stage."""
    own = {agent.process.pid for agent in cluster.agents.values()}

    def left() -> list[str]:
        found = []
        for each in orphans():
            with contextlib.suppress(Exception):
                words = " ".join(each.cmdline())
                if each.pid not in own and "marked" in words:
                    found.append(words)
        return found

    assert eventually(lambda: not left(), 30), left()
