"""A job's film and what belongs to it, over HTTP: what players ask for, and what nobody gets."""

import http.client
import json
import os
import socket
import threading
import time
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path

import pytest

from pipeline.digests import content_digest
from pipeline.films import proxies
from pipeline.jobs import proposal_file
from pipeline.jobs.events import StageFinished, StageStarted
from pipeline.jobs.job import PlannedJob
from pipeline.jobs.records import OutputRecord
from pipeline.project import ProjectFolder
from tests.conftest import Sandbox
from tests.jobs.helpers import DIGEST, a_stage, record, stored
from tests.test_process import eventually
from tests.ui.pages import Browser

FILM = b"0123456789" * 1000
SPEECH = [[0.5, 1.5]]
MEDIA = ("", "/film", "/proxy", "/sound", "/peaks", "/speech", "/still?at=1")


@pytest.fixture
def film(tmp_path: Path) -> Path:
    path = tmp_path / "film & co.mp4"
    path.write_bytes(FILM)
    return path


@pytest.fixture
def job(sandbox: Sandbox, film: Path) -> PlannedJob:
    """A job that has the sound of a film, its peaks, and a transcript."""
    return with_film(sandbox, film)


def with_film(sandbox: Sandbox, film: Path) -> PlannedJob:
    status = film.stat()
    names = {"audio": "audio.wav", "peaks": "peaks.bin", "transcript": "transcript.json"}
    made = stored(
        sandbox.root / "jobs",
        stages=(a_stage("demux", uses="demux", outputs=names),),
        deliver=("demux.audio",),
        stage_environments={"demux": "alpha"},
        input={
            "path": str(film),
            "size": status.st_size,
            "mtime_ns": status.st_mtime_ns,
            "ctime_ns": status.st_ctime_ns,
            "digest": DIGEST,
            "duration_s": 2.0,
        },
    )
    folder = made.attempts("demux") / "1" / "outputs"
    folder.mkdir(parents=True)
    contents = {
        "audio": b"RIFF" + bytes(100),
        "peaks": bytes(400),
        "transcript": json.dumps({"speech": SPEECH}).encode(),
    }
    outputs = {name: committed(folder / names[name], data) for name, data in contents.items()}
    record(made, StageStarted("demux", 1, DIGEST), StageFinished("demux", 1, DIGEST, 0.5, outputs))
    return made


def committed(path: Path, data: bytes) -> OutputRecord:
    path.write_bytes(data)
    status = path.stat()
    return OutputRecord(path.name, status.st_size, status.st_mtime_ns, content_digest(path))


def address(job: PlannedJob, what: str) -> str:
    return f"/jobs/{job.id}/media{what}"


def test_a_player_gets_the_whole_or_one_range(browser: Browser, job: PlannedJob) -> None:
    status, headers, body = browser.send("GET", address(job, "/film"))
    assert (status, headers["Content-Type"], body) == (HTTPStatus.OK, "video/mp4", FILM)
    assert headers["Accept-Ranges"] == "bytes"
    status, headers, body = browser.send("GET", address(job, "/film"), {"Range": "bytes=9990-"})
    assert (status, body) == (HTTPStatus.PARTIAL_CONTENT, FILM[9990:])
    assert headers["Content-Range"] == "bytes 9990-9999/10000"
    status, headers, body = browser.send("HEAD", address(job, "/film"), {"Range": "bytes=1-2"})
    assert (status, headers["Content-Length"], body) == (HTTPStatus.PARTIAL_CONTENT, "2", b"")


@pytest.mark.parametrize(
    "text", ["bytes=10000-", "bytes=0-1,3-4", "bytes=" + ",".join(["0-"] * 2000), "bytes=a", "bytes=" + "9" * 40 + "-"]
)
def test_what_is_no_single_range_gets_the_length_and_nothing_else(browser: Browser, job: PlannedJob, text: str) -> None:
    status, headers, body = browser.send("GET", address(job, "/film"), {"Range": text})
    assert status == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE
    assert headers["Content-Range"] == "bytes */10000"
    assert len(body) < 1000


