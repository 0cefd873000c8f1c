"""The page of a project's services: real ones, asked by HTTP."""

import json
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest

from pipeline.project import ProjectFolder
from pipeline.ui import services as service_pages
from pipeline.values import replace
from tests.conftest import Sandbox
from tests.services.conftest import left, supervisors
from tests.services.helpers import KEY, Services, definition, got, over, ready, serving
from tests.test_process import eventually
from tests.ui.pages import Browser

LONG = definition(idle_seconds=60.0)
PRINTS = serving("print('<b>hello</b>', flush=True)")
STAGE = """# /// script
# [tool.pipeline.stage]
# environment = "alpha"
# service = {ready = {http = "/health"}}
# ///
def serve(stage): ...
"""


@pytest.fixture
def services(sandbox: Sandbox, spawning: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Services]:
    """They are where the page looks for them."""
    folder = tmp_path / "runtime"
    folder.mkdir()
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(folder))
    sandbox.write("stages/server.py", STAGE)
    with Services(folder / "pipeline", sandbox.root) as started:
        yield started
    sandbox.give("pipeline", "service", "stop", "--all", "--force")
    assert eventually(lambda: not supervisors(folder / "pipeline"))


def shown(sandbox: Sandbox) -> list[dict[str, Any]]:
    return service_pages.rows(ProjectFolder(sandbox.root))


def test_without_services_the_page_says_so(browser: Browser, services: Services) -> None:
    status, _, body = browser.send("GET", "/services")
    assert status == HTTPStatus.OK
    assert b"No service of this project runs" in body
    assert not (services.runtime / "services").exists()


def test_each_service_has_a_row_without_its_token(browser: Browser, sandbox: Sandbox, services: Services) -> None:
    status = ready(services.started(serving(), LONG))
    (row,) = shown(sandbox)
    assert (row["name"], row["state"], row["environment"], row["users"]) == ("server", "ready", "alpha", 1)
    assert (row["addresses"], row["key"], row["remark"]) == ([status.urls["http"]], KEY, "")
    body = browser.send("GET", "/services")[2]
    assert status.urls["http"].encode() in body
    assert status.token
    assert status.token.encode() not in body + json.dumps(row).encode()


def test_a_service_of_another_project_is_neither_shown_nor_stopped(
    editor: Browser, sandbox: Sandbox, services: Services
) -> None:
    client = services.use(replace(services.order(serving(), LONG), project="/somewhere/else"))
    status = ready(client)
    client.close()
    assert shown(sandbox) == []
    assert editor.send("GET", f"/services/{KEY}/log")[0] == HTTPStatus.NOT_FOUND
    assert editor.send("POST", f"/services/{KEY}/stop")[0] == HTTPStatus.NOT_FOUND
    assert got(status, "/pid")


def test_a_service_whose_stage_has_gone_is_shown_all_the_same(sandbox: Sandbox, services: Services) -> None:
    ready(services.started(serving(), LONG))
    (sandbox.root / "stages" / "server.py").unlink()
    assert [(row["name"], row["environment"]) for row in shown(sandbox)] == [("server", "")]


def test_a_failed_service_says_why(sandbox: Sandbox, services: Services) -> None:
    client = services.started(serving("sys.exit(3)"), LONG)
    over(client)
    assert [row["state"] for row in shown(sandbox)] in ([], ["failed"])
    assert all("3" in row["remark"] for row in shown(sandbox))


def test_a_log_is_given_as_a_whole_and_by_ranges(browser: Browser, services: Services) -> None:
    ready(services.started(PRINTS, LONG))
    status, headers, body = browser.send("GET", f"/services/{KEY}/log")
    assert (status, headers["Content-Type"]) == (HTTPStatus.OK, "text/plain; charset=utf-8")
    at = body.index(b"<b>hello</b>")
    status, headers, part = browser.send("GET", f"/services/{KEY}/log", {"Range": f"bytes={at}-{at + 2}"})
    assert (status, part) == (HTTPStatus.PARTIAL_CONTENT, b"<b>")


@pytest.mark.parametrize("key", ["nothing", "%2e%2e", "..%2f..%2fetc%2fpasswd", KEY[:8]])
def test_a_key_is_looked_up_and_never_joined_to_a_path(editor: Browser, services: Services, key: str) -> None:
    ready(services.started(serving(), LONG))
    assert editor.send("GET", f"/services/{key}/log")[0] == HTTPStatus.NOT_FOUND
    assert editor.send("POST", f"/services/{key}/stop")[0] == HTTPStatus.NOT_FOUND


def test_one_that_is_used_is_not_stopped(editor: Browser, services: Services) -> None:
    status = ready(services.started(serving(), LONG))
    answer, _, body = editor.send("POST", f"/services/{KEY}/stop")
    assert answer == HTTPStatus.CONFLICT
    assert b"pipeline service stop server --force" in body
    assert got(status, "/pid")


def test_one_that_nobody_uses_is_stopped_with_all_that_it_started(
    editor: Browser, sandbox: Sandbox, services: Services
) -> None:
    client = services.started(serving(), LONG)
    ready(client)
    client.close()
    assert eventually(lambda: shown(sandbox)[0]["users"] == 0)
    answer, _, body = editor.send("POST", f"/services/{KEY}/stop")
    assert (answer, json.loads(body)["message"]) == (HTTPStatus.OK, "server was stopped")
    assert supervisors(services.runtime) == []
    assert left(services.runtime) == []
    assert shown(sandbox) == []


def test_a_page_that_only_shows_stops_nothing(browser: Browser, services: Services) -> None:
    client = services.started(serving(), LONG)
    status = ready(client)
    client.close()
    assert browser.send("POST", f"/services/{KEY}/stop")[0] == HTTPStatus.FORBIDDEN
    assert got(status, "/pid")


def test_a_page_that_only_shows_leaves_what_a_killed_supervisor_has_left(
    browser: Browser, sandbox: Sandbox, services: Services
) -> None:
    ready(services.started(serving(), LONG))
    (supervisor,) = supervisors(services.runtime)
    supervisor.kill()
    supervisor.wait(timeout=30)
    before = left(services.runtime)
    assert browser.send("GET", "/services")[0] == HTTPStatus.OK
    assert (shown(sandbox), left(services.runtime)) == ([], before)


def test_a_runtime_folder_that_others_may_enter_gives_no_row(
    browser: Browser, sandbox: Sandbox, services: Services
) -> None:
    ready(services.started(serving(), LONG))
    services.runtime.chmod(0o755)
    try:
        assert shown(sandbox) == []
        assert browser.send("GET", "/services")[0] == HTTPStatus.OK
    finally:
        services.runtime.chmod(0o700)


def test_the_rows_are_told_again_when_a_service_comes_and_goes(sandbox: Sandbox, services: Services) -> None:
    messages = service_pages._messages(ProjectFolder(sandbox.root))
    try:
        assert next(messages) == b"event: rows\ndata: []\n\n"
        client = services.started(serving(), LONG)
        ready(client)
        assert any(b'"state":"ready"' in next(messages) for _ in range(30))
        client.close()
        assert any(b'"users":0' in next(messages) for _ in range(30))
    finally:
        messages.close()  # type: ignore[attr-defined]  # a generator
