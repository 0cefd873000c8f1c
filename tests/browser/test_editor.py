"""The subtitle editor as a person uses it: a crash in the middle, two tabs at one cue, every window."""

import signal

import pytest
from page_process import ServedPage
from playwright.sync_api import BrowserContext, Error, Page, expect

from tests.browser.accessibility import serious_findings
from tests.browser.chromium import serving
from tests.browser.editing import (
    FIRST,
    FOURTH,
    READER,
    SECOND,
    THIRD,
    choose,
    expect_listed,
    expect_saved,
    opened,
    write,
)
from tests.conftest import Sandbox
from tests.jobs.helpers import prepared

# Its subtitles are the JSON that these tests read as such.
SUBTITLES = """# /// script
# [tool.pipeline.stage]
# environment = "alpha"
# inputs = ["file"]
# [tool.pipeline.stage.outputs]
# srt = "*.srt"
# vtt = "*.vtt"
# ass = "*.ass"
# ///
import json

def run(stage):
    for kind in ("srt", "vtt", "ass"):
        stage.output(kind, f"en.{kind}").write_text(json.dumps([{"start": 0, "end": 1.5, "text": "First of all"}]))
"""


def test_what_was_saved_is_there_after_the_server_was_killed(
    editor: Page, served: ServedPage, ready: Sandbox, job: str, context: BrowserContext
) -> None:
    choose(editor, "First")
    write(editor, "Kept on the disk")
    expect_saved(editor)
    served.process.send_signal(signal.SIGKILL)
    served.process.wait()
    editor.keyboard.type(" and typed while nobody listened")
    expect(editor.locator("#saved")).to_contain_text("server")
    port = served.address.rpartition(":")[2]
    with serving(ready, "--edit", "--port", port) as again:
        context.new_page().goto(again.link)
        expect_saved(editor)
        fresh = opened(context.new_page(), again, job)
        expect_listed(fresh, "Kept on the disk and typed while nobody listened", SECOND, THIRD, FOURTH)


def test_a_tab_that_crashes_loses_nothing_that_was_saved(
    editor: Page, served: ServedPage, job: str, context: BrowserContext
) -> None:
    choose(editor, "Third")
    write(editor, "Before the crash")
    expect_saved(editor)
    with editor.expect_event("crash"), pytest.raises(Error):
        editor.goto("chrome://crash")
    expect_listed(opened(context.new_page(), served, job), FIRST, SECOND, "Before the crash", FOURTH)


def test_a_tab_that_is_closed_at_once_loses_nothing(
    editor: Page, served: ServedPage, job: str, context: BrowserContext
) -> None:
    choose(editor, "Third")
    write(editor, "Closed at once")
    editor.close()
    page = opened(context.new_page(), served, job)
    expect(page.locator("#list .text").nth(2)).to_have_text("Closed at once")


def test_of_two_tabs_at_one_cue_the_second_sees_what_the_first_wrote(
    editor: Page, served: ServedPage, job: str, context: BrowserContext
) -> None:
    other = opened(context.new_page(), served, job)
    for page in (editor, other):
        choose(page, "fourth")
    other.keyboard.press("Enter")
    other.keyboard.press("Control+a")
    write(editor, "From the first tab")
    expect_saved(editor)
    other.wait_for_timeout(1000)  # in which it hears of that
    expect(other.locator("#text")).to_have_value("The fourth")
    other.keyboard.type("From the second tab")
    conflict = other.get_by_role("dialog", name="Somebody else has changed this cue")
    expect(conflict).to_contain_text("From the first tab")
    expect(conflict.get_by_label("Your text")).to_have_value("From the second tab")
    conflict.get_by_role("button", name="Use mine").click()
    expect_saved(other)
    expect_listed(opened(editor, served, job), FIRST, SECOND, THIRD, "From the second tab")


