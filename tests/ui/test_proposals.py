"""A part of a film done again for a page: the proposal comes by the job's events."""

import http.client
import json
import threading
import time
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

import pytest

from pipeline.errors import NotReady
from pipeline.films import proposals
from pipeline.films.proposals import Proposal
from pipeline.jobs import proposal_file
from pipeline.jobs.events import StageFinished, StageStarted
from pipeline.jobs.job import PlannedJob
from pipeline.ui.proposals import MOST_WAITING
from tests.conftest import Sandbox
from tests.jobs.helpers import DIGEST, a_stage, record, stored
from tests.ui.pages import Browser
from tests.ui.test_media import committed

CUE = {"start": 1.0, "end": 2.0, "text": "Hello"}


@pytest.fixture
def job(sandbox: Sandbox) -> PlannedJob:
    """A job with subtitles."""
    names = {kind: f"en.{kind}" for kind in ("srt", "vtt", "ass")}
    stage = a_stage("subtitle_generation_en", uses="subtitle_generation", outputs=names)
    made = stored(
        sandbox.root / "jobs",
        stages=(stage,),
        deliver=(f"{stage.name}.srt",),
        stage_environments={stage.name: "alpha"},
    )
    folder = made.attempts(stage.name) / "1" / "outputs"
    folder.mkdir(parents=True)
    outputs = {name: committed(folder / file, b"x") for name, file in names.items()}
    record(made, StageStarted(stage.name, 1, DIGEST), StageFinished(stage.name, 1, DIGEST, 0.5, outputs))
    return made


@pytest.fixture
def wishes(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What was asked of the stage that recognises, which this stands for."""
    found: list[Any] = []

    def recognise(_desk: Any, _catalog: Any, span: tuple[float, float], wish: proposals.Wish) -> Proposal:
        found.append((span, wish))
        if wish.model == "missing":
            raise NotReady("model 'missing' hasn't been fetched", "bootstrap --model missing")
        return Proposal("recognise", "en", *span, "whisper", ({"before": [CUE], "after": [{**CUE, "text": "Hallo"}]},))

    monkeypatch.setattr(proposals, "recognise", recognise)
    return found


def ask(browser: Browser, job: PlannedJob, what: str = "recognise", track: str = "en", **wish: Any) -> tuple[int, Any]:
    address = f"/jobs/{job.id}/subtitles/{track}/{what}"
    status, _, body = browser.send("POST", address, body=json.dumps(wish).encode())
    return status, json.loads(body) if body.startswith(b"{") else body.decode()


def events(browser: Browser, job: PlannedJob) -> Iterator[tuple[str, Any]]:
    connection = http.client.HTTPConnection("127.0.0.1", browser.access.port, timeout=10)
    cookie = f"{browser.access.cookie_name}={browser.access.cookie}"
    address = f"127.0.0.1:{browser.access.port}"
    connection.request("GET", f"/jobs/{job.id}/events", headers={"Host": address, "Cookie": cookie})
    answer, name = connection.getresponse(), ""
    while line := answer.readline().decode():
        kind, _, value = line.rstrip("\n").partition(": ")
        name = value if kind == "event" else name
        if kind == "data":
            yield name, json.loads(value)


def told(browser: Browser, job: PlannedJob) -> list[Any]:
    return list(json.loads(browser.send("GET", f"/jobs/{job.id}/subtitles/en/proposals")[2])["proposals"])


def settled(browser: Browser, job: PlannedJob, count: int) -> list[Any]:
    until = time.monotonic() + 10
    while len(told(browser, job)) < count and time.monotonic() < until:
        time.sleep(0.01)
    return told(browser, job)


@pytest.mark.usefixtures("spawning")
def test_a_proposal_comes_by_the_events(editor: Browser, job: PlannedJob, wishes: list[Any]) -> None:
    heard = events(editor, job)
    assert next(heard)[0] == "stages"
    status, answer = ask(editor, job, start=1, end=2.5, language="de", prompt=" Darnay ")
    assert status == HTTPStatus.ACCEPTED
    _, proposal = next(each for each in heard if each[0] == "proposal")
    assert (proposal["id"], proposal["track"], proposal["kind"]) == (answer["id"], "en", "recognise")
    assert proposal["passages"][0]["after"][0]["text"] == "Hallo"
    assert wishes == [((1.0, 2.5), proposals.Wish("", "de", "Darnay"))]
    assert [each["id"] for each in told(editor, job)] == [answer["id"]]


def test_why_there_is_none_comes_in_words(editor: Browser, job: PlannedJob, wishes: list[Any]) -> None:
    _, answer = ask(editor, job, start=1, end=2, model="missing")
    (proposal,) = settled(editor, job, 1)
    assert (proposal["id"], proposal["next"]) == (answer["id"], "bootstrap --model missing")
    assert "hasn't been fetched" in proposal["problem"]


@pytest.mark.parametrize("wish", [{}, {"start": 1}, {"start": "a", "end": 2}, {"start": 1, "end": 2, "path": "/etc"}])
def test_what_is_no_part_of_a_film_is_refused(
    editor: Browser, job: PlannedJob, wishes: list[Any], wish: dict[str, Any]
) -> None:
    assert ask(editor, job, **wish)[0] == HTTPStatus.BAD_REQUEST
    assert wishes == []


@pytest.mark.parametrize(("what", "track"), [("recognise", "fr"), ("recognise", "..%2fen"), ("translate", "en")])
def test_only_subtitles_that_there_are_can_be_done_again(
    editor: Browser, job: PlannedJob, wishes: list[Any], what: str, track: str
) -> None:
    assert ask(editor, job, what, track, start=1, end=2)[0] == HTTPStatus.NOT_FOUND


def test_a_page_can_ask_for_few_at_a_time(editor: Browser, job: PlannedJob, monkeypatch: pytest.MonkeyPatch) -> None:
    gate = threading.Event()

    def recognise(_desk: Any, _catalog: Any, span: tuple[float, float], _wish: Any) -> Proposal:
        gate.wait(10)
        return Proposal("recognise", "en", *span, "whisper")

    monkeypatch.setattr(proposals, "recognise", recognise)
    found = [ask(editor, job, start=1, end=2)[0] for _ in range(MOST_WAITING + 1)]
    assert found == [HTTPStatus.ACCEPTED] * MOST_WAITING + [HTTPStatus.TOO_MANY_REQUESTS]
    gate.set()
    assert len(settled(editor, job, MOST_WAITING)) == MOST_WAITING
    assert ask(editor, job, start=1, end=2)[0] == HTTPStatus.ACCEPTED
    settled(editor, job, MOST_WAITING + 1)


def test_the_last_proposals_alone_stay(job: PlannedJob) -> None:
    new = proposal_file.NewProposals(job.folder)
    for number in range(30):
        proposal_file.add(job.folder, {"id": str(number)})
    assert [each["id"] for each in proposal_file.read(job.folder)] == [str(number) for number in range(10, 30)]
    assert len(new.take()) == proposal_file.KEPT
    assert list(new.take()) == []
    (job.folder / proposal_file.NAME).write_text("no JSON")
    assert list(new.take()) == []
