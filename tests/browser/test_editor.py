"""The subtitle editor as a person uses it: every key, a crash in the middle, two tabs at one cue, many cues."""

import json
import re
import signal
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Error, Page, expect

from pipeline.jobs.events import StageFinished, StageStarted
from tests.browser.accessibility import serious_findings
from tests.browser.chromium import ServedPage, serving
from tests.conftest import Sandbox
from tests.jobs.helpers import DIGEST, a_stage, record, stored
from tests.ui.test_media import committed

# Reads cues from the JSON that these tests write in the place of subtitles: the real one needs libraries.
READER = """# /// script
# [tool.pipeline.stage]
# environment = "alpha"
# inputs = ["subtitles"]
# [tool.pipeline.stage.parameters]
# language = ""
# style = "netflix"
# frame_rate = 0
# cues = []
# [tool.pipeline.stage.outputs]
# cues = "cues.json"
# ///
import json

def run(stage):
    files = stage.inputs("subtitles")
    cues = json.loads(files[0].read_text()) if files else stage.parameters["cues"]
    stage.output("cues").write_text(json.dumps({"cues": cues, "violations": []}))
"""
TEXTS = ("First of all", "<i>Second</i> & more", "Third one", "The fourth")
WAY = "/subtitles/en"
ROW = "#list [role=option]"


def cues(texts: Sequence[str]) -> list[dict[str, Any]]:
    return [{"start": 2.0 * place, "end": 2.0 * place + 1.5, "text": text} for place, text in enumerate(texts)]


def job_with(sandbox: Sandbox, told: Sequence[Mapping[str, Any]]) -> str:
    sandbox.write("stages/subtitle_cues.py", READER)
    kinds = ("srt", "vtt", "ass")
    stage = a_stage("subtitle_generation_en", uses="subtitle_generation", outputs={kind: f"*.{kind}" for kind in kinds})
    job = stored(
        sandbox.root / "jobs",
        stages=(stage,),
        deliver=("subtitle_generation_en.srt",),
        stage_environments={stage.name: "alpha"},
        input={"path": "/films/film.mkv", "size": 1, "mtime_ns": 1, "digest": DIGEST, "duration_s": 36_000.0},
    )
    folder = job.attempts(stage.name) / "1" / "outputs"
    folder.mkdir(parents=True)
    outputs = {kind: committed(folder / f"en.{kind}", json.dumps(told).encode()) for kind in kinds}
    record(job, StageStarted(stage.name, 1, DIGEST), StageFinished(stage.name, 1, DIGEST, 0.5, outputs))
    return job.id


@pytest.fixture
def job(ready: Sandbox) -> str:
    return job_with(ready, cues(TEXTS))


@pytest.fixture
def editor(context: BrowserContext, served: ServedPage, job: str) -> Page:
    page = context.new_page()
    page.goto(served.link)
    return opened(page, served, job)


def opened(page: Page, served: ServedPage, job: str) -> Page:
    page.goto(f"{served.address}/jobs/{job}{WAY}")
    expect(page.locator(ROW).first).to_be_visible()
    return page


def listed(page: Page) -> list[str]:
    return page.locator("#list .text").all_inner_texts()


def expect_listed(page: Page, *texts: str) -> None:
    expect(page.locator("#list .text")).to_have_text(list(texts))


def choose(page: Page, text: str) -> None:
    page.locator(ROW).filter(has_text=text).click()
    page.locator("#list").focus()


def expect_saved(page: Page) -> None:
    expect(page.locator("#saved")).to_have_text(re.compile("^(All s|S)aved", re.IGNORECASE))


def write(page: Page, text: str) -> None:
    page.keyboard.press("Enter")
    expect(page.locator("#text")).to_be_focused()
    page.keyboard.press("Control+a")
    page.keyboard.type(text)


FIRST, SECOND, THIRD, FOURTH = "First of all", "Second & more", "Third one", "The fourth"
KEYS: dict[str, tuple[Sequence[str], Sequence[str]]] = {
    "next and before": (("j", "ArrowDown", "h", "Delete"), (FIRST, THIRD, FOURTH)),
    "merge": (("m",), (f"{FIRST}\n{SECOND}", THIRD, FOURTH)),
    "delete": (("Delete",), (SECOND, THIRD, FOURTH)),
    "undo": (("Delete", "z"), (FIRST, SECOND, THIRD, FOURTH)),
    "undo with control": (("Delete", "Control+z"), (FIRST, SECOND, THIRD, FOURTH)),
    "redo": (("Delete", "z", "Z"), (SECOND, THIRD, FOURTH)),
    "redo with control": (("Delete", "z", "Control+y"), (SECOND, THIRD, FOURTH)),
    "split where one types": (
        ("Enter", "Home", *["ArrowRight"] * 6, "Control+Enter"),
        ("First", "of all", SECOND, THIRD, FOURTH),
    ),
}


@pytest.mark.parametrize("name", KEYS)
def test_each_key_that_edits_does_what_it_says(editor: Page, name: str) -> None:
    pressed, wanted = KEYS[name]
    choose(editor, "First")
    for key in pressed:
        editor.keyboard.press(key)
        editor.wait_for_timeout(100)
    expect(editor.locator("#list .text")).to_have_text(
        [re.compile(r"\s*".join(map(re.escape, each.split()))) for each in wanted]
    )
    expect_saved(editor)


@pytest.mark.parametrize(
    ("key", "start", "end"),
    [
        ("q", -40, 0),
        ("w", 40, 0),
        ("e", 0, -40),
        ("r", 0, 40),
        ("Q", -100, 0),
        ("W", 100, 0),
        ("E", 0, -100),
        ("R", 0, 100),
    ],
)
def test_keys_move_the_ends_of_a_cue(
    editor: Page, served: ServedPage, job: str, key: str, start: int, end: int
) -> None:
    choose(editor, "Second")
    editor.keyboard.press(key)
    expect_saved(editor)
    answer = editor.evaluate("async (address) => (await (await fetch(address)).json())", f"/jobs/{job}{WAY}/cues")
    second = answer["cues"][1]
    assert (second["start"] - 2000, second["end"] - 3500) == (start, end)


def test_the_keys_are_shown_and_do_nothing_while_somebody_types(editor: Page) -> None:
    choose(editor, "First")
    editor.keyboard.press("?")
    expect(editor.get_by_role("dialog", name="Keys")).to_be_visible()
    editor.keyboard.press("Escape")
    editor.locator("#list").focus()
    write(editor, "zsmqj?")
    expect(editor.locator("#text")).to_have_value("zsmqj?")
    editor.keyboard.press("Escape")
    expect(editor.locator("#list")).to_be_focused()
    assert listed(editor)[0] == "zsmqj?"


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
    write(editor, "From the first tab")
    expect_saved(editor)
    write(other, "From the second tab")
    conflict = other.get_by_role("dialog", name="Somebody else has changed this cue")
    expect(conflict).to_contain_text("From the first tab")
    expect(conflict.get_by_label("Your text")).to_have_value("From the second tab")
    conflict.get_by_role("button", name="Use mine").click()
    expect_saved(other)
    expect_listed(opened(editor, served, job), FIRST, SECOND, THIRD, "From the second tab")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious_in_the_editor(editor: Page, axe: str, scheme: str) -> None:
    editor.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    choose(editor, "Second")
    assert serious_findings(editor, axe) == []


def test_the_editor_fits_a_small_window(editor: Page) -> None:
    editor.set_viewport_size({"width": 320, "height": 256})
    choose(editor, "Second")
    assert editor.evaluate("document.documentElement.scrollWidth") <= 320
