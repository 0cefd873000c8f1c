"""The speech server with a real model, and the package ``openai`` as its client."""

import http.client
import json
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Sandbox
from tests.e2e.conftest import REAL_VARIABLES, SAMPLE, built, project_in, wrong_words
from tests.services.serving.served import Served

CLIENT = {
    "config/pipeline.yaml": "default_workflows: []\n",
    "config/environments/client.yaml": 'python: ">=3.10,<3.14"\nimports: [openai]\n',
    "requirements/client.txt": "openai>=2\n",
}
SAID = SAMPLE.with_suffix(".txt").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def server(bootstrapped: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    built("speech-server")
    folder = tmp_path_factory.mktemp("speech")
    project = project_in(folder / "project")
    words = ["--model", "whisper-base", "--param", "most_megabytes=40", "--param", "most_requests=3"]
    with Served(project, "speech_server", *words, "--token-file", folder / "token") as served:
        yield served


@pytest.fixture(scope="module")
def client(spawning: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of an environment with the package ``openai``."""
    project = Sandbox(tmp_path_factory.mktemp("client"))
    for name, text in CLIENT.items():
        project.write(name, text)
    for words in (("pipeline", "env", "lock", "client"), ("bootstrap", "--env", "client")):
        done = project.run(*words, variables=REAL_VARIABLES, timeout=600)
        assert done.code == 0, done.err
    return project.root / "venv" / "client" / "bin" / "python"


def test_openai_s_own_client_gets_what_it_expects(server: Served, client: Path) -> None:
    script = Path(__file__).parent / "openai_client.py"
    command: list[str | Path] = [client, "-I", script, server.url(), token(server), SAMPLE, SAMPLE.with_suffix(".txt")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert (found["models"], found["model"]) == (["whisper-base"], "whisper-base")
    for text in (found["json"], found["text"], found["translated"], found["verbose"]["text"], *found["at_a_time"]):
        assert wrong_words(SAID, text) < 0.05
    check_times(found["verbose"])
    assert found["srt"].startswith("1\n00:00:01,0")
    assert found["vtt"].startswith("WEBVTT\n\n00:00:01.0")
    assert found["refused"] == {
        "key": error("AuthenticationError", 401, None, "invalid_api_key"),
        "model": error("NotFoundError", 404, "model", "model_not_found"),
        "language": error("BadRequestError", 400, "language"),
        "form": error("BadRequestError", 400, "response_format"),
        "sound": error("BadRequestError", 400, "file", "invalid_file"),
        "empty": error("BadRequestError", 400, "file"),
        "large": error("APIStatusError", 413, "file"),
        "address": error("NotFoundError", 404, None),
    }


def error(kind: str, status: int, field: str | None, code: str | None = None) -> dict[str, Any]:
    return {"class": kind, "status": status, "field": field, "code": code}


def check_times(verbose: dict[str, Any]) -> None:
    assert (verbose["language"], verbose["duration"]) == ("english", pytest.approx(44.1, abs=0.1))
    starts = [start for word, start, _ in verbose["words"] if word.strip(" ,.").lower() == "best"]
    assert starts == pytest.approx([1.7], abs=0.3)
    for times in (verbose["words"], verbose["segments"]):
        assert len(times) > 5
    assert all(start < end <= 44.2 for start, end, _ in verbose["segments"])


def test_more_requests_than_it_takes_are_told_to_come_again(server: Served) -> None:
    """One that uploads has its place already."""
    begun = [begin_upload(server) for _ in range(3)]
    try:
        until = time.monotonic() + 30
        while (health := server.get("/health"))[1].find('"requests":3') < 0:
            assert time.monotonic() < until, health
            time.sleep(0.05)
        status, said = post(server, b"")
        assert status == 429, said
        assert json.loads(said)["error"]["code"] == "queue_full"
    finally:
        for connection in begun:
            connection.close()
    while '"requests":0' not in server.get("/health")[1]:  # those that went away are let go of
        assert time.monotonic() < until
        time.sleep(0.05)


def test_a_client_that_goes_away_makes_room_for_the_next(server: Served) -> None:
    body = form(SAMPLE.read_bytes())
    connection = begin_upload(server, len(body))
    connection.send(body)
    time.sleep(0.5)
    connection.close()
    answers: list[tuple[int, str]] = []
    thread = threading.Thread(target=lambda: answers.append(post(server, body)))
    thread.start()
    thread.join(120)
    assert answers[0][0] == 200
    assert wrong_words(SAID, json.loads(answers[0][1])["text"]) < 0.05
    uploads = server.sandbox.root.glob("**/upload*")
    assert not list(uploads)


def test_bazarr_gets_subtitles_of_the_samples_that_it_sends(server: Served, tools: dict[str, Path]) -> None:
    """It asks for the language first where a film doesn't name it. All is as its provider for Whisper does it."""
    decode: list[str | Path] = [
        tools["ffmpeg"],
        "-v",
        "error",
        "-i",
        SAMPLE,
        "-f",
        "s16le",
        "-acodec",
        "pcm_s16le",
        "-ac",
        "1",
        "-ar",
    ]
    body = form(subprocess.run([*decode, "16000", "-"], capture_output=True, check=True).stdout, "audio_file")
    status, said = post(server, body, "/detect-language?encode=false")
    assert (status, json.loads(said)["detected_language"], json.loads(said)["language_code"]) == (200, "english", "en")
    status, said = post(server, body, "/asr?task=transcribe&language=en&output=srt&encode=false")
    assert status == 200, said
    assert said.startswith("1\n00:00:01,0")
    assert wrong_words(SAID, " ".join(line for line in said.splitlines() if not line[:1].isdigit())) < 0.05


def token(server: Served) -> str:
    words = [str(word) for word in server.words]
    return Path(words[words.index("--token-file") + 1]).read_text().strip()


BOUNDARY = "a boundary"


def form(sound: bytes, name: str = "file") -> bytes:
    field = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="model"\r\n\r\nwhisper-1\r\n'
    file = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"; filename="film.mp4"\r\n\r\n'
    return (field + file).encode() + sound + f"\r\n--{BOUNDARY}--\r\n".encode()


def begin_upload(
    server: Served, length: int = 1000, path: str = "/v1/audio/transcriptions"
) -> http.client.HTTPConnection:
    connection = http.client.HTTPConnection("127.0.0.1", server.port(), timeout=120)
    connection.putrequest("POST", path)
    connection.putheader("Authorization", f"Bearer {token(server)}")
    connection.putheader("Content-Type", f'multipart/form-data; boundary="{BOUNDARY}"')
    connection.putheader("Content-Length", str(length))
    connection.endheaders()
    return connection


def post(server: Served, body: bytes, path: str = "/v1/audio/transcriptions") -> tuple[int, str]:
    connection = begin_upload(server, len(body), path)
    try:
        connection.send(body)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()
