"""A film made again for a page: the request is answered at once, and translations follow meanwhile."""

import threading
from http import HTTPStatus
from typing import Any

import pytest

from pipeline.api.job import Job
from pipeline.errors import NotReady
from pipeline.films import followed_tracks
from pipeline.jobs.job import PlannedJob
from tests.ui.pages import Browser
from tests.ui.test_editor import edit, get, job, post
from tests.ui.test_proposals import events

__all__ = ["job"]  # a fixture


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The jobs that would be run."""
    found: list[str] = []

    def start(self: Job) -> Job:
        found.append(self.id)
        return self

    monkeypatch.setattr(Job, "start", start)
    monkeypatch.setattr(Job, "wait", lambda self: self)
    return found


def heard(browser: Browser, job: PlannedJob, id: str) -> Any:
    told = (data for name, data in events(browser, job) if name == "film")
    return next(data for data in told if data["id"] == id)


@pytest.mark.usefixtures("spawning")
def test_a_translation_that_takes_minutes_holds_no_request_up(
    editor: Browser, job: PlannedJob, started: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, gate = threading.Event(), threading.Event()

    def follow(*_: Any) -> list[Any]:
        begun.set()
        assert gate.wait(30)
        return []

    monkeypatch.setattr(followed_tracks, "follow_all", follow)
    status, answer = post(editor, job, "accept", {})
    assert status == HTTPStatus.ACCEPTED
    assert begun.wait(30)  # an edit that came before would be accepted, too
    assert edit(editor, job, get(editor, job), do="text", id="1", text="Meanwhile")[0] == HTTPStatus.OK
    assert started == []
    gate.set()
    told = heard(editor, job, answer["id"])
    assert (told["clashes"], told["behind"]) == (0, [])
    assert started == [job.id]


@pytest.mark.usefixtures("spawning")
def test_why_there_is_no_film_comes_by_the_events(
    editor: Browser, job: PlannedJob, started: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def follow(*_: Any) -> list[Any]:
        raise NotReady("the job is being run", "pipeline job show")

    monkeypatch.setattr(followed_tracks, "follow_all", follow)
    _, answer = post(editor, job, "accept", {})
    told = heard(editor, job, answer["id"])
    assert (told["problem"], told["next"]) == ("the job is being run", "pipeline job show")
    assert started == []


@pytest.mark.usefixtures("spawning")
def test_a_page_that_was_cut_off_hears_what_it_has_missed(
    editor: Browser, job: PlannedJob, started: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(followed_tracks, "follow_all", lambda *_: [])
    _, answer = post(editor, job, "accept", {})
    for _ in range(2):
        assert heard(editor, job, answer["id"])["clashes"] == 0
