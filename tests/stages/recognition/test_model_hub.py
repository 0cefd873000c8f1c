"""Whether a place answers, with a server of the test's own."""

import os
import socket
from collections.abc import Iterator

import pytest
from recognition import model_hub


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.lower().endswith("_proxy") or name.startswith("HF_"):
            monkeypatch.delenv(name)


@pytest.fixture
def server() -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield f"127.0.0.1:{listening.getsockname()[1]}"


NOBODY = "127.0.0.1:9"


def test_a_hub_that_takes_a_connection_answers(server: str) -> None:
    assert model_hub.is_reachable(f"http://{server}")
    assert not model_hub.is_reachable(f"http://{NOBODY}")


@pytest.mark.parametrize("wrong", ["", "nonsense", "http://[::1", "https://host:port"])
def test_what_is_no_address_is_no_hub(wrong: str) -> None:
    assert not model_hub.is_reachable(wrong)


def test_behind_a_proxy_it_is_the_proxy_that_must_answer(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", f"http://{server}")
    assert model_hub.is_reachable(f"http://{NOBODY}")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    assert not model_hub.is_reachable(f"http://{NOBODY}")


def test_without_a_hub_its_libraries_are_told_to_ask_nobody(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", f"http://{server}")
    model_hub.go_offline_without_hub()
    assert not model_hub.is_offline()
    monkeypatch.setenv("HF_ENDPOINT", f"http://{NOBODY}")
    model_hub.go_offline_without_hub()
    assert model_hub.is_offline()


def test_what_a_person_says_of_it_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", f"http://{NOBODY}")
    monkeypatch.setenv("HF_HUB_OFFLINE", "0")
    model_hub.go_offline_without_hub()
    assert not model_hub.is_offline()


def test_what_is_missing_is_told_with_who_does_not_answer(server: str) -> None:
    model_hub.require_reachable("the model", f"http://{server}")
    with pytest.raises(LookupError, match=r"the model isn't here, and 127\.0\.0\.1 doesn't answer"):
        model_hub.require_reachable("the model", f"http://{NOBODY}")


def test_a_place_that_answers_is_not_asked_offline(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(LookupError):
        model_hub.require_reachable("the model", f"http://{server}")
