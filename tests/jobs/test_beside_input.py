"""Deliverables next to the input."""

import shutil
from pathlib import Path

import pytest

from pipeline.jobs import attempts, beside_input, deliver
from pipeline.jobs.job import PlannedJob
from pipeline.jobs.results import Results
from tests.jobs.helpers import a_stage, committed, stored


def put(tmp_path: Path, overwrite: bool = False, **files: str) -> list[str]:
    """Deliver files of a job on films/movie.mkv; all but 'text' go beside it."""
    job, results = made(tmp_path, overwrite, None, **files)
    return beside_input.put(job, results, deliver.deliver(job, results, replaces=True)).told


def made(tmp_path: Path, overwrite: bool, source: Path | None = None, **files: str) -> tuple[PlannedJob, Results]:
    films = tmp_path / "films"
    films.mkdir(exist_ok=True)
    outputs = [f"copy.{stem}" for stem in files]
    described = {"size": 1, "mtime_ns": 1, "digest": "sha256:" + "0" * 64, "duration_s": None}
    job = stored(
        tmp_path / "jobs",
        input={"path": str(films / "movie.mkv"), **described},
        stages=[a_stage("copy", outputs={stem: f"{stem}.txt" for stem in files})],
        parameters={"from_subtitles": {"file": str(source), "track": ""} if source else {}},
        deliver=outputs,
        beside={"outputs": [each for each in outputs if each != "copy.text"], "overwrite": overwrite},
    )
    results = Results()
    results.add("copy", committed(attempts.begin(job, "copy"), **files))
    return job, results


def test_what_may_stand_there_does_and_nothing_else(tmp_path: Path) -> None:
    assert put(tmp_path, text="all", es="uno", hi="ek") == []
    assert {path.name: path.read_text() for path in (tmp_path / "films").iterdir()} == {
        "movie.es.txt": "uno",
        "movie.hi.txt": "ek",
    }


def test_somebody_s_file_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "films").mkdir()
    (tmp_path / "films/movie.es.txt").write_text("mine")
    (told,) = put(tmp_path, es="uno")
    assert "movie.es.txt" in told
    assert (tmp_path / "films/movie.es.txt").read_text() == "mine"


def test_the_same_content_is_nobody_s_loss(tmp_path: Path) -> None:
    put(tmp_path, es="uno")
    assert put(tmp_path, es="uno") == []


def test_a_file_is_replaced_where_that_was_asked_for(tmp_path: Path) -> None:
    (tmp_path / "films").mkdir()
    (tmp_path / "films/movie.es.txt").write_text("mine")
    assert put(tmp_path, overwrite=True, es="uno") == []
    assert (tmp_path / "films/movie.es.txt").read_text() == "uno"


def test_a_job_replaces_what_it_put_there_itself_unless_a_person_has_edited_it(tmp_path: Path) -> None:
    job, results = made(tmp_path, overwrite=False, es="uno")
    there = tmp_path / "films/movie.es.txt"
    for text, expected in (("uno", "uno"), ("dos", "dos")):
        (output,) = deliver.deliver(job, results, replaces=True)
        output.write_text(text)
        assert beside_input.put(job, results, [output]).told == []
        assert there.read_text() == expected
    there.write_text("edited")
    (output,) = deliver.deliver(job, results, replaces=True)
    assert len(beside_input.put(job, results, [output]).told) == 1
    assert there.read_text() == "edited"


def test_a_folder_that_cannot_be_written_fails_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    job, results = made(tmp_path, overwrite=False, es="uno")
    monkeypatch.setattr(shutil, "copyfile", refuse)
    (told,) = beside_input.put(job, results, [job.output / "movie.es.txt"]).told
    assert "movie.es.txt" in told
    assert "Permission denied" in told
    assert list((tmp_path / "films").iterdir()) == []


def test_a_job_that_says_nothing_puts_nothing_there(tmp_path: Path) -> None:
    job = stored(tmp_path / "jobs")
    assert beside_input.put(job, Results(), []).told == []


def test_what_a_person_has_edited_is_replaced_once_by_who_asks_for_that(tmp_path: Path) -> None:
    job, results = made(tmp_path, overwrite=True, es="uno")
    (output,) = deliver.deliver(job, results, replaces=True)
    there = tmp_path / "films/movie.es.txt"
    for wanted, again in (("uno", False), ("edited", False), ("uno", True)):
        if again:
            beside_input.forget(job)
        found = beside_input.put(job, results, [output])
        assert there.read_text() == wanted
        assert found.has_put == (wanted == "uno")
        there.write_text("edited")


def test_the_subtitles_that_a_job_reads_are_never_replaced(tmp_path: Path) -> None:
    source = tmp_path / "films/movie.es.txt"
    source.parent.mkdir()
    source.write_text("mine")
    job, results = made(tmp_path, overwrite=True, source=source, es="uno")
    (told,) = beside_input.put(job, results, deliver.deliver(job, results, replaces=True)).told
    assert "movie.es.txt" in told
    assert source.read_text() == "mine"
