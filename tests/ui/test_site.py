"""The pages over HTTP, and what keeps others out: each rule by a request that breaks it."""

import http.client
import json
from http import HTTPStatus

import pytest

from pipeline.jobs.events import RunFinished, StageFinished, StageStarted
from pipeline.jobs.job import PlannedJob
from pipeline.jobs.records import OutputRecord
from pipeline.ui.site import ROUTES
from tests.conftest import Sandbox
from tests.jobs.helpers import DIGEST, record, stored
from tests.ui.pages import Browser

READ = [pattern for method, pattern, _ in ROUTES if method == "GET"]
CHANGES = [(method, pattern) for method, pattern, _ in ROUTES if method != "GET"]


@pytest.fixture
def job(sandbox: Sandbox) -> PlannedJob:
    """A finished job with a log and a deliverable whose name has what a page must escape."""
    made = stored(
        sandbox.root / "jobs",
        input={"path": "/films/<b>&.mkv", "size": 1, "mtime_ns": 1, "digest": DIGEST, "duration_s": None},
    )
    outputs = {"file": OutputRecord("copy.txt", 1, 1, DIGEST)}
    name = "<b>&.srt"
    record(made, StageStarted("copy", 1, DIGEST), StageFinished("copy", 1, DIGEST, 0.5, outputs), RunFinished((name,)))
    made.log("copy").write_bytes(b"0123456789")
    made.output.mkdir()
    (made.output / name).write_text("1\n")
    return made


def paths(job: PlannedJob) -> list[str]:
    filled = {
        "jobs": job.id,
        "logs": "copy",
        "files": "%3Cb%3E%26.srt",
        "static": "page.css",
        "editor": "editor.css",
        "subtitles": "en",
        "services": "none",
    }
    found = []
    for pattern in READ:
        parts = [filled[pattern[place - 1]] if part == "*" else part for place, part in enumerate(pattern)]
        found.append("/" + "/".join(parts))
    return [path for path in found if not path.endswith("/events")]


def test_each_page_is_shown_to_its_user(browser: Browser, job: PlannedJob) -> None:
    others = ("/media", "/subtitles", "/services/")  # test_media.py, test_editor.py, test_services.py
    for path in [each for each in paths(job) if not any(name in each for name in others)]:
        status, headers, body = browser.send("GET", path)
        assert (path, status) == (path, HTTPStatus.OK)
        assert body
        assert headers["X-Frame-Options"] == "DENY"
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
        assert headers["Cache-Control"] == "no-store"
        assert "Access-Control-Allow-Origin" not in headers


