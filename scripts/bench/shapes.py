"""Published workflows as sleeps: their scaled times, what no schedule can beat, and what a list schedule reaches."""

import heapq
import json
import os
import subprocess
from collections.abc import Mapping
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

from contenders import FILES, WFCOMMONS, install
from measuring import BOUND, Failed
from ours import Task

TASKS = 120
TOTAL = 10.0  # seconds of all tasks of a workflow together, before short ones are made longer
SHORTEST = 0.05  # seconds; nothing is subtracted for starting a stage, so a sleep must be long beside a warm start

Workflow = Mapping[str, Task]  # in an order in which it can run


def load(folder: Path) -> dict[str, Workflow]:
    """Raises ``Failed`` where they can't be generated."""
    python = install(WFCOMMONS, folder) / "bin" / "python"
    variables = {**os.environ, "PYTHONHASHSEED": "0"}
    argv: list[str | Path] = [python, FILES / "generate_shapes.py", str(TASKS)]
    done = subprocess.run(argv, env=variables, cwd=folder, capture_output=True, text=True, check=False, timeout=BOUND)
    if done.returncode:
        raise Failed(f"wfcommons: {done.stderr.strip().splitlines()[-1]}")
    return {name: _scaled(tasks) for name, tasks in json.loads(done.stdout).items()}


def bound(workflow: Workflow, slots: int) -> float:
    """Seconds that no schedule can beat."""
    return max(*_remaining(workflow).values(), sum(task.seconds for task in workflow.values()) / slots)


def list_schedule(workflow: Workflow, slots: int) -> float:
    """Seconds of a schedule that costs nothing itself and starts the longest remaining path first."""
    remaining = _remaining(workflow)
    after = _after(workflow)
    missing = {name: len(task.needs) for name, task in workflow.items()}
    ready = [(-remaining[name], name) for name, count in missing.items() if not count]
    heapq.heapify(ready)
    running: list[tuple[float, str]] = []
    now = 0.0
    while ready or running:
        while ready and len(running) < slots:
            _, name = heapq.heappop(ready)
            heapq.heappush(running, (now + workflow[name].seconds, name))
        now, done = heapq.heappop(running)
        for name in after[done]:
            missing[name] -= 1
            if not missing[name]:
                heapq.heappush(ready, (-remaining[name], name))
    return now


def _scaled(tasks: Mapping[str, Mapping[str, object]]) -> Workflow:
    seconds = {name: float(str(task["seconds"])) for name, task in tasks.items()}
    factor = TOTAL / sum(seconds.values())
    order = TopologicalSorter({name: _needs(task) for name, task in tasks.items()}).static_order()
    return {name: Task(round(max(SHORTEST, seconds[name] * factor), 4), tuple(_needs(tasks[name]))) for name in order}


def _needs(task: Mapping[str, object]) -> list[str]:
    needs = task["needs"]
    assert isinstance(needs, list)
    return needs


def _after(workflow: Workflow) -> dict[str, list[str]]:
    after: dict[str, list[str]] = {name: [] for name in workflow}
    for name, task in workflow.items():
        for before in task.needs:
            after[before].append(name)
    return after


def _remaining(workflow: Workflow) -> dict[str, float]:
    """Seconds from a task's start to the end of the longest path behind it."""
    after = _after(workflow)

    @cache
    def remaining(name: str) -> float:
        return workflow[name].seconds + max(map(remaining, after[name]), default=0.0)

    return {name: remaining(name) for name in reversed(list(workflow))}
