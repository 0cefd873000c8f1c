"""Parameters that depend on what is in a movie."""

import pickle
from pathlib import Path
from typing import Any

import pytest

from pipeline.config.catalog import Catalog
from pipeline.config.workflows import WorkflowSpec
from pipeline.errors import NotReady
from pipeline.media.probe import Media, MediaTrack
from pipeline.models import local_folder
from pipeline.prepare import file_parameters
from pipeline.project import ProjectFolder
from tests.conftest import REPOSITORY
from tests.models.test_integrity import ctranslate2

SHIPPED = Catalog(ProjectFolder(REPOSITORY))  # each of its files is read once
DUBBED = Media(9.0, (MediaTrack(1, language="eng", is_default=True), MediaTrack(2, language="spa")))
SUBTITLED = Media(9.0, DUBBED.audio, (MediaTrack(1, "subrip", "eng"), MediaTrack(2, "subrip", "fre")))


@pytest.fixture
def workflow() -> WorkflowSpec:
    return SHIPPED.workflow("transcribe")


def values(workflow: WorkflowSpec, **typed: str) -> dict[str, Any]:
    return {name: spec.default for name, spec in workflow.parameters.items()} | typed


@pytest.mark.parametrize(
    ("typed", "track", "told"),
    [
        ({}, "", ()),
        ({"source_language": "en"}, "", ()),
        ({"source_language": "es"}, "2", ("2 (Spanish",)),
        ({"source_language": "es", "audio_track": "1"}, "1", ("no audio track", "Spanish", "1 (English")),
        ({"source_language": "fr"}, "", ("no audio track", "French (fr)", "1 (English")),
    ],
)
def test_the_language_that_a_person_names_chooses_the_sound_or_it_is_told_that_there_is_none(
    workflow: WorkflowSpec, typed: dict[str, str], track: str, told: tuple[str, ...]
) -> None:
    found = file_parameters.for_movie(workflow, values(workflow, **typed), Path("movie.mkv"), DUBBED, {})
    notes = file_parameters.notes(workflow, found, DUBBED)
    assert file_parameters.audio_track(workflow, found) == track
    assert len(notes) == bool(told)
    assert all(word in note for note in notes for word in told)


def test_sound_without_a_language_is_what_a_person_says(workflow: WorkflowSpec) -> None:
    silent = Media(9.0, (MediaTrack(1),))
    found = file_parameters.for_movie(workflow, values(workflow, source_language="es"), Path("movie.mkv"), silent, {})
    assert file_parameters.notes(workflow, found, silent) == ()


@pytest.mark.parametrize(("text", "track", "told"), [("auto", "2", False), ("1", "1", True), ("2", "2", False)])
def test_subtitles_are_chosen_by_the_language_and_another_one_is_told(text: str, track: str, told: bool) -> None:
    workflow = SHIPPED.workflow("subtitle")
    typed = values(workflow, source_language="fr", from_subtitles=text)
    found = file_parameters.for_movie(workflow, typed, Path("movie.mkv"), SUBTITLED, {})
    assert found["from_subtitles"]["track"] == track
    assert bool(file_parameters.notes(workflow, found, SUBTITLED)) is told


def test_subtitles_without_a_language_are_what_a_person_says(tmp_path: Path) -> None:
    (tmp_path / "no-language.srt").write_text("1\n")
    workflow = SHIPPED.workflow("subtitle")
    typed = values(workflow, source_language="fr", from_subtitles=str(tmp_path / "no-language.srt"))
    found = file_parameters.for_movie(workflow, typed, Path("movie.mkv"), DUBBED, {})
    assert found["from_subtitles"]["language"] == ""
    assert file_parameters.notes(workflow, found, DUBBED) == ()


@pytest.mark.parametrize(
    ("name", "told"),
    [("movie.fr.forced.srt", True), ("movie.fr.signs.ass", True), ("movie.fr.srt", False), ("movie.fr.sdh.srt", False)],
)
def test_subtitles_that_hold_only_signs_are_told(tmp_path: Path, name: str, told: bool) -> None:
    (tmp_path / name).write_text("1\n")
    workflow = SHIPPED.workflow("subtitle")
    typed = values(workflow, from_subtitles=str(tmp_path / name))
    found = file_parameters.for_movie(workflow, typed, Path("movie.mkv"), DUBBED, {})
    assert bool(file_parameters.notes(workflow, found, DUBBED)) is told


def test_a_forced_track_is_told() -> None:
    movie = Media(9.0, DUBBED.audio, (MediaTrack(1, "subrip", "fre", is_forced=True), MediaTrack(2, "subrip", "fre")))
    workflow = SHIPPED.workflow("subtitle")
    for text, told in (("1", True), ("2", False)):
        found = file_parameters.for_movie(workflow, values(workflow, from_subtitles=text), Path("m.mkv"), movie, {})
        assert bool(file_parameters.notes(workflow, found, movie)) is told


@pytest.mark.parametrize(("parameter", "kind"), [("model", "TransformerSpec"), ("translation_model", "WhisperSpec")])
def test_a_folder_whose_model_is_for_another_task_is_refused(tmp_path: Path, parameter: str, kind: str) -> None:
    catalog = SHIPPED
    (tmp_path / "model.bin").write_bytes(ctranslate2(kind=kind))
    with pytest.raises(NotReady, match="it is to be a model for"):
        file_parameters.read(catalog.workflow("subtitle"), {parameter: str(tmp_path)}, catalog)


def test_a_folder_that_runs_code_is_read_where_that_is_allowed(tmp_path: Path) -> None:
    catalog = SHIPPED
    (tmp_path / "model.bin").write_bytes(pickle.dumps({"a": [1.0]}, protocol=2))
    workflow, typed = catalog.workflow("subtitle"), {"model": str(tmp_path)}
    with pytest.raises(NotReady, match="runs code"):
        file_parameters.read(workflow, typed, catalog)
    assert file_parameters.read(workflow, typed, catalog, allows_code=True).models


@pytest.mark.parametrize("text", ["Systran/faster-whisper-base", "huggingface:Systran/faster-whisper-base"])
def test_a_repository_in_place_of_a_folder_leads_to_the_command_that_locks_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    monkeypatch.chdir(tmp_path)
    catalog = SHIPPED
    with pytest.raises(NotReady) as refused:
        file_parameters.read(catalog.workflow("subtitle"), {"model": text}, catalog)
    assert str(refused.value.next_step).startswith(
        "pipeline model add faster-whisper-base huggingface:Systran/faster-whisper-base\n"
    )


def test_a_folder_of_something_else_is_refused_before_it_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    catalog = SHIPPED
    (tmp_path / "film.mkv").write_bytes(b"a film")
    monkeypatch.setattr(local_folder, "read", lambda *_: pytest.fail("it was read"))
    with pytest.raises(NotReady, match="none of the files"):
        file_parameters.read(catalog.workflow("subtitle"), {"model": str(tmp_path)}, catalog)
