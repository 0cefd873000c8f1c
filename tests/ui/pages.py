"""The pages of a project over HTTP, for tests that ask for them as a browser would."""

import http.client
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pipeline.project import ProjectFolder
from pipeline.ui import pages
from pipeline.ui.access import PageAccess
from pipeline.ui.server import LocalServer
from pipeline.ui.site import Site
from tests.conftest import Sandbox


@dataclass
class Browser:
    """Sends requests as a browser on a page of the server would; ``headers`` change that, ``None`` leaves one out."""

    access: PageAccess

    def send(
        self, method: str, path: str, headers: Mapping[str, str | None] | None = None, body: bytes = b""
    ) -> tuple[int, dict[str, str], bytes]:
        usual: dict[str, str | None] = {
            "Host": f"127.0.0.1:{self.access.port}",
            "Cookie": f"{self.access.cookie_name}={self.access.cookie}",
        }
        if method not in {"GET", "HEAD"}:
            usual |= {"Origin": f"http://127.0.0.1:{self.access.port}", "X-Pipeline-Token": self.access.token}
        if body:
            usual["Content-Length"] = str(len(body))
        connection = http.client.HTTPConnection("127.0.0.1", self.access.port, timeout=10)
        connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
        for name, value in {**usual, **(headers or {})}.items():
            if value is not None:
                connection.putheader(name, value)
        connection.endheaders(body or None)
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        return answer.status, dict(answer.getheaders()), content


def served(sandbox: Sandbox, edits: bool) -> Iterator[Browser]:
    server = LocalServer(0)
    access = PageAccess(server.port, edits)
    server.answer, server.error_page = Site(ProjectFolder(sandbox.root), access).answer, pages.error
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.001})
    thread.start()
    yield Browser(access)
    server.shutdown()
    thread.join()
    server.server_close()
