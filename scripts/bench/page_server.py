"""A running ``pipeline ui``, and who looks at it: a plain reader of its addresses, or Chromium."""

import contextlib
import http.client
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import psutil
from measuring import BIN, Failed
from page_process import INSTALLATION, PATIENCE, ServedPage, program, served, switches

if TYPE_CHECKING:
    from playwright.sync_api import Page

SETTLED_SECONDS = 1.5  # after a page has shown its rows: its own beginning is no part of what is measured then


@dataclass(frozen=True)
class PageServer(ServedPage):
    @property
    def mib(self) -> float:
        """Of memory, now."""
        return round(float(psutil.Process(self.process.pid).memory_info().rss) / (1 << 20), 1)

    @property
    def cpu_seconds(self) -> float:
        """Of this server, and of all browsers that this process has started, until now."""
        browsers = [each for each in psutil.Process().children(recursive=True) if "chrom" in _name(each)]
        return sum(map(_cpu_seconds, {psutil.Process(self.process.pid), *browsers}))

    def reader(self) -> "PageReader":
        """Uses the one-time link up."""
        parts = urlsplit(self.link)
        answer = PageReader(parts.netloc, "").get(f"{parts.path}?{parts.query}")
        cookie = (answer.getheader("Set-Cookie") or "").partition(";")[0]
        answer.close()
        return PageReader(parts.netloc, cookie)


@dataclass(frozen=True)
class PageReader:
    """As a browser without eyes."""

    host: str
    cookie: str

    def get(self, path: str) -> http.client.HTTPResponse:
        """Raises ``Failed``."""
        connection = http.client.HTTPConnection(self.host, timeout=PATIENCE)
        connection.request("GET", path, headers={"Cookie": self.cookie} if self.cookie else {})
        answer = connection.getresponse()
        if answer.status >= http.HTTPStatus.BAD_REQUEST:
            raise Failed(f"{path} gives {answer.status}")
        return answer

    def read(self, path: str) -> bytes:
        with contextlib.closing(self.get(path)) as answer:
            return answer.read()

    @contextlib.contextmanager
    def listening(self, path: str) -> Iterator[None]:
        """Reads an event stream until the block ends."""
        answer = self.get(path)
        thread = threading.Thread(target=_drain, args=(answer,), daemon=True)
        thread.start()
        yield
        # The server notices with its next message; the thread ends with the stream or with this process.


@contextlib.contextmanager
def serving(project: Path, *words: str) -> Iterator[PageServer]:
    """Raises ``Failed``."""
    command: list[str | Path] = [BIN / "pipeline", "ui", "--root", project, *words]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    with served(process) as page:
        yield PageServer(page.process, page.link)


@contextlib.contextmanager
def chromium() -> Iterator["Page"]:
    """An empty page of the machine's own browser. Raises ``Failed``."""
    path = program()
    if path is None:
        raise Failed(f"there is no chromium; {INSTALLATION}")
    from playwright.sync_api import Error, sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=switches())
        try:
            page = browser.new_page(viewport={"width": 1280, "height": 900})
            page.set_default_timeout(PATIENCE * 1000)
            yield page
        except Error as error:
            raise Failed(str(error).splitlines()[0]) from error
        finally:
            browser.close()


def _name(process: psutil.Process) -> str:
    try:
        return process.name()
    except psutil.NoSuchProcess:
        return ""


def _cpu_seconds(process: psutil.Process) -> float:
    """None of one that has just ended."""
    try:
        times = process.cpu_times()
    except psutil.NoSuchProcess:
        return 0.0
    return float(times.user + times.system)


def _drain(answer: http.client.HTTPResponse) -> None:
    with contextlib.suppress(OSError, ValueError, http.client.HTTPException):
        while answer.readline():
            pass
