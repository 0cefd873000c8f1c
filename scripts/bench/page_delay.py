"""How long after an event of a run its page shows it, in Chromium: one event now and then, and thousands in seconds."""

import statistics
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import ours
from measuring import make_project
from page_runs import DIGEST, Effort, planned_job
from page_server import chromium, serving
from playwright.sync_api import Page

from pipeline.jobs.events import AnyEvent, RunStarted, StageFinished, StageStarted
from pipeline.jobs.job import PlannedJob
from pipeline.locks import exclusive

PAUSE = 0.77  # seconds between two single events
FAST_SECONDS = 3.0  # in which all stages of the fast run end
PATIENCE = 10.0
# The count of finished stages, each time that it is painted: [milliseconds of the clock, count].
FOLLOW = """() => {
  const counts = document.getElementById("counts"), shown = window.shown = [];
  const note = () => shown.push([Date.now(), Number(/(\\d+) finished/.exec(counts.textContent)?.[1] ?? 0)]);
  new MutationObserver(() => requestAnimationFrame(() => setTimeout(note)))
    .observe(counts, { childList: true, characterData: true, subtree: true });
}"""


def seconds(folder: Path, effort: Effort) -> Mapping[str, float]:
    """Raises ``Failed``."""
    project = make_project(folder / "project", {"noop": ours.NOOP.format(policy="")}, {})
    single, fast = planned_job(project, 20), planned_job(project, 2 * effort.wide)
    with serving(project) as server, chromium() as page:
        page.goto(server.link)
        calm = _delays(page, f"{server.address}/jobs/{single.id}", single, PAUSE)
        hasty = _delays(page, f"{server.address}/jobs/{fast.id}", fast, FAST_SECONDS / len(fast.stages))
    return {
        "event_seconds": round(statistics.median(calm), 3),
        "event_seconds_most": round(max(calm), 3),
        "fast_event_seconds": round(max(hasty), 3),
    }


def _delays(page: Page, address: str, job: PlannedJob, pause: float) -> Sequence[float]:
    """For each stage that ends, the seconds until the page counts it."""
    page.goto(address)
    page.wait_for_selector("#stages tbody tr")
    page.evaluate(FOLLOW)
    ended = list[float]()
    with exclusive(job.lock):
        journal = job.journal()
        journal.append(RunStarted())
        for number, events in enumerate(_stages(job)):
            if ended:
                time.sleep(max(0.0, ended[0] + number * pause - time.time()))
            for event in events:
                journal.append(event)
            ended.append(time.time())
        journal.close()
        page.wait_for_function("count => window.shown.at(-1)?.[1] >= count", arg=len(ended), timeout=PATIENCE * 1000)
    shown = page.evaluate("window.shown")
    return [_first(shown, place) / 1000 - at for place, at in enumerate(ended, start=1)]


def _stages(job: PlannedJob) -> Iterator[Sequence[AnyEvent]]:
    for stage in job.stages:
        yield StageStarted(stage.name, 1, DIGEST), StageFinished(stage.name, 1, DIGEST, 0.1, {})


def _first(shown: Sequence[tuple[float, int]], count: int) -> float:
    """When so many were counted for the first time."""
    return next(at for at, counted in shown if counted >= count)
