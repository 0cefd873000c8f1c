"""The parts of ``pages.py`` about runs: their reports, the live page, the server's memory."""

import contextlib
import statistics
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import ours
from measuring import BIN, make_project, median_ratios, timed
from page_server import SETTLED_SECONDS, PageReader, PageServer, chromium, serving

from pipeline.digests import sha256_of_bytes
from pipeline.jobs.events import AnyEvent, RunFinished, RunStarted, StageFinished, StageStarted
from pipeline.jobs.job import PlannedJob
from pipeline.jobs.plan import Plan, PlannedStage
from pipeline.jobs.records import OutputRecord
from pipeline.jobs.store import JobStore
from pipeline.values import from_plain

LOG = b"a line of a log, as a program writes them while it works\n"
LOG_LINES = 1_000_000  # 57 MB
HOURS = 10
DIGEST = sha256_of_bytes(b"")
FIRST_PAINT = """() => new Promise((resolve) => new PerformanceObserver((list) => {
  for (const each of list.getEntries()) if (each.name === "first-contentful-paint") resolve(each.startTime);
}).observe({ type: "paint", buffered: true }))"""


Look = Callable[[str], contextlib.AbstractContextManager[None]]  # at a job's stream, by its address


@dataclass(frozen=True)
class Effort:
    rounds: int = 5
    stages: int = 10_000  # of a large job
    ten_hours: int = 1200  # stages of a job of ten hours, as when a film is cut into pieces
    wide: int = 1000
    cues: int = 5000


def report(folder: Path, effort: Effort) -> Mapping[str, float]:
    """Raises ``Failed``."""
    project, page = make_project(folder / "project", {"noop": ours.NOOP.format(policy="")}, {}), folder / "report.html"
    job = past_job(project, effort.stages)
    argv: list[str | Path] = [BIN / "pipeline", "job", "report", job.id, "--root", project, "-o", page]
    seconds = statistics.median(timed(argv) for _ in range(effort.rounds))
    with chromium() as browser:
        painted = []
        for _ in range(effort.rounds):
            browser.goto(page.as_uri())
            painted.append(float(browser.evaluate(FIRST_PAINT)) / 1000)
    return {
        "report_seconds": round(seconds, 3),
        "report_megabytes": round(page.stat().st_size / 1e6, 2),
        "report_paint_seconds": round(statistics.median(painted), 3),
    }


def wide(folder: Path, effort: Effort) -> Mapping[str, float]:
    """Raises ``Failed``."""
    project, costs = ours.make(folder / "project", [effort.wide]), list[float]()
    with project.own_workers(), serving(project.root) as server:
        reader = server.reader()
        with _showing(server, reader, costs) as show:
            alone = partial(_run, project, effort.wide, None)
            heard = partial(_run, project, effort.wide, reader.listening)
            shown = partial(_run, project, effort.wide, show)
            control, stream, page = median_ratios(3 * effort.rounds, [alone, heard, shown], alone)
    ratios = {"control_wide1000": control, "stream_wide1000": stream, "page_wide1000": page}
    return {**ratios, "page_cpu": round(statistics.median(costs), 3)}


def _run(project: ours.Ours, wide: int, look: Look | None) -> float:
    id = project.prepare(f"wide{wide}")
    with look(f"/jobs/{id}/events") if look else contextlib.nullcontext():
        return project.run(id, "worker", 2).seconds


@contextlib.contextmanager
def _showing(server: PageServer, reader: PageReader, costs: list[float]) -> Iterator[Look]:
    """Chromium, which shows a job's page as long as its run takes. ``costs`` gets for each run the processor time that
    the browser and the server took in it, for each of its seconds."""
    with chromium() as page:
        name, _, value = reader.cookie.partition("=")
        page.context.add_cookies([{"name": name, "value": value, "url": server.address}])

        @contextlib.contextmanager
        def show(stream: str) -> Iterator[None]:
            page.goto(server.address + stream.removesuffix("/events"))
            page.wait_for_selector("#stages tbody tr")
            time.sleep(SETTLED_SECONDS)
            begin, before = time.perf_counter(), server.cpu_seconds
            yield
            costs.append((server.cpu_seconds - before) / (time.perf_counter() - begin))
            page.goto("about:blank")

        yield show


