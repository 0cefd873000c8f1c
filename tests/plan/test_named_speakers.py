"""The project's own workflows, where speakers are told apart: what is delivered has the names that people give them."""

from typing import Any

import pytest

from pipeline.config.catalog import Catalog
from pipeline.plan.planner import PlannedWorkflow, plan
from pipeline.project import ProjectFolder
from tests.conftest import REPOSITORY

SHIPPED = Catalog(ProjectFolder(REPOSITORY))
MODEL = "whisper-base"  # any that there is
RECOGNITION = {"engine": "whisperx", "model": MODEL, "is_needed": True, "languages": [], "aligner": None}
TRANSLATION = {"source": "en", "whisper": [], "apertium": [], "indictrans2": [], "madlad": [], "nllb": []}
KINDS = {"keep_cues": False, "has_original": True, "first": ["en"], "models": {"pl": MODEL}, "data": {}}


def planned(workflow: str, speakers: str | None, targets: list[str], original: list[str]) -> PlannedWorkflow:
    translation = {**TRANSLATION, **KINDS, "nllb-ct2": targets, "targets": targets, "original": original}
    spec = SHIPPED.workflow(workflow)
    values: dict[str, Any] = {name: each.default for name, each in spec.parameters.items()}
    values |= {"recognition": {**RECOGNITION, "speakers": speakers}, "translation": translation}
    values |= {"source_language": "en", "model": MODEL, "formats": ["srt", "vtt"], "glossary": {"pl": []}}
    return plan(spec, {**values, "input": {"frame_rate": 25, "subtitle_flags": ""}}, SHIPPED)


def documents(found: PlannedWorkflow) -> list[str]:
    return [each for each in found.deliver if each.endswith((".transcript", ".translation", ".document"))]


@pytest.mark.parametrize("workflow", ["transcribe", "subtitle"])
def test_a_transcript_with_speakers_is_delivered_with_their_names(workflow: str) -> None:
    found = planned(workflow, MODEL, [], ["en"])
    assert documents(found) == ["speaker_names.document"]
    (stage,) = [each for each in found.stages if each.name == "speaker_names"]
    assert set(stage.needs) == {"whisperx_asr", "subtitle_generation_en"}


@pytest.mark.parametrize("workflow", ["transcribe", "subtitle"])
def test_one_without_speakers_is_delivered_as_it_was_heard(workflow: str) -> None:
    found = planned(workflow, None, [], ["en"])
    assert documents(found) == ["whisperx_asr.transcript"]
    assert not any(stage.uses == "speaker_names" for stage in found.stages)


@pytest.mark.parametrize("original", [["en"], []])
def test_a_translation_has_the_names_of_its_own_subtitles(original: list[str]) -> None:
    found = planned("subtitle", MODEL, ["pl"], original)
    assert documents(found) == ["speaker_names.document", "translated_speaker_names_pl.document"]
    (stage,) = [each for each in found.stages if each.name == "translated_speaker_names_pl"]
    assert set(stage.needs) == {"nllb_ct2_translation_pl", "subtitle_generation_pl"}


def test_a_translation_without_speakers_is_delivered_as_it_was_made() -> None:
    found = planned("subtitle", None, ["pl"], ["en"])
    assert documents(found) == ["whisperx_asr.transcript", "nllb_ct2_translation_pl.translation"]
