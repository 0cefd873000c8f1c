"""A speaker's name, given in the subtitles, is in every file that is delivered; nothing is heard again for it."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Sandbox
from tests.e2e.conftest import built, project_in

HEARD = """# /// script
# [tool.pipeline.stage]
# environment = "common"
# inputs = ["file"]
# [tool.pipeline.stage.outputs]
# transcript = "transcript.json"
# ///
import json

def run(stage):
    said = (("It was the best of times,", 0.5, "SPEAKER_00"), ("it was the worst of times.", 3.5, "SPEAKER_01"))
    segments = [{"start": at, "end": at + 2.5, "text": text, "speaker": who} for text, at, who in said]
    facts = {"schema": 2, "language": "en", "duration_s": 7.0, "engine": "ear", "model": "", "word_times": "none"}
    stage.output("transcript").write_text(json.dumps({**facts, "segments": segments, "dropped": [], "notes": []}))
"""
WORKFLOW = """input: file
stages:
  heard: {inputs: {file: job.input}}
  subtitle_generation: {inputs: {transcript: heard.transcript}}
  speaker_names: {inputs: {document: heard.transcript, subtitles: subtitle_generation.vtt}}
deliver: [speaker_names.document, subtitle_generation.srt, subtitle_generation.vtt, subtitle_generation.ass]
"""


@pytest.fixture
def conversation(spawning: None, tmp_path: Path) -> tuple[Sandbox, str]:
    """A project, and the id of a job in which two speak."""
    built("common")
    project = project_in(tmp_path / "project", "stages", "config")
    project.write("stages/heard.py", HEARD)
    project.write("config/workflows/conversation.yaml", WORKFLOW)
    file = project.write("talk.txt", "some input\n")
    id = project.run("prepare-job", file, "--workflow", "conversation").out.strip()
    done = project.run("run-pipeline", "-j", id)
    assert done.code == 0, done.err
    return project, id


def transcript(project: Sandbox, id: str) -> dict[str, Any]:
    (file,) = (project.job(id) / "output").glob("*.json")
    return dict(json.loads(file.read_text(encoding="utf-8")))


def speakers(project: Sandbox, id: str) -> list[str]:
    return [segment["speaker"] for segment in transcript(project, id)["segments"]]


def starts(project: Sandbox, id: str) -> dict[str, int]:
    """How often each stage has made something."""
    lines = (project.job(id) / "journal.jsonl").read_text(encoding="utf-8").splitlines()
    names = [event["stage"] for event in map(json.loads, lines) if event["event"] == "stage_finished"]
    return {name: names.count(name) for name in names}


def test_a_new_name_is_in_every_file_and_nothing_else_is_made_again(conversation: tuple[Sandbox, str]) -> None:
    project, id = conversation
    before = transcript(project, id)
    assert speakers(project, id) == ["SPEAKER_00", "SPEAKER_01"]
    done = project.run("pipeline", "subtitles", "speaker", id, "SPEAKER_00", "Ann", "--run")
    assert done.code == 0, done.err
    assert speakers(project, id) == ["Ann", "SPEAKER_01"]
    assert {**transcript(project, id), "segments": []} == {**before, "segments": []}
    for suffix in ("vtt", "ass"):
        (file,) = (project.job(id) / "output").glob(f"*.{suffix}")
        assert "Ann" in file.read_text(encoding="utf-8")
    assert starts(project, id) == {"heard": 1, "subtitle_generation": 1, "speaker_names": 2}
    (about,) = (project.job(id) / "output" / "about").glob("*transcript.json.json")
    assert "subtitle_generation" in about.read_text(encoding="utf-8")


def test_a_name_that_is_dropped_is_what_was_heard_again(conversation: tuple[Sandbox, str]) -> None:
    project, id = conversation
    assert project.run("pipeline", "subtitles", "speaker", id, "SPEAKER_01", "Bob", "--run").code == 0
    assert speakers(project, id) == ["SPEAKER_00", "Bob"]
    assert project.run("pipeline", "job", "edit", id, "subtitle_generation", "--drop").code == 0
    assert project.run("run-pipeline", "-j", id).code == 0
    assert speakers(project, id) == ["SPEAKER_00", "SPEAKER_01"]