def server(folder: Path, effort: Effort) -> Mapping[str, float]:
    """Raises ``Failed``."""
    project = make_project(folder / "project", {"noop": ours.NOOP.format(policy="")}, {})
    job = past_job(project, effort.ten_hours)
    with job.log(job.stages[0].name).open("wb") as log:
        log.writelines([LOG] * LOG_LINES)
    with serving(project) as running:
        reader = running.reader()
        for path in ("/", f"/jobs/{job.id}"):
            reader.read(path)
        with reader.listening(f"/jobs/{job.id}/events"):
            reader.read(f"/jobs/{job.id}/logs/{job.stages[0].name}")
            time.sleep(1)  # for the first messages
            looked = running.mib
            reader.read(f"/jobs/{job.id}/report")
            return {"server_mib": looked, "server_report_mib": running.mib}


def past_job(project: Path, stages: int) -> PlannedJob:
    """A job whose run took ten hours and made everything, as its plan and its journal tell it."""
    job = planned_job(project, stages)
    journal = job.journal()
    for event in _events([stage.name for stage in job.stages]):
        journal.append(event)
    journal.close()
    job.logs.mkdir(exist_ok=True)
    return job


def planned_job(project: Path, stages: int) -> PlannedJob:
    """One that nobody has run."""
    names = [f"stage_{number:05d}" for number in range(stages)]
    planned = tuple(_stage(name, names[number - 100] if number >= 100 else None) for number, name in enumerate(names))
    return JobStore(project / "jobs").create(lambda id: _plan(id, planned))


def _stage(name: str, need: str | None) -> PlannedStage:
    fields = {"name": name, "uses": "noop", "environment": "bare", "needs": [need] if need else [], "inputs": {}}
    return from_plain({**fields, "parameters": {}, "models": {}, "outputs": {"file": "out.txt"}}, PlannedStage)


def _plan(id: str, stages: tuple[PlannedStage, ...]) -> Plan:
    file = {"path": "/films/film.mkv", "size": 1, "mtime_ns": 1, "digest": DIGEST, "duration_s": HOURS * 3600.0}
    fields = {
        "schema": 1,
        "job_id": id,
        "workflow": "large",
        "created_at": _at(0),
        "input": file,
        "parameters": {},
        "environments": {"bare": "venv/bare"},
        "environment_keys": {"bare": DIGEST},
        "stage_environments": {stage.name: "bare" for stage in stages},
        "tools": {},
        "models": {},
        "stages": stages,
        "deliver": (),
        "grace_seconds": 1,
        "cache_limit": 1 << 30,
        "workers": {"idle_seconds": 1, "tasks": 10, "memory": 1 << 30},
    }
    return from_plain(fields, Plan)


def _events(names: list[str]) -> Iterator[AnyEvent]:
    """Each stage takes twice the time between two starts, so that two run at a time."""
    step = HOURS * 3600 / len(names)
    yield RunStarted(at=_at(0))
    outputs = {"file": OutputRecord("out.txt", 1, 1, DIGEST)}
    for number, name in enumerate(names):
        begin = number * step
        used: dict[str, Any] = {"cpu_seconds": round(step, 3), "memory": 80 << 20, "start_seconds": 0.02}
        yield StageStarted(name, 1, DIGEST, at=_at(begin))
        yield StageFinished(name, 1, DIGEST, round(1.9 * step, 3), outputs, at=_at(begin + 1.95 * step), **used)
    yield RunFinished((), at=_at(HOURS * 3600 + 60))


def _at(seconds: float) -> str:
    whole = int(seconds)
    date = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(1_767_225_600 + whole))
    return f"{date}.{int((seconds - whole) * 1000):03d}Z"
