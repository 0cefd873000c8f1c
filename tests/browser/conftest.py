"""A real browser: the machine's own Chromium, which Playwright starts, drives and ends."""

from collections.abc import Iterator

import pytest
from page_process import INSTALLATION, ServedPage, program, switches
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.browser import accessibility
from tests.browser.chromium import BOUND, Complaints, serving
from tests.browser.editing import TEXTS, cues, job_with, opened
from tests.conftest import Sandbox

HERE = "tests/browser/"  # as the names of tests begin


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All tests of this folder need a browser, and are skipped where there is none."""
    for item in items:
        if item.nodeid.startswith(HERE):
            item.add_marker(pytest.mark.browser)
            if program() is None:
                item.add_marker(pytest.mark.skip(reason=f"no chromium on PATH: {INSTALLATION}"))


@pytest.fixture(scope="module")
def browser(spawning: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """For the tests of one file: other tests take a process that is left for a forgotten one."""
    home = tmp_path_factory.mktemp("browser")
    variables: dict[str, str | float | bool] = {"HOME": str(home), "PATH": "/usr/bin:/bin"}
    expect.set_options(timeout=BOUND)
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=program(), args=switches(), env=variables)
        yield found
        found.close()


@pytest.fixture(scope="session")
def axe(spawning: None) -> str:
    """The source of axe-core. Installed before a test's own home takes the place of the user's."""
    return accessibility.source()


@pytest.fixture
def served(ready: Sandbox) -> Iterator[ServedPage]:
    """``pipeline ui --edit`` on a project whose environments are built."""
    with serving(ready, "--edit") as found:
        yield found


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """As a private window: without anything of the tests before it."""
    made = browser.new_context(viewport={"width": 1280, "height": 800}, accept_downloads=False)
    made.set_default_timeout(BOUND)
    yield made
    made.close()


@pytest.fixture
def page(context: BrowserContext, served: ServedPage) -> Iterator[Page]:
    """The page as its user has it, behind the one-time link. Nothing may go wrong on it."""
    made = context.new_page()
    complaints = Complaints(served.address)
    complaints.watch(made)
    made.goto(served.link)
    yield made
    assert not complaints.found


@pytest.fixture
def job(ready: Sandbox) -> str:
    """The id of a job with four cues, whose film is gone."""
    return job_with(ready, cues(TEXTS))


@pytest.fixture
def editor(context: BrowserContext, served: ServedPage, job: str) -> Page:
    """The editor on that job."""
    made = context.new_page()
    made.goto(served.link)
    return opened(made, served, job)
