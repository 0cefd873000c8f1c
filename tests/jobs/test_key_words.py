"""What has changed, in words: what a person can recognise, and no digest."""

from typing import Any

import pytest

from pipeline.jobs.key_words import KeySide, KnownFile, part_names, words
from tests.jobs.helpers import DIGEST, a_plan, a_stage

OTHER = "sha256:" + "1" * 64
INPUTS = {"file": ("job.input",), "audio": ("demux.audio",)}
MODELS = {"large": DIGEST, "tiny": OTHER}


def side(*files: tuple[str, KnownFile], model: str = "large") -> KeySide:
    stage = a_stage("asr", uses="whisper", models={"model": model}, inputs=INPUTS)
    return KeySide(a_plan(models=MODELS, stages=(stage,)), stage, dict(files))


OLD = side((DIGEST, KnownFile("film.mp4", 12 << 20, 10**18)))
NEW = side((OTHER, KnownFile("film.mp4", 14 << 20, 11 * 10**17)))

CHANGES: dict[str, tuple[str, Any, Any, str]] = {
    "a file": ("inputs.file", [DIGEST], [OTHER], "film.mp4 changed: 12 MiB before, 14 MiB now"),
    "another stage's file": ("inputs.audio", [DIGEST], [OTHER], "its input 'audio' (from demux): the file film.mp4"),
    "files": ("inputs.file", [DIGEST], [DIGEST, OTHER], "1 file before, 2 files now, 1 of them new"),
    "an order": ("inputs.file", [DIGEST, OTHER], [OTHER, DIGEST], "another order"),
    "an input that came": ("inputs.file", None, [OTHER], "0 files before, 1 file now"),
    "code": ("source", DIGEST, OTHER, "stages/whisper.py"),
    "a shared module": ("modules.cues", DIGEST, OTHER, "stages/modules/cues"),
    "the runner": ("stagekit", DIGEST, OTHER, "pipeline was updated"),
    "the environment": ("environment", DIGEST, OTHER, "alpha"),
    "a model's files": ("models.model", DIGEST, OTHER, "the model large has other files"),
    "a parameter": ("parameters.language", "en", "de", "the parameter language: en before, de now"),
    "a parameter that came": ("parameters.beam", None, 5, "nothing before, 5 now"),
    "an empty one": ("parameters.beam", "", 5, '"" before, 5 now'),
    "a program's file": ("tools.x", DIGEST, OTHER, "the program x: another file before"),
    "a program that is asked now": ("tools.x", DIGEST, {"file": DIGEST, "version": "2"}, "its version"),
    "a program's version": ("tools.x", {"version": "1"}, {"version": "2"}, "1 before, 2 now"),
    "what a program starts": (
        "tools.x",
        {"file": DIGEST, "starts": {"/opt/x": DIGEST}},
        {"file": DIGEST, "starts": {"/opt/x": OTHER}},
        "/opt/x",
    ),
    "a secret": ("secrets.token", DIGEST, OTHER, "token has another value"),
    "a variable that went": ("passed.TOKEN", DIGEST, None, "TOKEN isn't set any more"),
    "all variables": ("inherited", DIGEST, OTHER, "--inherit-environment"),
    "limits": ("bounds", None, ["no network"], "no network"),
    "something else": ("new_part.x", 1, 2, "1 before, 2 now"),
}  # fmt: skip


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_change_is_told_without_digests(change: tuple[str, Any, Any, str]) -> None:
    part, before, after, expected = change
    said = words(part, before, after, OLD, NEW)
    assert expected in said
    assert "sha256" not in said


def test_files_of_the_same_size_are_told_apart_by_their_times() -> None:
    new = side((OTHER, KnownFile("film.mp4", 12 << 20, 11 * 10**17)))
    said = words("inputs.file", [DIGEST], [OTHER], OLD, new)
    assert said.count("12 MiB of 20") == 2


def test_a_file_that_nobody_knows_is_still_told() -> None:
    assert "other content" in words("inputs.file", [DIGEST], [OTHER], side(), side())
    assert "film.mp4" in words("inputs.file", [DIGEST], [OTHER], OLD, side())


def test_another_model_is_told_by_its_name() -> None:
    said = words("models.model", DIGEST, OTHER, side(), side(model="tiny"))
    assert said == "the model: large before, tiny now"


def test_parts_have_names_that_a_person_knows() -> None:
    assert part_names(["source", "parameters", "passed"]) == "code, parameters, variables of the shell"
