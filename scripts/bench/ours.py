"""The project that is measured: its stages, its workflows, and runs of its jobs."""

import contextlib
import json
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path

from measuring import THIS, Checkout, Failed, Spent, chain, make_project, spend

STARTS = ("cold", "worker")
# A run that reused another's results would measure nothing.
POLICY = f"""# start = {json.dumps(STARTS)}
# cache = false
"""
NOOP = """# /// script
# [tool.pipeline.stage]
# environment = "bare"
{policy}# ///
def run(stage):
    pass
"""
TAKE = """# /// script
# [tool.pipeline.stage]
# environment = "bare"
# inputs = ["file"]
{policy}# [tool.pipeline.stage.parameters]
# number = 0
# [tool.pipeline.stage.outputs]
# file = "taken.txt"
# ///
def run(stage):
    with open(stage.input("file")) as source, open(stage.output("file"), "w") as target:
        target.write(source.read() + str(stage.parameters["number"]))
"""
SLEEP = """# /// script
# [tool.pipeline.stage]
# environment = "bare"
{policy}# [tool.pipeline.stage.parameters]
# seconds = 0.0
# [tool.pipeline.stage.resources]
# cpus = 0
# ///
import time


def run(stage):
    time.sleep(stage.parameters["seconds"])
"""


@dataclass(frozen=True)
class Task:
    """One task of a published workflow, its time scaled."""

    seconds: float
    needs: tuple[str, ...]


@dataclass(frozen=True)
class Ours:
    """A project, and the build that runs its jobs. An older build's ``Ours`` takes the root alone, too."""

    root: Path
    checkout: Checkout = THIS

    @cached_property
    def python(self) -> Path:
        """The interpreter of the stages' environment, which the others use as well."""
        return self.root / "venv" / "bare" / "bin" / "python"

    def add(self, workflow: str, text: str) -> None:
        (self.root / "config" / "workflows" / f"{workflow}.yaml").write_text(text)

    def prepare(self, workflow: str) -> str:
        return self._call("prepare-job", str(self.root / "input.txt"), "--workflow", workflow).strip()

    def run(self, id: str, start: str, slots: int = 1) -> Spent:
        program = self.checkout.program("run-pipeline")
        argv: list[str | Path] = [program, "--root", self.root, "-j", id, "--start", start, *_slots(slots)]
        return spend(argv, self.variables, cwd=self.root)

    def job(self, workflow: str, start: str, slots: int = 1) -> Spent:
        """A new job, run once. It stays: see ``forget``."""
        return self.run(self.prepare(workflow), start, slots)

    def makespan(self, workflow: str, start: str, slots: int) -> tuple[float, float]:
        """Seconds from the first stage's start to the last one's end, and of the whole command."""
        id = self.prepare(workflow)
        spent = self.run(id, start, slots)
        journal = self.root / "jobs" / id / "journal.jsonl"
        events = [json.loads(line) for line in journal.read_bytes().splitlines()]
        first = min(_at(event) for event in events if event["event"] == "stage_started")
        last = max(_at(event) for event in events if event["event"] == "stage_finished")
        return (last - first).total_seconds(), spent.seconds

    def forget(self, id: str) -> None:
        """Not between measurements: on ext4 without a journal, a number of inodes that were freed in the last minutes
        makes each new one slow to find, up to 0.4 ms for a folder."""
        shutil.rmtree(self.root / "jobs" / id)

    @property
    def variables(self) -> Mapping[str, str]:
        """With a folder for workers apart from the user's, and from those of another build."""
        return {**os.environ, "XDG_RUNTIME_DIR": str(self._runtime)}

    @property
    def _runtime(self) -> Path:
        return self.root.with_name(f"{self.root.name}.run")

    @contextlib.contextmanager
    def own_workers(self) -> Iterator[None]:
        """None of the user's workers is used, and none of ours is left behind."""
        self._runtime.mkdir(mode=0o700, exist_ok=True)
        try:
            yield
        finally:
            with contextlib.suppress(Failed):  # where there are none, there may be no such command either
                self._call("pipeline", "worker", "stop", "--all")

    def _call(self, *words: str) -> str:
        return self.checkout.call(self.root, *words, variables=self.variables)


def make(root: Path, counts: Sequence[int], checkout: Checkout = THIS) -> Ours:
    """``wide1000``, ``files1000``, … for each of ``counts``, and chains of one and of 20."""
    stages = {name: text.format(policy=POLICY) for name, text in (("noop", NOOP), ("take", TAKE), ("sleep", SLEEP))}
    workflows = {"one": chain(1), "chain20": chain(20)}
    for count in counts:
        workflows[f"wide{count}"] = _fan_out("noop", count, "")
        workflows[f"files{count}"] = _fan_out("take", count, ", inputs: {file: job.input}, parameters: {number: $each}")
    return Ours(make_project(root, stages, workflows, checkout), checkout)


def shape(tasks: Mapping[str, Task]) -> str:
    """A workflow of sleeps."""
    names = {task: f"t{number}" for number, task in enumerate(tasks)}
    lines = ["input: file", "stages:"]
    for id, task in tasks.items():
        after = f", after: [{', '.join(names[before] for before in task.needs)}]" if task.needs else ""
        known = f"parameters: {{seconds: {task.seconds}}}, expected_seconds: {task.seconds}"
        lines.append(f"  {names[id]}: {{uses: sleep, {known}{after}}}")
    return "\n".join(lines) + "\n"


def _fan_out(stage: str, count: int, more: str) -> str:
    return f"input: file\nstages:\n  {stage}: {{for_each: {list(range(count))}{more}}}\n"


def _slots(slots: int) -> list[str]:
    return [] if slots == 1 else ["--max-parallel", str(slots)]


def _at(event: Mapping[str, str]) -> datetime:
    return datetime.fromisoformat(event["at"])
