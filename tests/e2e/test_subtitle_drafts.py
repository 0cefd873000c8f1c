"""A draft of a person's edits: shown by the commands, taken into the film as a file is."""

import json

from pipeline.films import waveform
from pipeline.films.subtitle_drafts import TrackDraft
from pipeline.jobs.store import JobStore
from pipeline.project import ProjectFolder
from pipeline.subtitles import operations as ops
from tests.conftest import Sandbox
from tests.e2e.subtitled import SRT, source_in, subtitled

SIGN = "3\n00:00:01,500 --> 00:00:02,500\n{\\an8}A SIGN\n\n"


def test_a_draft_is_shown_by_the_command_and_becomes_the_film_s_subtitles(studio: Sandbox) -> None:
    id = subtitled(studio, source_in(studio, SRT + SIGN))
    project = ProjectFolder(studio.root)
    draft = TrackDraft(project, JobStore(project.jobs).find(id), "en")
    view = draft.view()
    assert [(cue.text.split("\n")[0], cue.alignment) for cue in view.cues][1] == ("A SIGN", 8)
    first, _, last = view.cues
    changed = draft.edit(view.base, 0, ops.TextOperation(first.id, "It was the best of times,"), "Ann")
    changed = draft.edit(view.base, changed.revision, ops.SpeakerOperation((last.id,), "Bob"), "Ann")
    assert all(point.why for point in draft.points(draft.view()))

    shown = studio.run("pipeline", "subtitles", "edits", id).out
    assert "thymes" in shown
    assert "Ann" in shown
    edits = studio.root / "film.edits.yaml"
    assert studio.run("pipeline", "subtitles", "edits", id, "-o", edits).code == 0
    assert "best of times" in edits.read_text()

    found = draft.accept("Ann")
    assert found is not None
    assert len(found.edits) == 2
    assert studio.run("run-pipeline", "-j", id).code == 0
    output = studio.job(id) / "output"
    text = (output / "film.en.vtt").read_text()
    assert "best of times" in text
    assert "<v Bob>" in text
    assert "A SIGN" in text, "a cue that is shown at the same time stays"
    about = json.loads((output / "about" / "film.subtitled.mp4.json").read_text())
    assert [each["who"] for stage in about["stages"] for each in stage.get("edits", ())] == ["Ann"]
    assert draft.file.read().is_empty
    assert draft.view().cues[0].text.startswith("It was the best of times")
    assert "thymes" in studio.run("pipeline", "subtitles", "edits", id).out


def test_a_draft_goes_into_subtitles_that_were_corrected_elsewhere_meanwhile(studio: Sandbox) -> None:
    id = subtitled(studio, source_in(studio))
    project = ProjectFolder(studio.root)
    draft = TrackDraft(project, JobStore(project.jobs).find(id), "en")
    view = draft.view()
    draft.edit(view.base, 0, ops.TextOperation(view.cues[0].id, "It was the best of times,"), "Ann")
    delivered = studio.job(id) / "output" / "film.en.srt"
    delivered.write_text(delivered.read_text().replace("the worst", "the very worst"))
    assert studio.run("pipeline", "subtitles", "accept", delivered, "--by", "Bob").code == 0
    view = draft.view()
    assert view.base != view.now
    assert draft.accept("Ann") is not None
    assert [cue.text.replace("\n", " ") for cue in draft.view().cues] == [
        "It was the best of times,",
        "it was the very worst of times",
    ]


def test_a_film_whose_subtitles_existed_has_a_waveform(studio: Sandbox) -> None:
    id = subtitled(studio, source_in(studio))
    project = ProjectFolder(studio.root)
    peaks = waveform.peaks_of(project, JobStore(project.jobs).find(id)).path.read_bytes()
    seconds = len(peaks) / 200
    assert 5 < seconds < 60
    assert max(peaks) > 16