def test_what_one_tab_writes_the_other_shows_at_once(
    editor: Page, served: ServedPage, job: str, context: BrowserContext
) -> None:
    other = opened(context.new_page(), served, job)
    other.evaluate("window.sameDocument = true")
    choose(other, "Third")
    choose(editor, "First")
    write(editor, "From the first tab")
    expect_listed(other, "From the first tab", SECOND, THIRD, FOURTH)
    write(other, "From the second tab")
    expect_listed(editor, "From the first tab", SECOND, "From the second tab", FOURTH)
    expect_saved(editor)
    assert other.evaluate("window.sameDocument")


def test_a_text_that_one_leaves_as_it_was_becomes_what_another_tab_made_of_it(
    editor: Page, served: ServedPage, job: str, context: BrowserContext
) -> None:
    other = opened(context.new_page(), served, job)
    choose(other, "Third")
    other.keyboard.press("Enter")
    choose(editor, "Third")
    write(editor, "From the first tab")
    expect_saved(editor)
    other.wait_for_timeout(1000)
    expect(other.locator("#text")).to_have_value("Third one")
    other.keyboard.press("Escape")
    expect(other.locator("#text")).to_have_value("From the first tab")
    expect_listed(other, FIRST, SECOND, "From the first tab", FOURTH)


def test_what_one_types_stays_while_another_tab_changes_other_cues(
    editor: Page, served: ServedPage, job: str, context: BrowserContext
) -> None:
    other = opened(context.new_page(), served, job)
    choose(other, "Third")
    other.keyboard.press("Enter")
    other.evaluate("document.getElementById('text').value = 'Not sent yet'")  # as somebody who types without a pause
    other.evaluate("document.getElementById('text').dispatchEvent(new InputEvent('input'))")
    choose(editor, "First")
    write(editor, "From the first tab")
    expect_saved(editor)
    expect_listed(other, "From the first tab", SECOND, "Not sent yet", FOURTH)
    expect_saved(other)
    expect(other.locator("#text")).to_have_value("Not sent yet")


def test_the_film_is_made_anew_and_the_page_follows_it(
    context: BrowserContext, served: ServedPage, ready: Sandbox
) -> None:
    ready.write("stages/subtitle_cues.py", READER)
    ready.write("stages/subtitle_generation.py", SUBTITLES)
    stage = "subtitle_generation_en: {uses: subtitle_generation, inputs: {file: job.input}}"
    ready.workflow("subtitled", stage, "deliver: [subtitle_generation_en.srt]")
    job = prepared(ready, "subtitled").id
    done = ready.give("run-pipeline", "-j", job)
    assert done.code == 0, done.err
    page = context.new_page()
    page.goto(served.link)
    opened(page, served, job).get_by_role("button", name="Make the film again").click()
    expect(page.locator("#film-state")).to_have_text("The new film is ready.")
    expect(page.get_by_role("link", name="input.en.srt")).to_be_visible()
    expect(page.get_by_role("button", name="Make the film again")).to_be_enabled()


def test_a_run_that_cannot_begin_says_why(editor: Page) -> None:
    editor.get_by_role("button", name="Make the film again").click()
    expect(editor.locator("#film-state")).to_contain_text("no stage 'subtitle_generation'")
    expect(editor.locator("#film-state")).to_contain_text("put stages/subtitle_generation.py back")


def test_a_film_that_cannot_be_made_says_why(editor: Page) -> None:
    choose(editor, "First")
    write(editor, "For the film")
    expect_saved(editor)
    editor.get_by_role("button", name="Make the film again").click()
    expect(editor.locator("#film-state")).to_contain_text("The film wasn't made: ")
    expect(editor.get_by_role("button", name="Make the film again")).to_be_enabled()
    expect(editor.locator("#list .text").first).to_have_text("For the film")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious_in_the_editor(editor: Page, axe: str, scheme: str) -> None:
    editor.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    choose(editor, "Second")
    assert serious_findings(editor, axe) == []


def test_the_editor_fits_a_small_window(editor: Page) -> None:
    editor.set_viewport_size({"width": 320, "height": 256})
    choose(editor, "Second")
    assert editor.evaluate("document.documentElement.scrollWidth") <= 320
