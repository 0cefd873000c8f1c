"""``pipeline service`` on real services."""

import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.services.definition import NotifyProbe, ServiceProbe
from tests.conftest import BIN, Sandbox
from tests.services.conftest import left, supervisors
from tests.services.helpers import KEY, Services, definition, got, ready, serving, until
from tests.test_process import eventually

LONG = definition(idle_seconds=60.0)


@pytest.fixture
def services(sandbox: Sandbox, spawning: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Services]:
    """They are where our commands look for them."""
    folder = tmp_path / "runtime"
    folder.mkdir()
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(folder))
    with Services(folder / "pipeline", sandbox.root) as started:
        yield started
    sandbox.give("pipeline", "service", "stop", "--all", "--force")
    assert eventually(lambda: not supervisors(folder / "pipeline"))
    assert left(folder / "pipeline") == []


def test_no_service_is_an_empty_list(sandbox: Sandbox, services: Services) -> None:
    assert sandbox.give("pipeline", "service", "list", "--json").data == []
    assert sandbox.give("pipeline", "service", "list").out == "there are no services\n"


def test_a_service_is_listed_with_its_users_and_its_address_but_not_its_token(
    sandbox: Sandbox, services: Services
) -> None:
    status = ready(services.started(serving(), LONG))
    done = sandbox.give("pipeline", "service", "list", "--json")
    (row,) = done.data
    assert (row["name"], row["state"], row["users"], row["urls"]) == ("server", "ready", 1, dict(status.urls))
    assert row["project"] == str(sandbox.root)
    assert status.token not in done.out
    assert status.urls["http"] in sandbox.give("pipeline", "service", "list").out


def test_the_address_of_one_that_is_ready_is_printed(sandbox: Sandbox, services: Services) -> None:
    status = ready(services.started(serving(), LONG))
    assert sandbox.give("pipeline", "service", "url", "server").out == f"{status.urls['http']}\n"
    assert sandbox.give("pipeline", "service", "url", KEY[:6], "--token").out.split() == [
        status.urls["http"],
        status.token,
    ]
    assert sandbox.give("pipeline", "service", "url", "server", "--json").data["token"] == status.token
    assert sandbox.give("pipeline", "service", "url", "server", "--port", "htp").code == 2


def test_one_that_isn_t_ready_has_no_address_yet(sandbox: Sandbox, services: Services) -> None:
    source = serving("stage.status('loading')\ntime.sleep(1000)")
    client = services.started(source, definition(ServiceProbe(NotifyProbe()), idle_seconds=60.0))
    until(client, lambda status: status.message == "loading")
    done = sandbox.give("pipeline", "service", "url", "server")
    assert (done.code, done.next_step) == (3, "pipeline service logs server")
    assert "loading" in done.error


def test_another_name_is_refused(sandbox: Sandbox, services: Services) -> None:
    ready(services.started(serving(), LONG))
    done = sandbox.give("pipeline", "service", "url", "servr")
    assert (done.code, done.next_step) == (2, "pipeline service list")
    assert "server" in done.error


def test_two_of_one_name_are_told_apart_by_their_keys(sandbox: Sandbox, services: Services) -> None:
    for key in ("a" * 20, "b" * 20):
        ready(services.started(serving(), LONG, key=key))
    done = sandbox.give("pipeline", "service", "url", "server")
    assert (done.code, "aaaaaaaa, bbbbbbbb" in done.error) == (2, True)
    assert sandbox.give("pipeline", "service", "url", "aaaa").code == 0


def test_one_that_is_used_stops_only_by_force(sandbox: Sandbox, services: Services) -> None:
    client = services.started(serving(), LONG)
    ready(client)
    refused = sandbox.give("pipeline", "service", "stop", "server")
    assert (refused.code, refused.next_step) == (2, "pipeline service stop server --force")
    assert sandbox.give("pipeline", "service", "stop", "server", "--force").out == "stopped 1 of 1\n"
    assert supervisors(services.runtime) == []  # with all that it held
    assert client.wait_ready(5).state == "ended"
    assert left(services.runtime) == []


def test_one_that_nobody_uses_stops_when_it_is_asked_to(sandbox: Sandbox, services: Services) -> None:
    client = services.started(serving(), LONG)
    ready(client)
    client.close()
    assert sandbox.give("pipeline", "service", "stop", "--all").out == "stopped 1 of 1\n"


def test_a_restart_gives_a_new_program_at_the_same_address(sandbox: Sandbox, services: Services) -> None:
    client = services.started(serving(), LONG)
    status = ready(client)
    pid = got(status, "/pid")
    assert sandbox.give("pipeline", "service", "restart", "server").code == 2
    assert sandbox.give("pipeline", "service", "restart", "server", "--force").out == "server is ready\n"
    assert got(status, "/pid") != pid


def test_a_log_is_printed_and_followed_until_the_service_ends(sandbox: Sandbox, services: Services) -> None:
    client = services.started(serving("for number in range(5): print('line', number)"), LONG)
    ready(client)
    printed = sandbox.give("pipeline", "service", "logs", "server", "-n", "2").out
    assert printed == "line 3\nline 4\n"
    variables = {**os.environ, "XDG_RUNTIME_DIR": str(services.runtime.parent)}
    words = [str(BIN / "pipeline"), "service", "logs", "server", "-f"]
    with subprocess.Popen(words, env=variables, stdout=subprocess.PIPE, text=True, cwd=sandbox.root) as following:
        assert following.stdout is not None
        while following.stdout.readline() != "line 4\n":
            pass
        os.kill(int(got(ready(client), "/pid")), signal.SIGTERM)
        assert "started" in following.stdout.readline()
        client.close()
        sandbox.give("pipeline", "service", "stop", "--all", "--force")
        following.communicate(timeout=30)
    assert following.returncode == 0


def test_the_log_of_one_that_has_ended_is_its_project_s(sandbox: Sandbox, services: Services) -> None:
    log = sandbox.root / "logs" / "services" / "server.log"
    client = services.started(serving("print('said')"), LONG, log=str(log))
    ready(client)
    client.close()
    sandbox.give("pipeline", "service", "stop", "--all")
    assert sandbox.give("pipeline", "service", "logs", "server", "-n", "1").out == "said\n"
    assert log.stat().st_mode & 0o077 == 0


def test_what_a_killed_supervisor_left_is_not_listed_and_is_removed(sandbox: Sandbox, services: Services) -> None:
    ready(services.started(serving(), LONG))
    for process in supervisors(services.runtime):
        process.kill()
        process.wait()
    assert sandbox.give("pipeline", "service", "list", "--json").data == []
    assert left(services.runtime) == []
