"""The page of services: they come and go on it, their logs grow, and one that nobody uses can be stopped there."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from page_process import ServedPage
from playwright.sync_api import Page, expect

from pipeline.services.client import ServiceClient
from tests.browser.accessibility import serious_findings
from tests.conftest import Sandbox
from tests.services.conftest import supervisors
from tests.services.helpers import Services, definition, got, ready, serving
from tests.test_process import eventually

SOURCE = serving("print('<b>hello</b>', flush=True)").replace(
    "return self.answer(200, str(os.getpid()))", 'print("asked", flush=True); return self.answer(200, "1")'
)
LONG = definition(idle_seconds=600.0)
ROW = "#services tbody tr"


@pytest.fixture
def services(ready: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Services]:
    """Before the page is served, which looks for them in the same place."""
    folder = tmp_path / "runtime"
    folder.mkdir()
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(folder))
    with Services(folder / "pipeline", ready.root) as started:
        yield started
    ready.give("pipeline", "service", "stop", "--all", "--force")
    assert eventually(lambda: not supervisors(folder / "pipeline"))


@pytest.fixture
def followed(services: Services, page: Page, served: ServedPage) -> Page:
    page.goto(f"{served.address}/services")
    expect(page.get_by_text("No service of this project runs")).to_be_visible()
    return page


def started(services: Services) -> ServiceClient:
    client = services.started(SOURCE, LONG)
    ready(client)
    return client


def test_a_service_comes_is_read_and_is_stopped(followed: Page, services: Services) -> None:
    followed.evaluate("window.sameDocument = true")
    client = started(services)
    row = followed.locator(ROW)
    expect(row).to_contain_text("ready")
    expect(row).to_contain_text(client.status().urls["http"])
    expect(followed.get_by_text("No service of this project runs")).to_be_hidden()

    row.get_by_role("button", name="log of server").click()
    log = followed.locator("#log-text")
    expect(log).to_be_focused()
    expect(log).to_contain_text("<b>hello</b>")
    got(client.status(), "/pid")
    expect(log).to_contain_text("asked")

    stop = row.get_by_role("button", name="stop server")
    stop.click()
    expect(followed.locator("#message")).to_contain_text("pipeline service stop server --force")
    client.close()
    expect(row.locator("td.number")).to_have_text("0")
    stop.focus()
    followed.keyboard.press("Enter")
    expect(followed.locator("#message")).to_have_text("server was stopped")
    expect(row).to_have_count(0)
    assert followed.evaluate("window.sameDocument"), "the page was loaded again"


def test_what_a_service_says_stays_text(followed: Page, services: Services) -> None:
    words = "<img src=x onerror=alert(1)>"
    services.started(serving(f"stage.status({words!r})\nprint({words!r}, flush=True)\ntime.sleep(1000)"), LONG)
    row = followed.locator(ROW)
    for _ in range(2):  # as it comes, and as the page has it from its beginning
        expect(row).to_contain_text(words)
        row.get_by_role("button", name="log of server").click()
        expect(followed.locator("#log-text")).to_contain_text(words)
        assert followed.locator("img").count() == 0
        followed.reload()


def test_the_keyboard_keeps_its_place_while_rows_change(followed: Page, services: Services) -> None:
    client = started(services)
    followed.get_by_role("button", name="log of server").focus()
    client.close()
    expect(followed.locator(f"{ROW} td.number")).to_have_text("0")
    expect(followed.get_by_role("button", name="log of server")).to_be_focused()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_page_with_a_service_suits_everybody(followed: Page, services: Services, axe: str, scheme: str) -> None:
    followed.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    started(services)
    followed.get_by_role("button", name="log of server").click()
    assert serious_findings(followed, axe) == []
    followed.set_viewport_size({"width": 320, "height": 256})
    assert followed.evaluate("document.documentElement.scrollWidth") <= 320