def test_a_range_of_another_content_gets_the_whole(browser: Browser, job: PlannedJob) -> None:
    tag = browser.send("HEAD", address(job, "/film"))[1]["ETag"]
    assert tag == f'"{DIGEST}"'
    part = {"Range": "bytes=0-0"}
    assert browser.send("GET", address(job, "/film"), {**part, "If-Range": tag})[0] == HTTPStatus.PARTIAL_CONTENT
    for other in ('"another"', f"W/{tag}", "Sun, 29 Nov 2026 00:00:00 GMT"):
        assert browser.send("GET", address(job, "/film"), {**part, "If-Range": other})[0] == HTTPStatus.OK


def test_what_was_made_of_the_film_is_there(browser: Browser, job: PlannedJob) -> None:
    told = json.loads(browser.send("GET", address(job, ""))[2])
    assert told["film"] == {"kind": "video/mp4", "problem": None}
    assert told["sound"] == {"kind": "audio/wav", "problem": None}
    assert browser.send("GET", address(job, "/sound"), {"Range": "bytes=0-3"})[2] == b"RIFF"
    assert len(browser.send("GET", address(job, "/peaks"))[2]) == 400
    assert json.loads(browser.send("GET", address(job, "/speech"))[2]) == {"speech": SPEECH}


@pytest.mark.parametrize(
    "headers",
    [
        {"Cookie": None},
        {"Host": "attacker.example"},
        {"Origin": "http://attacker.example"},
        {"Sec-Fetch-Site": "cross-site"},
    ],
)
@pytest.mark.parametrize("what", MEDIA)
def test_no_media_for_others(browser: Browser, job: PlannedJob, headers: dict[str, str | None], what: str) -> None:
    status, _, body = browser.send("GET", address(job, what), headers)
    assert status == HTTPStatus.FORBIDDEN
    assert FILM[:10] not in body


@pytest.mark.parametrize("what", ["/..", "/film/..%2f..%2fjob.json", "/%2fetc%2fpasswd", "/other"])
def test_no_path_is_taken_from_an_address(browser: Browser, job: PlannedJob, what: str) -> None:
    assert browser.send("GET", address(job, what))[0] == HTTPStatus.NOT_FOUND
    assert browser.send("GET", f"/jobs/..%2f..%2f{job.id}/media/film")[0] == HTTPStatus.NOT_FOUND


def test_a_film_that_was_moved_is_told_in_words(browser: Browser, job: PlannedJob, film: Path) -> None:
    film.unlink()
    for what in ("/film", "/still?at=1"):
        status, _, body = browser.send("GET", address(job, what))
        assert status == HTTPStatus.GONE
        assert b"film &amp; co.mp4" in body
    assert json.loads(browser.send("GET", address(job, ""))[2])["film"]["problem"]


def test_a_film_that_has_changed_is_told_in_words(browser: Browser, job: PlannedJob, film: Path) -> None:
    film.write_bytes(FILM[::-1])
    status, _, body = browser.send("GET", address(job, "/film"))
    assert status == HTTPStatus.GONE
    assert b"has changed" in body


def test_sound_that_was_changed_is_not_played(browser: Browser, job: PlannedJob) -> None:
    (job.attempts("demux") / "1" / "outputs" / "audio.wav").write_bytes(b"x")
    assert browser.send("GET", address(job, "/sound"))[0] == HTTPStatus.NOT_FOUND


