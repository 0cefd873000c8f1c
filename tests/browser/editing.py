"""A job with subtitles, and the editor that is open on it, as its tests use it."""

import json
import re
import wave
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from page_process import ServedPage
from playwright.sync_api import Page, expect

from pipeline.jobs.events import StageFinished, StageStarted
from tests.conftest import Sandbox
from tests.jobs.helpers import DIGEST, a_stage, record, stored
from tests.ui.test_media import committed

# Reads cues from the JSON that these tests write in the place of subtitles: the real one needs libraries. What begins
# with "Th" deserves a look.
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
    broken = {"rule": "line-length", "measured": 50, "unit": "characters", "allowed": 42}
    violations = [{**broken, "cues": [n]} for n, cue in enumerate(cues, start=1) if cue["text"].startswith("Th")]
    stage.output("cues").write_text(json.dumps({"cues": cues, "violations": violations}))
"""
TEXTS = ("First of all", "<i>Second</i> & more", "Third one", "The fourth")
FIRST, SECOND, THIRD, FOURTH = "First of all", "Second & more", "Third one", "The fourth"  # as they show
SECONDS = 12  # of a film that can be played
WAY = "/subtitles/en"
ROW = "#list [role=option]"
GONE = {"path": "/films/film.mkv", "size": 1, "mtime_ns": 1, "digest": DIGEST, "duration_s": 36_000.0}


def cues(texts: Sequence[str]) -> list[dict[str, Any]]:
    return [{"start": 2.0 * place, "end": 2.0 * place + 1.5, "text": text} for place, text in enumerate(texts)]


def job_with(sandbox: Sandbox, told: Sequence[Mapping[str, Any]], film: Path | None = None) -> str:
    """The id of a job with these subtitles. ``film``: a file that is there; else the job's film is gone."""
    sandbox.write("stages/subtitle_cues.py", READER)
    kinds = ("srt", "vtt", "ass")
    stage = a_stage("subtitle_generation_en", uses="subtitle_generation", outputs={kind: f"*.{kind}" for kind in kinds})
    job = stored(
        sandbox.root / "jobs",
        stages=(stage,),
        deliver=("subtitle_generation_en.srt",),
        stage_environments={stage.name: "alpha"},
        input=_input(film) if film else {**GONE},
    )
    folder = job.attempts(stage.name) / "1" / "outputs"
    folder.mkdir(parents=True)
    outputs = {kind: committed(folder / f"en.{kind}", json.dumps(told).encode()) for kind in kinds}
    record(job, StageStarted(stage.name, 1, DIGEST), StageFinished(stage.name, 1, DIGEST, 0.5, outputs))
    return job.id


def _input(film: Path) -> dict[str, Any]:
    status = film.stat()
    times = {"mtime_ns": status.st_mtime_ns, "ctime_ns": status.st_ctime_ns}
    return {**GONE, **times, "path": str(film), "size": status.st_size}


def silence(path: Path) -> Path:
    """A film that Chromium can play."""
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 1, 8000, 0, "NONE", ""))
        file.writeframes(b"\x80" * 8000 * SECONDS)
    return path


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
