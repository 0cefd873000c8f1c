"""The table at the end of a run."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.cli import result_quality, run_summary
from pipeline.cli.run_summary import GAP, FilmRow, fitted
from pipeline.errors import StageError
from pipeline.jobs import attempts, job_editor
from pipeline.jobs.events import StageFinished
from pipeline.jobs.plan import BesideInput
from pipeline.run.observer import JobOutcome
from tests.jobs.helpers import DIGEST, KEY, a_stage, record, stored

WHERE = "jobs/job-20261129-root-0001/output"
ROW = FilmRow("f" * 60, "job-20261129-root-0001", "finished", "en, es", "en: 9 cues", "a " * 60, WHERE)


@pytest.mark.parametrize("width", [40, 60, 80, 120, 200])
def test_no_line_is_longer_than_the_terminal_is_wide(width: int) -> None:
    widths = fitted([ROW, replace(ROW, film="b")], width)
    assert sum(widths.values()) + GAP * len(widths) <= width


def test_where_the_subtitles_are_is_whole_at_80_columns() -> None:
    widths = fitted([ROW], 80)
    assert widths["where"] == len(ROW.where)
    assert "languages" in widths


def test_a_row_has_the_languages_and_what_stages_say_of_their_results(tmp_path: Path) -> None:
    film = tmp_path / "film.mkv"
    about = {"size": 1, "mtime_ns": 1, "digest": DIGEST, "duration_s": None}
    job = stored(tmp_path / "jobs", input={"path": str(film), **about})
    record(job, StageFinished("asr", 1, DIGEST, 1.0, {}, about={"engine": "Whisper"}))
    delivered = [job.output / name for name in ("film.en.srt", "film.en.vtt", "film.zh-Hant.ass", "film.subtitled.mkv")]
    (row,) = run_summary.rows([job], {job.id: JobOutcome(delivered)})
    assert (row.film, row.result, row.languages, row.about) == ("film.mkv", "finished", "en, zh-Hant", "Whisper")
    record(job, StageFinished("asr", 1, DIGEST, 1.0, {}, about={"engine": "Whisper", "notes": ["made by rules"]}))
    (row,) = run_summary.rows([job], {job.id: JobOutcome(delivered)})
    assert row.about == "made by rules"


def test_subtitles_beside_the_film_are_said_to_be_there(tmp_path: Path) -> None:
    film = tmp_path / "films/film.mkv"
    film.parent.mkdir()
    about = {"size": 1, "mtime_ns": 1, "digest": DIGEST, "duration_s": None}
    job = stored(tmp_path / "jobs", input={"path": str(film), **about}, beside=BesideInput((), overwrite=False))
    film.with_name("film.en.srt").write_text("1")
    (row,) = run_summary.rows([job], {job.id: JobOutcome([job.output / "film.en.srt"])})
    assert Path(row.where).resolve() == film.parent


def test_a_failure_is_told_in_its_row(tmp_path: Path) -> None:
    job = stored(tmp_path)
    (row,) = run_summary.rows([job], {job.id: JobOutcome(error=StageError(f"{job.id}: no disk\nmore"))})
    assert (row.result, row.about) == ("not finished", "no disk")


def test_a_film_is_said_to_be_as_good_as_its_stages_report(tmp_path: Path) -> None:
    report, transcript = tmp_path / "report.json", tmp_path / "transcript.json"
    report.write_text('{"language": "en", "cues": 11, "broken": {"gap": 2, "lines": 0}}')
    transcript.write_text('{"coverage": {"share": 0.987}}')
    outputs = {"asr": {"transcript": "transcript.json"}, "cut": {"report": "report.json"}}
    stages = [a_stage(name, outputs=each) for name, each in outputs.items()]
    job = stored(tmp_path / "jobs", stages=stages, deliver=())
    for stage, file in (("asr", transcript), ("cut", report)):
        attempt = attempts.begin(job, stage)
        target = attempt.outputs / file.name
        target.write_bytes(file.read_bytes())
        result = attempt.commit({file.stem: target}, KEY, 0.5)
        record(job, StageFinished(stage, 1, result.key, 0.5, result.output_records))
    (line,) = result_quality.lines(job, job.state())
    assert line == "en: 11 cues, 99% of the speech has words, 2 rules broken"
    assert result_quality.speed(job, 0.5) == "2.0 x real time"
    with job_editor.opened(job.folder) as desk:
        desk.put("cut", {"report": b"{}"}, "ann", about=b'{"cues": 10, "broken": {"gap": 1}}')
    (line,) = result_quality.lines(job, job.state())
    assert line == "en: 10 cues, 99% of the speech has words, 1 rule broken"


@pytest.mark.parametrize(
    "transcript", [{"coverage": {"speech_s": 0.0, "share": 1}}, {"model": "none", "coverage": {"share": 1}}]
)
def test_where_no_speech_was_heard_there_is_no_share_of_it(tmp_path: Path, transcript: dict[str, object]) -> None:
    outputs = {"transcript": "transcript.json", "report": "report.json"}
    job = stored(tmp_path, stages=[a_stage("cut", outputs=outputs)])
    attempt = attempts.begin(job, "cut")
    texts = {
        "transcript": json.dumps(transcript),
        "report": '{"language": "en", "cues": 0, "broken": {}}',
    }
    for name, text in texts.items():
        (attempt.outputs / outputs[name]).write_text(text)
    result = attempt.commit({name: attempt.outputs / file for name, file in outputs.items()}, KEY, 0.5)
    record(job, StageFinished("cut", 1, result.key, 0.5, result.output_records))
    assert result_quality.lines(job, job.state()) == ["en: 0 cues, no rule broken"]
