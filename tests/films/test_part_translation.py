"""What a translator gets when parts of a film are translated again."""

import json
from pathlib import Path
from typing import Any

import pytest

from pipeline.config.catalog import Catalog
from pipeline.films import stage_windows
from pipeline.films.part_translation import FEW, PartTranslator
from pipeline.films.stage_windows import StageWindow
from pipeline.films.subtitle_edits import EditedTrack
from pipeline.films.translated_tracks import TranslatedTrack
from pipeline.jobs import film_outputs
from pipeline.jobs.job import PlannedJob
from pipeline.jobs.records import Output
from pipeline.project import ProjectFolder
from tests.conftest import Sandbox
from tests.jobs.helpers import a_stage, stored

Part = list[dict[str, Any]]


class KnownTrack(TranslatedTrack, frozen=True):
    """A track whose translation needn't be in a job."""

    def document(self, job: PlannedJob) -> dict[str, Any]:
        return {"source_language": "en", "duration_s": 100.0, "segments": []}


class Translator:
    """Stands for the stage. ``joins``: whether it takes the first two segments for one sentence."""

    def __init__(self, joins: bool = False) -> None:
        self.joins = joins
        self.got: list[Part] = []

    def __call__(self, _project: ProjectFolder, _job: PlannedJob, window: StageWindow) -> Any:
        segments = json.loads(window.inputs["transcript"][0].read_text())["segments"]
        self.got.append(segments)
        answers = [{**each, "text": each["text"].upper()} for each in segments]
        if self.joins and len(answers) > 1:
            both = {**answers[0], "end": answers[1]["end"], "text": answers[0]["text"] + answers[1]["text"]}
            answers = [both, *answers[2:]]
        return {"segments": answers}


def translated(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, stage: Translator, parts: list[Part]) -> list[Part]:
    monkeypatch.setattr(stage_windows, "document", stage)
    track = KnownTrack(EditedTrack("es", {}, "es"), a_stage("translation"), a_stage("subtitle_generation"))
    job = stored(sandbox.root / "jobs")
    return PartTranslator(job, Catalog(ProjectFolder(sandbox.root)), track).each(parts)


def parts_of(count: int) -> list[Part]:
    return [[{"start": 10.0 * n, "end": 10.0 * n + 5, "text": f"part {n}"}] for n in range(count)]


def texts(parts: list[Part]) -> list[list[str]]:
    return [[each["text"] for each in part] for part in parts]


def test_a_few_parts_go_alone(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    stage = Translator()
    assert texts(translated(sandbox, monkeypatch, stage, [*parts_of(2), []])) == [["PART 0"], ["PART 1"], []]
    assert texts(stage.got) == [["part 0"], ["part 1"]]


def test_many_parts_go_together(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    stage = Translator()
    found = translated(sandbox, monkeypatch, stage, [*parts_of(FEW + 1), []])
    assert texts(found) == [*([f"PART {n}"] for n in range(FEW + 1)), []]
    assert len(stage.got) == 1


def test_parts_of_which_one_sentence_was_made_go_alone_after_all(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage = Translator(joins=True)
    found = translated(sandbox, monkeypatch, stage, parts_of(FEW + 1))
    assert texts(found) == [[f"PART {n}"] for n in range(FEW + 1)]
    assert len(stage.got) == 1 + FEW + 1


def test_a_part_in_another_language_is_said_to_be(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    spoken = {
        "languages": {"en": 0.6, "fr": 0.4},
        "segments": [{"start": 0, "end": 9, "text": "a"}, {"start": 9, "end": 20, "text": "b", "language": "fr"}],
    }
    path = tmp_path / "transcript.json"
    path.write_text(json.dumps(spoken))
    monkeypatch.setattr(film_outputs, "transcript", lambda _: Output(path, "", 0, 0))
    stage = Translator()
    translated(sandbox, monkeypatch, stage, parts_of(2))
    assert [each.get("language") for part in stage.got for each in part] == [None, "fr"]
