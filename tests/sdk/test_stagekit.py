import json
import os
from pathlib import Path
from typing import Any

import pytest

from pipeline.sdk.stagekit import Stage


def make(folder: Path, reports: int | None = None, **fields: Any) -> Stage:
    file = folder / "invocation.json"
    arguments = {"name": "one", "parameters": {}, "outputs": {}}
    arguments.update({each: fields.pop(each) for each in arguments if each in fields})
    plain = {"inputs": {}, "models": {}, "cpus": 2, "work": "/w", "output_folder": "/o"}
    file.write_text(json.dumps({"arguments": arguments, **plain, **fields}))
    return Stage(str(file), reports)


def reported(folder: Path, act: Any) -> list[Any]:
    read, write = os.pipe()
    act(make(folder, write))
    os.close(write)
    with os.fdopen(read) as lines:
        return [json.loads(line) for line in lines]


def test_a_stage_knows_its_name_its_work_folder_and_its_share(tmp_path: Path) -> None:
    stage = make(tmp_path, work=str(tmp_path / "work"))
    assert (stage.name, stage.work, stage.cpus) == ("one", tmp_path / "work", 2)


def test_the_work_folder_is_made_when_it_is_asked_for(tmp_path: Path) -> None:
    stage = make(tmp_path, work=str(tmp_path / "work"))
    assert not (tmp_path / "work").exists()
    assert stage.work.is_dir()


def test_a_memo_makes_a_thing_once_per_key(tmp_path: Path) -> None:
    stage, made = make(tmp_path), iter(range(10))
    assert [stage.memo(key, lambda: next(made)) for key in ("one", "one", "two")] == [0, 0, 1]


def test_parameters_can_be_changed_without_changing_the_stage(tmp_path: Path) -> None:
    stage = make(tmp_path, parameters={"rate": 1})
    stage.parameters["rate"] = 2
    assert stage.parameters == {"rate": 1}


def test_an_input_that_is_one_file_is_a_path(tmp_path: Path) -> None:
    assert make(tmp_path, inputs={"media": ["/a b\udcff.mp4"]}).input("media") == Path("/a b\udcff.mp4")


@pytest.mark.parametrize("files", [[], ["/a", "/b"]])
def test_an_input_of_none_or_several_files_is_no_path(tmp_path: Path, files: list[str]) -> None:
    with pytest.raises(LookupError, match=f"has {len(files)} files; use inputs"):
        make(tmp_path, inputs={"media": files}).input("media")


def test_a_model_is_a_folder(tmp_path: Path) -> None:
    assert make(tmp_path, models={"recognizer": "/models/x"}).model("recognizer") == Path("/models/x")


def test_an_output_has_its_declared_name(tmp_path: Path) -> None:
    assert make(tmp_path, outputs={"audio": "audio.wav"}).output("audio") == Path("/o/audio.wav")


def test_an_output_declared_as_a_pattern_takes_a_name_that_fits(tmp_path: Path) -> None:
    assert make(tmp_path, outputs={"movie": "out.*"}).output("movie", "out.mkv") == Path("/o/out.mkv")


@pytest.mark.parametrize("filename", ["other.mkv", "../out.mkv", "/tmp/out.mkv", "sub/out.mkv"])
def test_an_output_can_not_leave_its_pattern_or_its_folder(tmp_path: Path, filename: str) -> None:
    with pytest.raises(ValueError, match="'movie'"):
        make(tmp_path, outputs={"movie": "out.*"}).output("movie", filename)


def test_an_output_declared_as_a_pattern_needs_a_name(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="'movie'"):
        make(tmp_path, outputs={"movie": "out.*"}).output("movie")


@pytest.mark.parametrize(("given", "told"), [(-1, 0.0), (0.5, 0.5), (7, 1.0)])
def test_progress_stays_between_0_and_1(tmp_path: Path, given: float, told: float) -> None:
    assert reported(tmp_path, lambda stage: stage.progress(given)) == [{"progress": told, "note": ""}]


def test_a_warning_can_be_anything_that_has_a_text(tmp_path: Path) -> None:
    assert reported(tmp_path, lambda stage: stage.warn(OSError("no luck"))) == [{"warning": "no luck"}]


def test_facts_about_a_result_are_told_as_they_are(tmp_path: Path) -> None:
    told = reported(tmp_path, lambda stage: stage.about(engine="one 1.0", notes=["gist"]))
    assert told == [{"about": {"engine": "one 1.0", "notes": ["gist"]}}]


def test_a_warning_survives_names_that_are_not_utf8(tmp_path: Path) -> None:
    assert reported(tmp_path, lambda stage: stage.warn("odd \udcff\n name")) == [{"warning": "odd \udcff\n name"}]


def test_by_hand_reports_go_nowhere(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    make(tmp_path).progress(0.5)
    assert capfd.readouterr() == ("", "")
