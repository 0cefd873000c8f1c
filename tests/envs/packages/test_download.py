"""One file from a server that behaves, and from some that don't."""

import hashlib
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from pipeline.envs.packages import download as downloading
from pipeline.envs.packages.download import DownloadFailed, download

BODY = b"what was promised" * 1000
DIGEST = hashlib.sha256(BODY).hexdigest()
Answer = Callable[[BaseHTTPRequestHandler], None]


class Server:
    """Gives its answers in order, the last one again and again; notes what was asked."""

    def __init__(self) -> None:
        self.answers: list[Answer] = [well]
        self.asked: list[tuple[str, str | None]] = []
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                server.asked.append((self.path, self.headers.get("Authorization")))
                answer = server.answers.pop(0) if len(server.answers) > 1 else server.answers[0]
                answer(self)

            def log_message(self, *_: object) -> None:
                """Nobody reads it."""

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)

    def url(self, login: str = "") -> str:
        return f"http://{login}127.0.0.1:{self.http.server_port}/file.whl"


def well(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", str(len(BODY)))
    handler.end_headers()
    handler.wfile.write(BODY)


def torn(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", str(len(BODY)))
    handler.end_headers()
    handler.wfile.write(BODY[:100])


def saying(code: int) -> Answer:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_error(code)

    return answer


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setattr(downloading, "FIRST_WAIT", 0.001)
    server = Server()
    thread = threading.Thread(target=server.http.serve_forever, args=(0.01,))
    thread.start()
    yield server
    server.http.shutdown()
    thread.join()
    server.http.server_close()


def get(url: str, folder: Path, digest: str = DIGEST) -> None:
    download(url, folder / "file.whl", {digest}, 30)


def test_a_file_arrives_whole(server: Server, tmp_path: Path) -> None:
    get(server.url(), tmp_path)
    assert (tmp_path / "file.whl").read_bytes() == BODY
    assert [path.name for path in tmp_path.iterdir()] == ["file.whl"]


@pytest.mark.parametrize("answer", [saying(503), saying(429), torn], ids=["503", "429", "torn"])
def test_what_may_pass_is_tried_again(server: Server, tmp_path: Path, answer: Answer) -> None:
    server.answers = [answer, answer, well]
    get(server.url(), tmp_path)
    assert (tmp_path / "file.whl").read_bytes() == BODY


@pytest.mark.parametrize("code", [401, 403, 404])
def test_what_will_not_pass_is_not_tried_again(server: Server, tmp_path: Path, code: int) -> None:
    server.answers = [saying(code)]
    with pytest.raises(DownloadFailed, match=rf"file\.whl.*127\.0\.0\.1.*{code}"):
        get(server.url(), tmp_path)
    assert len(server.asked) == 1


def test_attempts_have_an_end(server: Server, tmp_path: Path) -> None:
    server.answers = [torn]
    with pytest.raises(DownloadFailed, match=r"127\.0\.0\.1"):
        get(server.url(), tmp_path)
    assert len(server.asked) == downloading.ATTEMPTS
    assert list(tmp_path.iterdir()) == []


def test_another_content_is_refused_and_nothing_is_left(server: Server, tmp_path: Path) -> None:
    with pytest.raises(DownloadFailed, match=DIGEST):
        get(server.url(), tmp_path, "0" * 64)
    assert list(tmp_path.iterdir()) == []
    assert len(server.asked) == 1


def test_a_login_is_sent_and_never_shown(server: Server, tmp_path: Path) -> None:
    server.answers = [saying(404)]
    with pytest.raises(DownloadFailed) as refused:
        get(server.url("me:s%40cret@"), tmp_path)
    assert "cret" not in str(refused.value)
    assert server.asked == [("/file.whl", "Basic bWU6c0BjcmV0")]


def test_a_login_is_taken_from_the_person_s_netrc(server: Server, tmp_path: Path) -> None:
    netrc = Path.home() / ".netrc"
    netrc.write_text("machine 127.0.0.1 login me password secret\n")
    netrc.chmod(0o600)
    get(server.url(), tmp_path)
    assert server.asked == [("/file.whl", "Basic bWU6c2VjcmV0")]


def test_a_server_that_is_not_there_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(downloading, "FIRST_WAIT", 0.001)
    with pytest.raises(DownloadFailed, match=r"127.0.0.1: .*refused"):
        get("http://127.0.0.1:9/file.whl", tmp_path)


def test_a_file_of_the_disk_arrives_like_any_other(tmp_path: Path) -> None:
    (tmp_path / "from").mkdir()
    (tmp_path / "from" / "odd näme.whl").write_bytes(BODY)
    get((tmp_path / "from" / "odd näme.whl").as_uri(), tmp_path)
    assert (tmp_path / "file.whl").read_bytes() == BODY


def test_a_file_of_the_disk_that_is_gone_is_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(DownloadFailed, match="No such file"):
        get((tmp_path / "none").as_uri(), tmp_path)


def test_where_it_cannot_be_written_that_is_said(server: Server, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        get(server.url(), tmp_path / "none")


def test_the_time_limit_holds_for_the_whole(server: Server, tmp_path: Path) -> None:
    with pytest.raises(DownloadFailed, match=r"127\.0\.0\.1"):
        download(server.url(), tmp_path / "file.whl", {DIGEST}, 0)
    assert list(tmp_path.iterdir()) == []
