"""The editor's addresses: what a page gets, and that an edit is on the disk when it is answered."""

import contextlib
import json
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from pipeline.jobs.events import StageFinished, StageStarted
from pipeline.jobs.job import PlannedJob
from pipeline.run import single_stage
from tests.conftest import Sandbox
from tests.jobs.helpers import DIGEST, a_stage, record, stored
from tests.ui.pages import Browser
from tests.ui.test_media import committed
from tests.ui.test_proposals import events

CUES = [
    {"start": 1.0, "end": 3.0, "text": "Hello there", "speaker": "Ann"},
    {"start": 3.0, "end": 5.0, "text": "<i>How are you?</i>"},
]
TRANSCRIPT = {
    "language": "en",
    "speech": [[1, 5], [6, 9]],
    "segments": [
        {
            "words": [
                {"start": 1.0, "end": 1.5, "word": "Hello", "probability": 1.0},
                {"start": 1.5, "end": 2.0, "word": " there", "probability": 0.2},
            ]
        }
    ],
}


@pytest.fixture
def job(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> PlannedJob:
    """A job with English and Spanish subtitles. The stage that reads them is played by this test."""

    @contextlib.contextmanager
    def read(_catalog: Any, _name: str, _inputs: Any, parameters: Mapping[str, Any]) -> Iterator[Mapping[str, Path]]:
        path = tmp_path / "cues.json"
        checked = parameters.get("cues", [])
        broken = [{"rule": "too-long", "cues": [1], "measured": 2.0, "allowed": 1.0, "unit": "s"}] if checked else []
        path.write_text(json.dumps({"cues": CUES, "violations": broken}))
        yield {"cues": path}

    monkeypatch.setattr(single_stage, "run", read)
    kinds = ("srt", "vtt", "ass")
    stages = [
        a_stage(
            f"subtitle_generation_{name}", uses="subtitle_generation", outputs={kind: f"*.{kind}" for kind in kinds}
        )
        for name in ("en", "es")
    ]
    asr = a_stage("asr", outputs={"transcript": "transcript.json"})
    made = stored(
        sandbox.root / "jobs",
        stages=(*stages, asr),
        deliver=("subtitle_generation_en.srt",),
        stage_environments={each.name: "alpha" for each in (*stages, asr)},
        input={"path": "/films/film.mkv", "size": 1, "mtime_ns": 1, "digest": DIGEST, "duration_s": 10.0},
    )
    for name in ("en", "es"):
        stage = f"subtitle_generation_{name}"
        folder = made.attempts(stage) / "1" / "outputs"
        folder.mkdir(parents=True)
        outputs = {kind: committed(folder / f"{name}.{kind}", f"{kind} {name}".encode()) for kind in kinds}
        record(made, StageStarted(stage, 1, DIGEST), StageFinished(stage, 1, DIGEST, 0.5, outputs))
    folder = made.attempts("asr") / "1" / "outputs"
    folder.mkdir(parents=True)
    transcript = {"transcript": committed(folder / "transcript.json", json.dumps(TRANSCRIPT).encode())}
    record(made, StageStarted("asr", 1, DIGEST), StageFinished("asr", 1, DIGEST, 0.5, transcript))
    return made


def get(browser: Browser, job: PlannedJob, what: str = "cues", track: str = "en") -> Any:
    status, _, body = browser.send("GET", f"/jobs/{job.id}/subtitles/{track}/{what}")
    assert status == HTTPStatus.OK, body
    return json.loads(body)


def post(browser: Browser, job: PlannedJob, what: str, body: Any) -> tuple[int, Any]:
    status, _, content = browser.send("POST", f"/jobs/{job.id}/subtitles/en/{what}", body=json.dumps(body).encode())
    return status, json.loads(content) if content.startswith(b"{") else content


def edit(browser: Browser, job: PlannedJob, told: Any, **operation: Any) -> tuple[int, Any]:
    return post(browser, job, "edits", {"base": told["base"], "revision": told["revision"], "operation": operation})


def test_a_page_gets_cues_with_the_times_of_words(browser: Browser, job: PlannedJob) -> None:
    told = get(browser, job)
    assert told["cues"][0] == {"id": "1", "start": 1000, "end": 3000, "text": "Hello there", "speaker": "Ann"}
    assert told["words"] == {"1": [[1000, 1500], [1500, 2000]]}
    assert told["tracks"] == [{"name": "en", "language": "en"}, {"name": "es", "language": "es"}]
    assert (told["edits"], told["frame"], told["film_end"]) == (False, 40.0, 10_000)
    assert not (job.folder / "edits").exists(), "who only looks writes nothing"


def test_the_page_of_the_first_track_is_found(browser: Browser, job: PlannedJob) -> None:
    status, headers, _ = browser.send("GET", f"/jobs/{job.id}/subtitles")
    assert (status, headers["Location"]) == (HTTPStatus.SEE_OTHER, f"/jobs/{job.id}/subtitles/en")
    status, _, body = browser.send("GET", headers["Location"])
    assert status == HTTPStatus.OK
    assert b"accept" not in body.replace(b"subtitles accept", b""), "a page that only shows has no such button"
    assert browser.send("GET", f"/jobs/{job.id}/subtitles/fr")[0] == HTTPStatus.NOT_FOUND
    assert browser.send("GET", f"/jobs/{job.id}/subtitles/fr/cues")[0] == HTTPStatus.NOT_FOUND


def test_what_deserves_a_look_is_told(browser: Browser, job: PlannedJob) -> None:
    points = get(browser, job, "attention")["points"]
    assert [(each["at"], each["cue"]) for each in points] == [(1000, "1"), (6000, "")]
    assert "there" in points[0]["why"]


def test_an_edit_is_in_the_file_when_it_is_answered(editor: Browser, job: PlannedJob) -> None:
    status, told = edit(editor, job, get(editor, job), do="text", id="1", text="Hello you")
    assert (status, told["cues"][0]["text"], told["undoable"]) == (HTTPStatus.OK, "Hello you", 1)
    lines = [json.loads(line) for line in (job.folder / "edits" / "draft.en.jsonl").read_text().splitlines()]
    assert [line["line"] for line in lines] == ["begun", "change"]
    assert get(editor, job)["cues"][0]["text"] == "Hello you"
    status, told = edit(editor, job, told, do="undo")
    assert (status, told["cues"][0]["text"], told["redoable"]) == (HTTPStatus.OK, "Hello there", 1)


def test_of_two_pages_the_second_is_told_what_the_first_has_made(editor: Browser, job: PlannedJob) -> None:
    first = second = get(editor, job)
    assert edit(editor, job, first, do="text", id="1", text="Mine")[0] == HTTPStatus.OK
    status, told = edit(editor, job, second, do="text", id="1", text="Yours")
    assert status == HTTPStatus.CONFLICT
    assert [cue["text"] for cue in told["theirs"]] == ["Mine"]
    assert not told["reload"]
    assert edit(editor, job, told, do="text", id="1", text="Yours")[0] == HTTPStatus.OK


def test_two_pages_that_show_the_same_before_any_change_may_change_different_cues(
    editor: Browser, job: PlannedJob
) -> None:
    first = second = get(editor, job)
    assert edit(editor, job, first, do="text", id="1", text="Mine")[0] == HTTPStatus.OK
    status, told = edit(editor, job, second, do="text", id="2", text="Yours")
    assert (status, [cue["text"] for cue in told["cues"]]) == (HTTPStatus.OK, ["Mine", "Yours"])


def test_a_page_of_other_subtitles_has_to_begin_again(editor: Browser, job: PlannedJob) -> None:
    status, told = edit(editor, job, {"base": "sha256:1", "revision": 0}, do="text", id="1", text="Mine")
    assert (status, told["reload"]) == (HTTPStatus.CONFLICT, True)


def test_what_cannot_be_is_refused_with_words_and_changes_nothing(editor: Browser, job: PlannedJob) -> None:
    told = get(editor, job)
    for operation in ({"do": "times", "id": "1", "start": 1000, "end": 9000}, {"do": "delete", "ids": ["9"]}):
        status, answer = edit(editor, job, told, **operation)
        assert status in {HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.CONFLICT}
        assert answer["message"]
    assert edit(editor, job, told, do="nonsense")[0] == HTTPStatus.BAD_REQUEST
    assert post(editor, job, "edits", [])[0] == HTTPStatus.BAD_REQUEST
    assert not (job.folder / "edits" / "draft.en.jsonl").exists()


def test_an_edit_that_cannot_be_written_is_told_as_unsaved(
    editor: Browser, job: PlannedJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    told = get(editor, job)
    with monkeypatch.context() as patch:
        patch.setattr("pipeline.subtitles.draft_file._write_all", full)
        status, answer = edit(editor, job, told, do="text", id="1", text="Lost")
    assert status == HTTPStatus.INSUFFICIENT_STORAGE
    assert "No space left" in answer["message"]
    assert edit(editor, job, told, do="text", id="1", text="Kept")[0] == HTTPStatus.OK


@pytest.mark.usefixtures("spawning")
def test_replacing_in_all_tracks_is_an_edit_of_each(editor: Browser, job: PlannedJob) -> None:
    told = get(editor, job)
    pattern = {"pattern": r"(h)ello", "is_expression": True, "replacement": r"\1i"}
    body = {"base": told["base"], "revision": told["revision"], "pattern": pattern, "tracks": ["en", "es"]}
    status, answer = post(editor, job, "replace", body)
    assert (status, answer["replaced"]) == (HTTPStatus.OK, {"en": 1, "es": 1})
    assert [get(editor, job, track=track)["cues"][0]["text"] for track in ("en", "es")] == ["Hi there", "Hi there"]
    found = get(editor, job, "search?pattern=HI&all=1")["found"]
    assert [[each["id"] for each in found[name]] for name in ("en", "es")] == [["1"], ["1"]]


def test_a_term_goes_into_the_project_s_glossary(editor: Browser, job: PlannedJob, sandbox: Sandbox) -> None:
    assert post(editor, job, "glossary", {"term": "Tardis", "translation": "Tardis", "language": "es"})[0] == 200
    assert "Tardis" in (sandbox.root / "config" / "glossary.csv").read_text()


def test_a_page_is_told_at_once_that_another_one_has_changed_something(editor: Browser, job: PlannedJob) -> None:
    told = get(editor, job)
    heard = (data for name, data in events(editor, job) if name == "drafts")
    assert edit(editor, job, told, do="text", id="1", text="Mine")[0] == HTTPStatus.OK
    assert next(heard) == ["en"]
    seen = get(editor, job, f"changes?base={told['base']}&revision={told['revision']}")
    assert [cue["text"] for cue in seen["cues"]] == ["Mine"]
    assert (seen["gone"], seen["reload"]) == ([], False)
    assert get(editor, job, f"changes?base={told['base']}&revision={seen['revision']}")["cues"] == []
    assert get(editor, job, "changes?base=sha256:1&revision=0")["reload"]


@pytest.mark.parametrize("revision", ["", "-1", "²", "a"])
def test_changes_since_what_is_no_revision_are_refused(browser: Browser, job: PlannedJob, revision: str) -> None:
    address = f"/jobs/{job.id}/subtitles/en/changes?revision={quote(revision)}"
    assert browser.send("GET", address)[0] == HTTPStatus.BAD_REQUEST
