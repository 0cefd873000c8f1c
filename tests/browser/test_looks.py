"""Every page for every person: at 400 %, by keyboard alone, light and dark, and by what axe-core checks."""

import json
from pathlib import Path

import pytest
from page_process import ServedPage
from playwright.sync_api import BrowserContext, Dialog, Locator, Page, expect

from pipeline.jobs.events import AttemptFailed, RunFailed, RunFinished, RunStarted, StageFinished, StageStarted
from pipeline.jobs.job import PlannedJob
from pipeline.jobs.records import OutputRecord
from pipeline.templates import shown_seconds
from tests.browser.accessibility import serious_findings
from tests.conftest import Sandbox
from tests.jobs.helpers import DIGEST, record, stored

MARKUP = "<img src=x onerror=alert(1)>&'\"a-name-that-is-rather-long-and-has-nowhere-to-break.mkv"
MODELS = f"""odd:
  description: {json.dumps(MARKUP)}
  files: {{model.bin: {"a" * 64}}}
  sources: [{{folder: models/odd}}]
"""
REPORTS = ("/jobs/{done}/report", "/jobs/{broken}/report")
PAGES = ("/", "/jobs/{done}", "/jobs/{broken}", *REPORTS, "/environments", "/models", "/services")
ZOOMED = {"width": 320, "height": 256}  # 1280 x 1024 at 400 %


@pytest.fixture
def jobs(ready: Sandbox) -> dict[str, str]:
    """The ids of a job that is done and of one that failed."""
    (ready.root / "config/models.yaml").write_text(MODELS)
    (ready.root / "config/environments/odd.yaml").write_text(f"{json.dumps(MARKUP)}: 1\n")
    file = {"path": f"/films/{MARKUP}", "size": 1, "mtime_ns": 1, "digest": DIGEST, "duration_s": 60.0}
    return {"done": _done(stored(ready.root / "jobs", input=file)), "broken": _broken(stored(ready.root / "jobs"))}


def _done(job: PlannedJob) -> str:
    outputs = {"file": OutputRecord("copy.txt", 1, 1, DIGEST)}
    finished = StageFinished("copy", 1, DIGEST, 0.5, outputs, warnings=(MARKUP,), start_seconds=0.1)
    record(job, RunStarted(), StageStarted("copy", 1, DIGEST), finished, RunFinished((MARKUP[-30:],)))
    job.log("copy").write_text(f"{MARKUP}\n")
    job.output.mkdir()
    (job.output / MARKUP[-30:]).write_text("1\n")
    return job.id


def _broken(job: PlannedJob) -> str:
    failed = AttemptFailed("copy", 1, 0.5, f"it has {MARKUP}", "code error", 1)
    record(job, RunStarted(), StageStarted("copy", 1, DIGEST), failed, RunFailed("copy failed"))
    job.log("copy").write_text(f"{MARKUP}\n" * 30)
    return job.id


def shown(page: Page, served: ServedPage, path: str, jobs: dict[str, str]) -> None:
    """A page that has its content, also what its script adds."""
    page.goto(served.address + path.format(**jobs))
    if "/report" not in path and "/jobs/" in path:
        expect(page.locator("#stages tbody tr")).to_have_count(1)


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(
    page: Page, served: ServedPage, jobs: dict[str, str], axe: str, path: str, scheme: str
) -> None:
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    shown(page, served, path, jobs)
    if "/jobs/" in path and "/report" not in path:
        page.get_by_role("button", name="log of copy").click()
        expect(page.locator("#log-text")).to_contain_text(MARKUP)
    assert serious_findings(page, axe) == []


@pytest.mark.parametrize("path", PAGES)
def test_at_400_percent_nothing_is_cut_off(page: Page, served: ServedPage, jobs: dict[str, str], path: str) -> None:
    """The page itself isn't wider than the window: only a table scrolls, in a box that the keyboard reaches."""
    page.set_viewport_size({"width": ZOOMED["width"], "height": ZOOMED["height"]})
    shown(page, served, path, jobs)
    assert page.evaluate("document.documentElement.scrollWidth") <= ZOOMED["width"]
    outside = """() => [...document.querySelectorAll('main *, header *')]
      .filter((each) => !each.closest('.scroll, pre, svg, .skip'))
      .filter((each) => each.getBoundingClientRect().right > innerWidth + 1)
      .map((each) => each.outerHTML.slice(0, 120))"""
    assert page.evaluate(outside) == []


@pytest.mark.parametrize("path", PAGES)
def test_names_stay_text(page: Page, served: ServedPage, jobs: dict[str, str], path: str) -> None:
    asked: list[str] = []

    def dismiss(dialog: Dialog) -> None:
        asked.append(dialog.message)
        dialog.dismiss()

    page.on("dialog", dismiss)
    shown(page, served, path, jobs)
    if path != "/services":  # nothing runs there: what services say is tested with them
        expect(page.locator("main")).to_contain_text(MARKUP)
    assert page.locator("img[src=x]").count() == 0
    assert asked == []


@pytest.mark.parametrize("path", ["/", "/jobs/{done}", "/jobs/{done}/report"])
def test_dark_is_dark(page: Page, served: ServedPage, jobs: dict[str, str], path: str) -> None:
    colours = []
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        shown(page, served, path, jobs)
        colours.append(page.evaluate("getComputedStyle(document.body).backgroundColor"))
    assert colours == ["rgb(255, 255, 255)", "rgb(21, 24, 28)"]


def test_the_keyboard_alone_reaches_a_job_s_log(page: Page, served: ServedPage, jobs: dict[str, str]) -> None:
    page.goto(served.address)
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    tab_to(page, page.get_by_role("link", name=jobs["done"]))
    page.keyboard.press("Enter")
    page.wait_for_url("**/jobs/job-*")
    log = page.get_by_role("button", name="log of copy")
    expect(log).to_be_visible()
    tab_to(page, log)
    page.keyboard.press("Enter")
    expect(page.locator("#log-text")).to_be_focused()
    expect(page.locator("#log-text")).to_contain_text(MARKUP)


def tab_to(page: Page, wanted: Locator) -> None:
    """Press Tab until the element has the focus, which can be seen there."""
    for _ in range(40):
        page.keyboard.press("Tab")
        if wanted.evaluate("(each) => each === document.activeElement"):
            assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none"
            return
    raise AssertionError(f"the keyboard doesn't reach {wanted}")


def test_a_report_file_needs_no_server(
    context: BrowserContext, ready: Sandbox, jobs: dict[str, str], tmp_path: Path, axe: str
) -> None:
    file = tmp_path / "report.html"
    done = ready.give("pipeline", "job", "report", jobs["done"], "-o", file)
    assert done.code == 0, done.err
    asked: list[str] = []
    context.set_offline(True)
    page = context.new_page()
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda said: asked.append(said.text))
    page.goto(file.as_uri())
    page.get_by_label("Filter by words").fill("nothing-like-this")
    expect(page.get_by_text("0 of 0 shown")).to_be_visible()
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
    assert serious_findings(page, axe) == []


@pytest.mark.parametrize("path", ["/jobs/{done}", "/jobs/{done}/report"])
def test_durations_read_the_same_whoever_writes_them(
    page: Page, served: ServedPage, jobs: dict[str, str], path: str
) -> None:
    shown(page, served, path, jobs)
    durations = [0, 0.0004, 0.9994, 0.9995, 1, 59.94, 59.95, 60, 3599.4, 3599.6, 3600, 90_061.5]
    assert page.evaluate("values => values.map(shownSeconds)", durations) == list(map(shown_seconds, durations))
