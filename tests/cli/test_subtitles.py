"""``pipeline subtitles check``, with a stage that says what it is told to."""

import json
from typing import Any

import pytest

from tests.conftest import Sandbox

STAGE = """# /// script
# [tool.pipeline.stage]
# environment = "alpha"
# inputs = ["subtitles"]
# [tool.pipeline.stage.parameters]
# style = ""
# language = ""
# languages = []
# frame_rate = 0
# [tool.pipeline.stage.outputs]
# checks = "checks.json"
# ///
import json
def run(stage):
    if stage.parameters["style"] == "nonsense":
        return stage.output("checks").write_text(json.dumps({"wrong": "no style 'nonsense'"}))
    files = zip(stage.inputs("subtitles"), stage.parameters["languages"])
    said = [{**json.loads(path.read_text()), "file": str(path), "named": language} for path, language in files]
    stage.output("checks").write_text(json.dumps(said))
"""
SPEED = {"allowed": 20, "highest": 10, "share_over": 0.5}
FILE = {"problem": None, "format": "srt", "encoding": "utf-8", "language": "en", "style": "netflix", "cues": 2}
CLEAN: dict[str, Any] = {**FILE, "reading_speed": SPEED, "broken": {}, "violations": []}
GAP = {"rule": "gap", "cues": [1, 2], "at_s": 3661.5, "measured": 0.04, "allowed": 0.083, "unit": "s"}
BROKEN = {**CLEAN, "broken": {"gap": 1}, "violations": [GAP]}
UNREADABLE = {"problem": "it is no subtitle file"}


@pytest.fixture
def project(ready: Sandbox) -> Sandbox:
    ready.write("stages/subtitle_check.py", STAGE)
    for name, said in (("clean", CLEAN), ("broken", BROKEN), ("unreadable", UNREADABLE)):
        ready.write(f"{name}.srt", json.dumps(said))
    return ready


@pytest.mark.parametrize(
    ("names", "code"),
    [
        (["clean"], 0),
        (["clean", "broken"], 1),
        (["unreadable"], 5),
        (["broken", "unreadable", "clean"], 5),
    ],
)
def test_the_exit_code_tells_the_worst(project: Sandbox, names: list[str], code: int) -> None:
    files = [project.root / f"{name}.srt" for name in names]
    assert project.give("pipeline", "subtitles", "check", *files).code == code
    done = project.give("pipeline", "subtitles", "check", *files, "--json")
    assert done.code == code
    assert [entry["file"] for entry in done.data] == list(map(str, files))


def test_each_broken_rule_is_a_row_and_each_file_a_line(project: Sandbox) -> None:
    done = project.give("pipeline", "subtitles", "check", project.root / "broken.srt", project.root / "unreadable.srt")
    (row,) = [line.split() for line in done.out.splitlines() if "gap" in line]
    assert row[1:] == ["1,", "2", "1:01:01.500", "gap", "0.04", "s", "0.083", "s"]
    (line,) = [line for line in done.out.splitlines() if line.startswith(str(project.root / "broken.srt"))]
    assert "2 cues (srt, utf-8, en)" in line
    assert "50.0%" in line
    assert f"{project.root}/unreadable.srt: " in done.err


def test_a_guess_of_the_encoding_and_notes_are_told(project: Sandbox) -> None:
    guessed = {**CLEAN, "encoding": "cp1250", "confidence": 0.6, "notes": ["1 cue was left out"]}
    project.write("guessed.srt", json.dumps(guessed))
    done = project.give("pipeline", "subtitles", "check", project.root / "guessed.srt")
    assert "cp1250 (a guess, 60% sure" in done.out
    assert "1 cue was left out" in done.err
    assert done.code == 0


def test_a_cue_that_can_not_be_read_is_a_finding(project: Sandbox) -> None:
    project.write("partly.srt", json.dumps({**CLEAN, "left_out": 1, "notes": ["1 cue was left out"]}))
    assert project.give("pipeline", "subtitles", "check", project.root / "partly.srt").code == 1


def test_a_style_that_there_is_not_is_a_mistake_of_the_command(project: Sandbox) -> None:
    done = project.give("pipeline", "subtitles", "check", project.root / "clean.srt", "--style", "nonsense")
    assert (done.code, done.out, done.next_step) == (2, "", "pipeline subtitles check --help")
    assert "'nonsense'" in done.error


def test_the_standard_input_is_a_file_like_others(project: Sandbox) -> None:
    words = ("pipeline", "subtitles", "check", "--json", "-", project.root / "clean.srt")
    done = project.run(*words, given=json.dumps(BROKEN).encode())
    assert (done.code, done.data[0]["file"]) == (1, "-")


def test_an_environment_that_is_not_built_is_told_with_the_command(spawning: None, sandbox: Sandbox) -> None:
    sandbox.write("stages/subtitle_check.py", STAGE)
    done = sandbox.give("pipeline", "subtitles", "check", "x.srt")
    assert (done.code, done.next_step) == (3, "bootstrap --env alpha")


def test_no_file_is_a_mistake(spawning: None, sandbox: Sandbox) -> None:
    assert sandbox.give("pipeline", "subtitles", "check").code == 2


def test_the_name_of_a_file_says_its_language_by_the_rules_of_players(project: Sandbox) -> None:
    names = {"film.ja.sdh.srt": "ja", "The.Big.Lebowski.1998.srt": "", "dr.no.srt": "", "dr.no.pt-BR.srt": "pt-BR"}
    for name in (*names, "dr.no.mkv"):
        project.write(name, json.dumps(CLEAN))
    done = project.give("pipeline", "subtitles", "check", *(project.root / name for name in names), "--json")
    assert [entry["named"] for entry in done.data] == list(names.values())
