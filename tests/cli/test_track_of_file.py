"""Which of a job's subtitles a person's file is of."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from pipeline.cli.track_of_file import track_of
from pipeline.errors import UsageError
from pipeline.jobs.events import StageFinished, StageStarted
from pipeline.jobs.job import load
from pipeline.jobs.job_editor import JobEditor
from pipeline.jobs.records import OutputRecord
from tests.jobs.helpers import DIGEST, a_stage, record, stored

KINDS = ("srt", "vtt", "ass")


def desk(folder: Path, names: Sequence[str]) -> JobEditor:
    """Of a job that has made these subtitles."""
    stages = [a_stage(f"subtitles_{number}", outputs={kind: f"*.{kind}" for kind in KINDS}) for number in range(3)]
    made = stored(folder, stages=stages, deliver=(), stage_environments={each.name: "alpha" for each in stages})
    for stage, name in zip(stages, names, strict=False):
        outputs = {kind: OutputRecord(f"{name}.{kind}", 1, 1, DIGEST) for kind in KINDS}
        record(made, StageStarted(stage.name, 1, DIGEST), StageFinished(stage.name, 1, DIGEST, 0.1, outputs))
    return JobEditor(load(made.folder))


@pytest.mark.parametrize(
    ("names", "file", "found"),
    [
        (["en", "en.forced"], "movie.en.forced.srt", "en.forced"),
        (["en"], "fixed.srt", "en"),
        (["en.forced"], "fixed.srt", "en.forced"),
        (["en"], "fixed.eng.vtt", "en"),
        (["en", "es"], "fixed.spa.srt", "es"),
    ],
)
def test_a_file_is_of_the_only_track_that_its_name_allows(
    tmp_path: Path, names: Sequence[str], file: str, found: str
) -> None:
    assert track_of(desk(tmp_path, names), Path(file)).name == found


@pytest.mark.parametrize(
    ("names", "file", "called"),
    [
        (["en", "es"], "fixed.srt", "fixed.en.srt or fixed.es.srt"),
        (["en"], "fixed.es.srt", "fixed.en.srt"),
        (["en"], "fixed.forced.srt", "fixed.en.srt"),
        (["en", "en.forced", "es"], "fixed.eng.srt", "fixed.en.srt or fixed.en.forced.srt"),
    ],
)
def test_what_to_call_any_other_file_is_said(tmp_path: Path, names: Sequence[str], file: str, called: str) -> None:
    job = desk(tmp_path, names)
    with pytest.raises(UsageError, match=f"no subtitles called {file}") as caught:
        track_of(job, Path("my files") / file)
    first = called.partition(" ")[0]
    command = f"pipeline subtitles accept 'my files/{first}' --job {job.job.id}"
    assert caught.value.next_step == f"call it {called}, and then\n{command}"
    assert track_of(job, Path(first))


def test_a_job_without_subtitles_says_so(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="it has made none"):
        track_of(desk(tmp_path, []), Path("fixed.srt"))
