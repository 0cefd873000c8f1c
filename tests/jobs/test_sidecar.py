import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from pipeline.config.source import schema_errors
from pipeline.jobs import attempts, deliver, sidecar
from pipeline.jobs.job import PlannedJob
from pipeline.jobs.plan import PlannedStage
from pipeline.jobs.records import Key
from pipeline.jobs.results import Results
from tests.jobs.helpers import DIGEST, a_stage, stored

MODEL = "sha256:" + "1" * 64
LOCK = "sha256:" + "2" * 64
SOURCE = "sha256:" + "3" * 64


def planned(tmp_path: Path, stages: list[PlannedStage], *deliver: str, **changes: Any) -> PlannedJob:
    return stored(
        tmp_path / "jobs",
        stages=stages,
        deliver=list(deliver),
        models={"small": MODEL},
        environment_locks={"alpha": LOCK},
        tools={"alpha": {"ffmpeg": "PATH"}},
        **changes,
    )


def step(name: str, source: str, **changes: Any) -> PlannedStage:
    return a_stage(name, **{"inputs": {"file": [source]}, "outputs": {"file": f"{name}.txt"}, **changes})


def done(
    job: PlannedJob, results: Results, name: str, *warnings: str, about: Mapping[str, Any] | None = None, **parts: Any
) -> None:
    """The stage, or a fan-out's member, has run."""
    attempt = attempts.begin(job, name)
    (attempt.outputs / f"{name}.txt").write_text(name)
    key = Key(DIGEST, {"source": SOURCE, **parts})
    results.add(name, attempt.commit(attempt.find({"file": f"{name}.txt"}), key, 0.5, warnings, about or {}))


def told(job: PlannedJob, results: Results, again: bool = True) -> list[dict[str, Any]]:
    """The sidecars of everything that is delivered, each of the form that the schema has."""
    placed = deliver.deliver(job, results, again)
    found = [json.loads((job.output / "about" / sidecar.name_for(path.name)).read_bytes()) for path in placed]
    assert [schema_errors(each, "sidecar") for each in found] == [[] for _ in found]
    return found


def chain(tmp_path: Path) -> tuple[PlannedJob, Results]:
    """Recognised, then translated; and something else that had no part in it."""
    stages = [
        step("asr", "job.input", models={"recognizer": "small"}, parameters={"language": "en"}),
        step("beside", "job.input"),
        step("translation", "asr.file"),
    ]
    job, results = planned(tmp_path, stages, "translation.file", parameters={"target": "es"}), Results()
    done(job, results, "asr", "quiet", about={"engine": "whisper 1", "notes": ["half of it is music"]})
    done(job, results, "beside", about={"engine": "other"})
    done(job, results, "translation", about={"engine": "apertium", "notes": ["gist"], "pair": "eng-spa"})
    return job, results


def test_a_deliverable_has_a_sidecar_that_tells_its_stages_in_their_order(tmp_path: Path) -> None:
    (about,) = told(*chain(tmp_path))
    assert about["file"] == "movie.translation.txt"
    assert [each["name"] for each in about["stages"]] == ["asr", "translation"]


def test_it_tells_the_input_the_parameters_and_the_job(tmp_path: Path) -> None:
    job, results = chain(tmp_path)
    (about,) = told(job, results)
    assert about["input"] == {"path": "/somewhere/movie.mp4", "size": 1, "digest": DIGEST}
    assert about["parameters"] == {"target": "es"}
    assert (about["job_id"], about["workflow"]) == (job.id, "copy")


def test_it_tells_the_digest_of_what_was_delivered(tmp_path: Path) -> None:
    job, results = chain(tmp_path)
    (about,) = told(job, results)
    assert about["digest"] == results.outputs("translation.file")["translation"].digest


def test_each_stage_tells_its_models_environment_lock_and_source(tmp_path: Path) -> None:
    (about,) = told(*chain(tmp_path))
    asr = about["stages"][0]
    assert asr["models"] == {"recognizer": {"name": "small", "digest": MODEL}}
    assert asr["environment"] == {"name": "alpha", "key": DIGEST, "lock": LOCK}
    assert (asr["source"], asr["parameters"], asr["tools"]) == (SOURCE, {"language": "en"}, {"ffmpeg": "PATH"})


def test_engines_and_notes_of_all_stages_stand_at_the_top(tmp_path: Path) -> None:
    (about,) = told(*chain(tmp_path))
    assert about["engines"] == ["whisper 1", "apertium"]
    assert about["notes"] == ["half of it is music", "quiet", "gist"]
    assert about["stages"][1]["about"]["pair"] == "eng-spa"


def test_facts_of_an_odd_form_are_told_as_they_are_and_do_no_harm(tmp_path: Path) -> None:
    job, results = planned(tmp_path, [step("one", "job.input")], "one.file"), Results()
    done(job, results, "one", about={"engine": 7, "notes": "no list"})
    (about,) = told(job, results)
    assert (about["engines"], about["notes"]) == ([], [])
    assert about["stages"][0]["about"] == {"engine": 7, "notes": "no list"}