def test_a_small_copy_is_there_once_somebody_has_asked_for_it(
    editor: Browser, job: PlannedJob, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is made unasked, however often a page looks for it."""
    path = proxies.path_of(ProjectFolder(sandbox.root), job)

    def make(_project: ProjectFolder, _job: PlannedJob) -> Path:
        path.parent.mkdir(parents=True)
        path.write_bytes(b"small")
        return path

    monkeypatch.setattr(proxies, "make", make)
    assert editor.send("GET", address(job, "/proxy"))[0] == HTTPStatus.NOT_FOUND
    assert json.loads(editor.send("GET", address(job, ""))[2])["proxy"] is None
    assert editor.send("POST", address(job, "/proxy"))[0] == HTTPStatus.ACCEPTED
    until = time.monotonic() + 10
    while not proposal_file.read(job.folder) and time.monotonic() < until:
        time.sleep(0.01)
    assert [(each["kind"], each["size"]) for each in proposal_file.read(job.folder)] == [("proxy", 5)]
    status, headers, body = editor.send("GET", address(job, "/proxy"), {"Range": "bytes=1-2"})
    assert (status, headers["Content-Type"], body) == (HTTPStatus.PARTIAL_CONTENT, "video/mp4", b"ma")
    assert json.loads(editor.send("GET", address(job, ""))[2])["proxy"] == {"kind": "video/mp4"}


@pytest.mark.parametrize("at", ["", "nan", "-1", "inf", "1e9", "1;2"])
def test_a_still_needs_a_time(browser: Browser, job: PlannedJob, at: str) -> None:
    assert browser.send("GET", address(job, f"/still?at={at}"))[0] == HTTPStatus.BAD_REQUEST


def opened(path: Path) -> int:
    """How many descriptors of this process lead to a file."""
    found = 0
    for each in Path("/proc/self/fd").iterdir():
        try:
            found += each.readlink() == path
        except OSError:
            continue
    return found


def large(sandbox: Sandbox, tmp_path: Path) -> tuple[PlannedJob, Path]:
    path = tmp_path / "large.mkv"
    path.touch()
    os.truncate(path, 5 << 30)
    return with_film(sandbox, path), path


def begun(browser: Browser, target: str) -> Iterator[socket.socket]:
    """A browser that has read a little of an answer."""
    connection = socket.create_connection(("127.0.0.1", browser.access.port), timeout=10)
    cookie = f"{browser.access.cookie_name}={browser.access.cookie}"
    connection.sendall(
        f"GET {target} HTTP/1.1\r\nHost: 127.0.0.1:{browser.access.port}\r\nCookie: {cookie}\r\n\r\n".encode()
    )
    assert connection.recv(1000).startswith(b"HTTP/1.1 200")
    yield connection
    connection.close()


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="descriptors are listed on Linux")
def test_nothing_stays_open_when_the_browser_goes_away(browser: Browser, sandbox: Sandbox, tmp_path: Path) -> None:
    job, path = large(sandbox, tmp_path)
    for connection in begun(browser, address(job, "/film")):
        assert eventually(lambda: opened(path) == 1)  # its first line comes before the file is opened
        connection.close()
    assert eventually(lambda: opened(path) == 0)


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is told by /proc")
@pytest.mark.long
def test_a_film_of_any_size_takes_no_memory_and_holds_nobody_up(
    browser: Browser, sandbox: Sandbox, tmp_path: Path
) -> None:
    """Four players stopped reading, and one reads 200 MB from beyond 4 GB; the job's events come meanwhile."""
    job, _ = large(sandbox, tmp_path)
    waiting = [begun(browser, address(job, "/film")) for _ in range(4)]
    held = [next(each) for each in waiting]
    before = memory()
    connection = http.client.HTTPConnection("127.0.0.1", browser.access.port, timeout=10)
    usual = {
        "Host": f"127.0.0.1:{browser.access.port}",
        "Cookie": f"{browser.access.cookie_name}={browser.access.cookie}",
    }
    connection.request("GET", address(job, "/film"), headers={**usual, "Range": f"bytes={(5 << 30) - (200 << 20)}-"})
    answer = connection.getresponse()
    assert answer.status == HTTPStatus.PARTIAL_CONTENT
    assert sum(len(piece) for piece in iter(lambda: answer.read(1 << 20), b"")) == 200 << 20
    assert memory() - before < 32 << 20
    events = http.client.HTTPConnection("127.0.0.1", browser.access.port, timeout=10)
    events.request("GET", f"/jobs/{job.id}/events", headers=usual)
    assert events.getresponse().readline() == b"event: stages\n"
    for player in held:
        player.close()
    connection.close()
    events.close()


def memory() -> int:
    (line,) = [each for each in Path("/proc/self/status").read_text().splitlines() if each.startswith("VmRSS")]
    return int(line.split()[1]) << 10


def test_a_file_that_becomes_shorter_ends_the_connection(browser: Browser, sandbox: Sandbox, tmp_path: Path) -> None:
    """Else the browser would wait for the rest of the length that it was told."""
    job, path = large(sandbox, tmp_path)
    for connection in begun(browser, address(job, "/film")):
        threading.Timer(0.05, os.truncate, (path, 1)).start()
        while connection.recv(1 << 20):
            pass  # until the server closes it; a timeout fails the test
