"""Where the tests find a Chromium, and a page of ``pipeline ui`` to show in it."""

import contextlib
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field

from playwright.sync_api import Page

from tests.conftest import Sandbox

NAMES = ("chromium", "chromium-browser", "google-chrome-stable")
INSTALLATION = "apt-get install -y chromium"
BOUND = 20_000  # milliseconds that anything on a page may take here


def chromium() -> str | None:
    """The path of the machine's own browser; none is downloaded."""
    return next(filter(None, map(shutil.which, NAMES)), None)


def switches() -> list[str]:
    """Chromium's own sandbox refuses to be root's, and a container's shared memory may be small."""
    return ["--disable-dev-shm-usage", *(["--no-sandbox"] if os.geteuid() == 0 else [])]


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


@dataclass(frozen=True)
class ServedPage:
    """A running ``pipeline ui``."""

    process: "subprocess.Popen[bytes]"
    link: str

    @property
    def address(self) -> str:
        return self.link.partition("/open")[0]


@contextlib.contextmanager
def serving(sandbox: Sandbox, *words: str) -> Iterator[ServedPage]:
    """The command in a process of its own, until the block ends."""
    process = sandbox.start("pipeline", "ui", *words)
    try:
        assert process.stdout is not None
        link = process.stdout.readline().decode().strip()
        assert link, process.communicate()
        yield ServedPage(process, link)
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)
