"""A film that the browser can't play, and the small copy that it can."""

from pathlib import Path

import pytest
from page_process import ServedPage
from playwright.sync_api import Locator, Page, expect

from tests.browser.editing import TEXTS, cues, job_with, opened, silence
from tests.conftest import Sandbox
from tests.test_process import eventually

# The copy is a file that is there: the real stage needs a program for films.
COPIES = """# /// script
# [tool.pipeline.stage]
# environment = "alpha"
# inputs = ["media"]
# [tool.pipeline.stage.parameters]
# audio_track = ""
# [tool.pipeline.stage.outputs]
# proxy = "proxy.mp4"
# ///
import shutil

def run(stage):
    shutil.copyfile({source!r}, stage.output("proxy"))
"""


@pytest.fixture
def source(ready: Sandbox) -> Path:
    """What the stage copies. It isn't there yet."""
    path = ready.root / "small.wav"
    ready.write("stages/film_proxy.py", COPIES.replace("{source!r}", repr(str(path))))
    return path


@pytest.fixture
def job(ready: Sandbox) -> str:
    """Whose film is of a kind that Chromium doesn't play."""
    film = ready.root / "film.avi"
    film.write_bytes(b"RIFF of another kind")
    return job_with(ready, cues(TEXTS), film)


def button(page: Page) -> Locator:
    return page.get_by_role("button", name="Make a small copy that plays here")


def note(page: Page) -> Locator:
    return page.locator("#player-note")


def test_the_small_copy_is_made_when_it_is_asked_for_and_plays(
    editor: Page, source: Path, served: ServedPage, job: str, ready: Sandbox
) -> None:
    expect(note(editor)).to_contain_text("can't play this film")
    assert not (ready.root / "cache" / "proxies").exists()
    silence(source)
    button(editor).click()
    expect(note(editor)).to_have_text("This is a small copy of the film.")
    expect(button(editor)).to_have_count(0)
    editor.get_by_role("button", name="Play or pause").click()
    assert eventually(lambda: editor.evaluate("document.getElementById('player').currentTime") > 0.1)
    again = opened(editor, served, job)
    expect(note(again)).to_have_text("This is a small copy of the film.")


def test_a_copy_that_cannot_be_made_says_why_and_can_be_asked_for_again(editor: Page, source: Path) -> None:
    button(editor).click()
    expect(note(editor)).to_contain_text("There is no small copy: ")
    expect(button(editor)).to_be_enabled()
    silence(source)
    button(editor).click()
    expect(note(editor)).to_have_text("This is a small copy of the film.")
