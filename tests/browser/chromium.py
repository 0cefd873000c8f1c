"""A page of ``pipeline ui`` in the machine's own Chromium, and what goes wrong on it."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field

from page_process import ServedPage, served
from playwright.sync_api import Page

from tests.conftest import Sandbox

BOUND = 20_000  # milliseconds that anything on a page may take here


@dataclass
class Complaints:
    """What went wrong on a page: errors of scripts, what the content policy has stopped, and requests elsewhere."""

    address: str
    found: list[str] = field(default_factory=list)

    def watch(self, page: Page) -> None:
        page.on("pageerror", lambda error: self.found.append(str(error)))
        page.on("console", lambda said: self._said(said.text) if said.type == "error" else None)
        page.on("request", lambda request: self._asked(request.url))

    def _said(self, text: str) -> None:
        """An answer that says in words why something can't be done is no fault of the page."""
        if "(Conflict)" not in text:
            self.found.append(text)

    def _asked(self, url: str) -> None:
        if not url.startswith((self.address, "data:", "blob:", "file:", "about:")):
            self.found.append(f"asked for {url}")


@contextlib.contextmanager
def serving(sandbox: Sandbox, *words: str) -> Iterator[ServedPage]:
    """The command in a process of its own, until the block ends."""
    with served(sandbox.start("pipeline", "ui", *words)) as page:
        yield page
