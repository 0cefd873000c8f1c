"""Subtitles of five thousand cues: a key costs what it costs with four, and every cue can be reached."""

import json
import re

import pytest
from page_process import ServedPage
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.editing import ROW, choose, cues, expect_saved, job_with, opened, write
from tests.conftest import Sandbox

CUES = 5000
WATCHED = """() => [...document.querySelectorAll('*')]
  .filter((each) => getComputedStyle(each).contentVisibility === 'auto').length"""
IN_VIEW = """() => {
  const box = document.getElementById('list').getBoundingClientRect();
  const row = document.querySelector('#list [aria-selected=true]').getBoundingClientRect();
  return box.top <= row.top && row.bottom <= box.bottom;
}"""
# Rows come and go at one place, as when cues are split and merged: the rows of each block, and all in their order.
CHANGED_BLOCKS = """async () => {
  const { RowBlocks } = await import('/static/editor/blocks.js');
  const element = document.createElement('div'), blocks = new RowBlocks(element);
  const row = (name) => { const made = document.createElement('p'); made.textContent = name; return made; };
  const rows = Array.from({ length: 120 }, (_, number) => row(`old ${number}`));
  blocks.fill(rows);
  for (let number = 0; number < 200; number += 1) blocks.insert(row(`new ${number}`), rows[10]);
  for (const each of rows.slice(50)) blocks.remove(each);
  blocks.insert(rows[5], null);
  const counts = [...element.children].map((block) => block.childElementCount);
  const told = [...element.children].map((block) => Number(block.style.getPropertyValue('--rows')));
  return { counts, told, texts: [...element.querySelectorAll('p')].map((each) => each.textContent) };
}"""


@pytest.fixture
def long_film(context: BrowserContext, served: ServedPage, ready: Sandbox) -> Page:
    job = job_with(ready, cues([f"Cue {number}" for number in range(CUES)]))
    page = context.new_page()
    page.goto(served.link)
    return opened(page, served, job)


def test_five_thousand_cues_are_edited_as_four_are(long_film: Page) -> None:
    expect(long_film.locator(ROW)).to_have_count(CUES)
    choose(long_film, "Cue 4321")
    write(long_film, "Changed far below")
    expect_saved(long_film)
    long_film.keyboard.press("Escape")
    long_film.keyboard.press("j")
    expect(long_film.locator("#text")).to_have_value("Cue 4322")
    expect(long_film.locator(ROW).nth(4321)).to_have_text(re.compile("Changed far below"))


def test_a_key_costs_no_more_than_what_is_in_view(long_film: Page) -> None:
    """The browser asks of each watched element at each frame whether it is in view, and lays out what is."""
    assert long_film.evaluate(WATCHED) <= CUES / 40
    browser = long_film.context.browser
    assert browser is not None
    browser.start_tracing(page=long_film, categories=["devtools.timeline"])
    long_film.locator("#list").focus()
    for _ in range(20):
        long_film.keyboard.press("ArrowDown")
    long_film.wait_for_timeout(100)
    events = json.loads(browser.stop_tracing())["traceEvents"]
    layouts = [event["args"]["beginData"]["totalObjects"] for event in events if event["name"] == "Layout"]
    assert layouts
    assert max(layouts) < CUES / 2


def test_a_cue_far_away_is_brought_into_view(long_film: Page) -> None:
    long_film.locator(ROW).nth(CUES - 1).evaluate("(row) => row.click()")
    expect(long_film.locator("#text")).to_have_value(f"Cue {CUES - 1}")
    long_film.wait_for_timeout(200)
    assert long_film.evaluate(IN_VIEW)


def test_the_browser_s_own_search_finds_each_cue(long_film: Page) -> None:
    assert long_film.evaluate("window.find('Cue 4987')")
    assert long_film.evaluate("getSelection().anchorNode.parentElement.closest('.cue').innerText").endswith("Cue 4987")


def test_a_screen_reader_is_told_the_cue_that_is_chosen_and_its_number_of_all(long_film: Page) -> None:
    long_film.locator(ROW).nth(4320).evaluate("(row) => row.click()")
    long_film.locator("#list").focus()
    long_film.keyboard.press("j")
    expect(long_film.locator("#text")).to_have_value("Cue 4321")
    chosen = long_film.locator("#list [aria-selected=true]")
    expect(chosen).to_have_attribute("aria-posinset", "4322")
    expect(chosen).to_have_attribute("aria-setsize", str(CUES))
    expect(long_film.locator("#list")).to_have_attribute("aria-activedescendant", str(chosen.get_attribute("id")))
    assert any(name.endswith("Cue 4321") for name in _read_aloud(long_film))
    long_film.keyboard.press("m")
    expect(chosen).to_have_attribute("aria-setsize", str(CUES - 1))


def _read_aloud(page: Page) -> list[str]:
    """The names of options that assistive programs get."""
    session = page.context.new_cdp_session(page)
    root = session.send("DOM.getDocument")["root"]["nodeId"]
    nodes = session.send("Accessibility.queryAXTree", {"nodeId": root, "role": "option"})["nodes"]
    return [node["name"]["value"] for node in nodes if not node["ignored"]]


def test_rows_that_come_and_go_keep_their_order_in_blocks_of_a_bounded_size(page: Page) -> None:
    found = page.evaluate(CHANGED_BLOCKS)
    new = [f"new {number}" for number in range(200)]
    old = [f"old {number}" for number in range(50) if number != 5]
    assert found["texts"] == [*old[:9], *new, *old[9:], "old 5"]
    assert found["told"] == found["counts"]
    assert min(found["counts"]) > 0
    assert max(found["counts"]) <= 100