@pytest.mark.parametrize(
    "headers",
    [
        {"Cookie": None},
        {"Cookie": "pipeline=1"},
        {"Host": "attacker.example"},
        {"Host": "127.0.0.1"},
        {"Host": "127.0.0.1:1"},
        {"Host": None},
        {"Origin": "http://attacker.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_nothing_is_shown_to_others(browser: Browser, job: PlannedJob, headers: dict[str, str | None]) -> None:
    for path in [*paths(job), f"/jobs/{job.id}/events", "/not/there"]:
        status, _, body = browser.send("GET", path, headers)
        assert (path, status) == (path, HTTPStatus.FORBIDDEN)
        assert job.id.encode() not in body


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": None},
        {"Origin": "http://attacker.example"},
        {"X-Pipeline-Token": None},
        {"X-Pipeline-Token": "wrong"},
        {"Cookie": None},
        {"Host": "attacker.example"},
        {"Sec-Fetch-Site": "cross-site"},
    ],
)
def test_nothing_is_changed_by_others(editor: Browser, job: PlannedJob, headers: dict[str, str | None]) -> None:
    for method, pattern in CHANGES:
        path = "/" + "/".join(job.id if part == "*" else part for part in pattern)
        assert editor.send(method, path, headers)[0] == HTTPStatus.FORBIDDEN


def test_nothing_is_changed_where_the_page_only_shows(browser: Browser, job: PlannedJob) -> None:
    for method, pattern in CHANGES:
        path = "/" + "/".join(job.id if part == "*" else part for part in pattern)
        assert browser.send(method, path)[0] == HTTPStatus.FORBIDDEN


def test_a_page_that_only_shows_has_no_token(browser: Browser, editor: Browser, job: PlannedJob) -> None:
    assert b"pipeline-token" not in browser.send("GET", f"/jobs/{job.id}")[2]
    assert editor.access.token.encode() in editor.send("GET", f"/jobs/{job.id}")[2]


def test_what_cannot_be_done_is_told_in_words(editor: Browser, job: PlannedJob) -> None:
    status, _, body = editor.send("POST", f"/jobs/{job.id}/cancel")
    assert status == HTTPStatus.CONFLICT
    assert b"is finished already" in body


@pytest.mark.parametrize("query", ["", "?path=film.mp4&workflow=x", "?path=%2Fno%2Ffilm.mp4&workflow=nothing"])
def test_what_cannot_be_prepared_is_told_in_words(editor: Browser, spawning: None, query: str) -> None:
    status, _, body = editor.send("POST", f"/jobs{query}")
    assert status == HTTPStatus.CONFLICT
    assert b"<p>" in body


def test_a_job_can_be_given_up(editor: Browser, sandbox: Sandbox) -> None:
    waiting = stored(sandbox.root / "jobs")
    status, _, body = editor.send("POST", f"/jobs/{waiting.id}/cancel")
    assert status == HTTPStatus.OK
    assert "cancelled" in json.loads(body)["message"]
    assert waiting.state().status.value == "cancelled"


def test_the_link_gives_the_cookie_once(browser: Browser, job: PlannedJob) -> None:
    link = f"/open?once={browser.access.link}"
    status, headers, _ = browser.send("GET", link, {"Cookie": None})
    assert (status, headers["Location"]) == (HTTPStatus.SEE_OTHER, "/")
    assert {"HttpOnly", "SameSite=Strict"} <= set(headers["Set-Cookie"].split("; "))
    assert browser.send("GET", "/", {"Cookie": headers["Set-Cookie"].split(";")[0]})[0] == HTTPStatus.OK
    assert browser.send("GET", link, {"Cookie": None})[0] == HTTPStatus.FORBIDDEN


def test_a_wrong_link_gives_nothing_and_uses_nothing_up(browser: Browser) -> None:
    status, headers, _ = browser.send("GET", "/open?once=guess", {"Cookie": None})
    assert status == HTTPStatus.FORBIDDEN
    assert "Set-Cookie" not in headers
    assert browser.send("GET", f"/open?once={browser.access.link}", {"Cookie": None})[0] == HTTPStatus.SEE_OTHER


@pytest.mark.parametrize(
    "path",
    [
        "/jobs/..%2f..%2fetc",
        "/jobs/job-20260101-somebody-9999",
        "/jobs/{id}/logs/..%2fjob",
        "/jobs/{id}/logs/other",
        "/jobs/{id}/files/..%2f..%2fjob.json",
        "/jobs/{id}/files/job.json",
        "/static/..%2fsite.py",
        "/static/../site.py",
        "/%00",
        "/nothing",
    ],
)
def test_only_what_is_known_is_found(browser: Browser, job: PlannedJob, path: str) -> None:
    assert browser.send("GET", path.format(id=job.id))[0] == HTTPStatus.NOT_FOUND


def test_names_are_escaped(browser: Browser, job: PlannedJob) -> None:
    for path in ("/", f"/jobs/{job.id}", f"/jobs/{job.id}/report"):
        assert b"<b>&" not in browser.send("GET", path)[2]


def test_the_error_page_says_nothing_of_what_was_asked(browser: Browser) -> None:
    status, _, body = browser.send("GET", "/%3Cscript%3Ealert(1)%3C/script%3E")
    assert status == HTTPStatus.NOT_FOUND
    assert b"alert" not in body


def test_a_log_comes_by_range(browser: Browser, job: PlannedJob) -> None:
    path = f"/jobs/{job.id}/logs/copy"
    status, headers, body = browser.send("GET", path, {"Range": "bytes=4-"})
    assert (status, headers["Content-Range"], body) == (HTTPStatus.PARTIAL_CONTENT, "bytes 4-9/10", b"456789")
    assert browser.send("GET", path, {"Range": "bytes=10-"})[0] == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE
    status, headers, body = browser.send("HEAD", path)
    assert (status, headers["Content-Length"], body) == (HTTPStatus.OK, "10", b"")


def test_a_body_that_is_too_large_is_refused(editor: Browser, job: PlannedJob) -> None:
    status = editor.send("POST", f"/jobs/{job.id}/cancel", {"Content-Length": str(1 << 40)})[0]
    assert status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    assert editor.send("POST", f"/jobs/{job.id}/cancel", {"Transfer-Encoding": "chunked"})[0] == status


@pytest.mark.usefixtures("spawning")
def test_events_come_as_they_happen(browser: Browser, sandbox: Sandbox) -> None:
    job = stored(sandbox.root / "jobs")
    connection = http.client.HTTPConnection("127.0.0.1", browser.access.port, timeout=10)
    cookie = f"{browser.access.cookie_name}={browser.access.cookie}"
    connection.request(
        "GET", f"/jobs/{job.id}/events", headers={"Host": f"127.0.0.1:{browser.access.port}", "Cookie": cookie}
    )
    answer = connection.getresponse()
    assert answer.getheader("Content-Type") == "text/event-stream"
    first = message(answer)
    assert [(row["name"], row["state"]) for row in first["rows"]] == [("copy", "waiting")]
    record(job, StageStarted("copy", 1, DIGEST))
    second = message(answer)
    assert [(row["name"], row["state"]) for row in second["rows"]] == [("copy", "running")]
    answer.close()
    connection.close()


def message(answer: http.client.HTTPResponse) -> dict[str, list[dict[str, str]]]:
    """The content of the next message about stages."""
    kind = ""
    while line := answer.readline().decode().rstrip("\n"):
        name, _, value = line.partition(": ")
        kind = value if name == "event" else kind
        if name == "data" and kind == "stages":
            answer.readline()
            return dict(json.loads(value))
    return message(answer)
