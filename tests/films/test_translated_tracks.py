"""Which of a job's subtitles are those of what was said, and which follow them."""

import pytest

from pipeline.films import translated_tracks
from pipeline.jobs.events import EditedOutput, OutputEdited, StageFinished, StageStarted
from pipeline.jobs.job import PlannedJob, load
from pipeline.jobs.job_editor import JobEditor
from pipeline.jobs.records import OutputRecord
from tests.conftest import Sandbox
from tests.jobs.helpers import DIGEST, a_stage, record, stored

KINDS = ("srt", "vtt", "ass")


@pytest.fixture
def job(sandbox: Sandbox) -> PlannedJob:
    """English speech, translated into Spanish from its text, and into English from its sound."""
    translation = {"translation": "translation.*.json"}
    stages = (
        a_stage("asr", inputs={"audio": ("job.input",)}, outputs={"transcript": "transcript.json"}),
        a_stage("nllb_es", inputs={"transcript": ("asr.transcript",)}, outputs=translation),
        a_stage("whisper_en", inputs={"audio": ("job.input",)}, outputs=translation),
        *(
            a_stage(
                f"subtitles_{name}",
                uses="subtitle_generation",
                inputs={"transcript": (source,)},
                outputs={kind: f"*.{kind}" for kind in KINDS},
            )
            for name, source in {
                "en": "whisper_en.translation",
                "es": "nllb_es.translation",
                "pl": "asr.transcript",
            }.items()
        ),
    )
    made = stored(
        sandbox.root / "jobs",
        stages=stages,
        deliver=("subtitles_pl.srt",),
        stage_environments={each.name: "alpha" for each in stages},
    )
    for each in stages:
        files = {name: pattern.replace("*", each.name[-2:]) for name, pattern in each.outputs.items()}
        outputs = {name: OutputRecord(file, 1, 1, DIGEST) for name, file in files.items()}
        record(made, StageStarted(each.name, 1, DIGEST), StageFinished(each.name, 1, DIGEST, 0.1, outputs))
    return load(made.folder)


def test_each_track_is_known_for_what_it_was_made_from(job: PlannedJob) -> None:
    desk = JobEditor(job)
    original = translated_tracks.original(desk)
    assert original
    assert original.name == "pl"
    assert [each.track.name for each in translated_tracks.translations(desk)] == ["es"]
    assert translated_tracks.without_source(desk) == []


def test_what_was_made_from_the_sound_cannot_follow_a_correction(job: PlannedJob) -> None:
    edited = EditedOutput(DIGEST, OutputRecord("1/pl.srt", 1, 1, DIGEST))
    record(job, OutputEdited("subtitles_pl", {"srt": edited}, "Ann", ""))
    assert [each.name for each in translated_tracks.without_source(JobEditor(load(job.folder)))] == ["en"]
