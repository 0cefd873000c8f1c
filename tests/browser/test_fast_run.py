"""The page of a run that nobody can follow row by row: what is in sight is up to date, and in the end all is."""

import re
from collections.abc import Iterator

import pytest
from page_process import ServedPage
from playwright.sync_api import Page, expect

from pipeline.jobs.events import AnyEvent, RunFinished, RunStarted, StageFinished, StageStarted
from pipeline.jobs.job import PlannedJob
from pipeline.jobs.records import OutputRecord
from pipeline.locks import exclusive
from pipeline.ui.row_selection import LISTED
from tests.conftest import Sandbox
from tests.jobs.helpers import DIGEST, a_stage, record, stored

MORE = 40  # stages that have no row at first
ROWS = "#stages tbody tr"
OUTPUTS = {"file": OutputRecord("copy.txt", 1, 1, DIGEST)}


@pytest.fixture
def large(ready: Sandbox) -> Iterator[PlannedJob]:
    """A job with more stages than its page has rows, whose run goes on."""
    stages = [a_stage(f"stage_{number:03}") for number in range(LISTED + MORE)]
    environments = {stage.name: "alpha" for stage in stages}
    job = stored(ready.root / "jobs", stages=stages, stage_environments=environments, deliver=())
    with exclusive(job.lock):
        record(job, RunStarted())
        yield job


def done(names: list[str]) -> list[AnyEvent]:
    return [event for name in names for event in (StageStarted(name, 1, DIGEST), finished(name))]


def finished(name: str) -> StageFinished:
    return StageFinished(name, 1, DIGEST, 0.25, OUTPUTS)


def names(job: PlannedJob) -> list[str]:
    return [stage.name for stage in job.stages]


@pytest.fixture
def followed(page: Page, served: ServedPage, large: PlannedJob) -> Page:
    page.goto(f"{served.address}/jobs/{large.id}")
    expect(page.locator(ROWS)).to_have_count(LISTED)
    return page


def test_in_the_end_each_row_is_as_the_journal_says(followed: Page, large: PlannedJob) -> None:
    record(large, *done(names(large)))
    expect(followed.locator("#counts")).to_have_text(f"{LISTED + MORE} finished")
    expect(followed.locator(f"{ROWS} .finished")).to_have_count(LISTED)
    record(large, RunFinished(()))
    expect(followed.locator("#state")).to_have_text("finished")
    text = "cell => (cell.querySelector('span') ?? cell).textContent.trim()"  # without the hidden button for a log
    cells = f"rows => rows.map(row => [...row.cells].map({text}).join(' '))"
    shown = followed.locator(ROWS).evaluate_all(cells)
    assert len({row.split()[0] for row in shown}) == LISTED
    assert {row.split(" ", 1)[1].strip() for row in shown} == {"alpha finished 1 250 ms"}


def test_rows_out_of_sight_follow_when_somebody_looks_at_them_and_all_after_a_while(
    followed: Page, large: PlannedJob
) -> None:
    """The messages and the time are the test's own."""
    followed.evaluate(
        """names => {
      setTimeout = (call) => { window.passTime = call; return 1; };
      const rows = stageRows(document.querySelector('#stages'), { size: () => 0 }, () => rows.draw());
      rows.clear();
      const usual = { environment: 'a', attempt: 1, seconds: 1, began: null, remark: '' };
      const stage = (state) => (name) => ({ ...usual, name, shown: name, state });
      rows.take(names.map(stage('waiting')), []); rows.draw();
      rows.take(names.map(stage('finished')), []); rows.draw();
    }""",
        names(large)[:LISTED],
    )
    top, last = followed.locator(ROWS).first, followed.locator(ROWS).last
    expect(top).to_contain_text("finished")
    expect(last).to_contain_text("waiting")
    last.scroll_into_view_if_needed()
    expect(last).to_contain_text("finished")
    expect(followed.locator(f"{ROWS} .waiting").first).to_be_attached()
    followed.evaluate("passTime()")
    expect(followed.locator(f"{ROWS} .waiting")).to_have_count(0)


def test_a_stage_beyond_the_listed_ones_takes_a_row_and_moves_no_other(followed: Page, large: PlannedJob) -> None:
    first, tenth = followed.locator(ROWS).first, followed.locator(ROWS).nth(9)
    before = tenth.bounding_box()
    late = names(large)[LISTED]
    record(large, StageStarted(late, 1, DIGEST))
    expect(first).to_contain_text(late)
    expect(first).to_contain_text("running")
    expect(followed.locator(ROWS)).to_have_count(LISTED)
    assert tenth.bounding_box() == before


def test_the_keyboard_s_place_never_becomes_another_stage_s(followed: Page, large: PlannedJob) -> None:
    own, late = names(large)[0], names(large)[LISTED]
    large.logs.mkdir(exist_ok=True)
    for name in (own, late):
        large.log(name).write_text("said\n")
    record(large, *done([own]))
    followed.get_by_role("button", name=f"log of {own}").focus()
    record(large, StageStarted(late, 1, DIGEST))
    expect(followed.get_by_role("row", name=re.compile(f"^{late} "))).to_contain_text("running")
    expect(followed.get_by_role("button", name=f"log of {late}")).not_to_be_focused()


def test_the_seconds_of_what_runs_go_on_with_messages_and_without(followed: Page, large: PlannedJob) -> None:
    one, two = names(large)[:2]
    record(large, StageStarted(one, 1, DIGEST))
    row = followed.get_by_role("row", name=re.compile(f"^{one} "))
    expect(row).to_contain_text(re.compile(r"[2-9]\.\d s"), timeout=10_000)  # nothing else happens
    record(large, StageStarted(two, 1, DIGEST))
    expect(row).to_contain_text(re.compile(r"([5-9]\.\d|\d\d) s"), timeout=10_000)