def fan_out(tmp_path: Path) -> tuple[PlannedJob, Results]:
    stages = [
        step("split", "job.input"),
        step("part", "split.file", for_each="split.file", outputs={"file": "*.txt"}),
        step("twin", "part[$each].file", for_each="split.file", outputs={"file": "*.txt"}),
        step("joined", "twin.file"),
    ]
    job, results = planned(tmp_path, stages, "joined.file", "twin.file"), Results()
    done(job, results, "split")
    for name in ("part", "twin"):
        members = [f"{name}_{number:04d}" for number in (1, 2)]
        for number, member in enumerate(members):
            done(job, results, member, member, about={"engine": name}, parameters={"place": number})
        results.gather(name, members)
    done(job, results, "joined")
    return job, results


def test_a_fan_out_on_the_way_is_told_once_with_the_words_of_all_members(tmp_path: Path) -> None:
    joined, *_ = told(*fan_out(tmp_path))
    (part,) = (each for each in joined["stages"] if each["uses"] == "copy" and each["name"] == "part")
    assert part["members"] == 2
    assert part["seconds"] == 1.0
    assert part["warnings"] == ["part_0001", "part_0002"]


def test_a_member_tells_of_itself_and_of_the_member_that_it_goes_with(tmp_path: Path) -> None:
    *_, second = told(*fan_out(tmp_path))
    assert [each["name"] for each in second["stages"]] == ["split", "part_0002", "twin_0002"]
    assert second["stages"][-1]["parameters"] == {"place": 1}


def test_of_a_long_way_the_nearest_stages_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sidecar, "NEAREST", 3)
    names = [f"s{number}" for number in range(5)]
    sources = ["job.input", *(f"{name}.file" for name in names)]
    job = planned(tmp_path, [step(*each) for each in zip(names, sources, strict=False)], "s4.file")
    results = Results()
    for name in names:
        done(job, results, name)
    (about,) = told(job, results)
    assert [each["name"] for each in about["stages"]] == ["s2", "s3", "s4"]
    assert about["has_more_stages"]


def test_a_job_that_was_prepared_before_locks_were_told_has_none(tmp_path: Path) -> None:
    job, results = stored(tmp_path / "jobs", stages=[step("one", "job.input")], deliver=["one.file"]), Results()
    done(job, results, "one")
    (about,) = told(job, results)
    assert about["stages"][0]["environment"] == {"name": "alpha", "key": DIGEST}


def test_a_deleted_sidecar_comes_back(tmp_path: Path) -> None:
    job, results = chain(tmp_path)
    first = told(job, results)
    for file in (job.output / "about").iterdir():
        file.unlink()
    assert told(job, results, again=False) == first


def test_the_sidecar_goes_with_what_is_not_delivered_any_more(tmp_path: Path) -> None:
    job, results = chain(tmp_path)
    told(job, results)
    for name in ("movie.old.txt", "about/movie.old.txt.json"):
        (job.output / name).touch()
    deliver.deliver(job, results, replaces=True, before=["movie.old.txt"])
    assert {path.name for path in (job.output / "about").iterdir()} == {"movie.translation.txt.json"}


@pytest.mark.parametrize("name", ["x" * 255, "é" * 127, "字" * 85, "x" * 250, "\udcff" * 255])
def test_a_sidecar_s_name_always_fits_the_file_system(name: str) -> None:
    assert len(os.fsencode(sidecar.name_for(name))) <= 255
    assert sidecar.name_for(name) != sidecar.name_for(f"{name[:-1]}y")


def test_a_name_that_is_no_text_is_told(tmp_path: Path) -> None:
    described = {"size": 1, "mtime_ns": 1, "digest": DIGEST, "duration_s": None}
    job = planned(tmp_path, [step("one", "job.input")], "one.file", input={"path": "/a/\udcff.mp4", **described})
    results = Results()
    done(job, results, "one")
    assert told(job, results)[0]["input"]["path"] == "/a/\udcff.mp4"


def test_an_environment_that_was_not_healthy_is_told_among_the_notes(tmp_path: Path) -> None:
    origin = {"source": "degraded", "place": "/opt/old", "warning": "/opt/old: numpy is damaged"}
    job = planned(tmp_path, [step("asr", "job.input")], "asr.file", environment_sources={"alpha": origin})
    results = Results()
    done(job, results, "asr")
    (about,) = told(job, results)
    assert about["stages"][0]["environment"]["source"] == "degraded"
    assert about["notes"] == ["environment 'alpha' was degraded /opt/old: numpy is damaged"]


def test_what_was_known_of_the_model_beforehand_is_told_of_what_it_had_a_part_in(tmp_path: Path) -> None:
    note = "small gets about 44 of 100 words of Hindi (hi) wrong (Common Voice 9, read sentences)"
    stages = [step("asr", "job.input", models={"recognizer": "small"}), step("beside", "job.input")]
    decision = {"model": "small", "language": "hi", "note": note}
    job = planned(tmp_path, stages, "asr.file", "beside.file", model_decision=decision)
    results = Results()
    done(job, results, "asr", about={"notes": ["half of it is music"]})
    done(job, results, "beside")
    about, beside = told(job, results)
    assert about["notes"] == ["half of it is music", note]
    assert beside["notes"] == []
