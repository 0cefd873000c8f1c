"""A package index on the loopback, which may ask for a name and a password; and packages that exist as source alone."""

import base64
import contextlib
import hashlib
import io
import tarfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

BACKEND = """
import base64, hashlib, os, zipfile
{imports}
def _wheel(folder):
    info = "{name}-1.0.dist-info"
    files = {{
        "{name}.py": {source},
        info + "/METADATA": "Metadata-Version: 2.1\\nName: {name}\\nVersion: 1.0\\n" + {metadata},
        info + "/WHEEL": "Wheel-Version: 1.0\\nGenerator: tests\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n",
    }}
    def row(path, text):
        digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
        return f"{{path}},sha256={{digest}},{{len(text.encode())}}\\n"
    files[info + "/RECORD"] = "".join(row(*each) for each in files.items()) + info + "/RECORD,,\\n"
    target = "{name}-1.0-py3-none-any.whl"
    with zipfile.ZipFile(os.path.join(folder, target), "w") as archive:
        for path, text in files.items():
            archive.writestr(path, text)
    return target
def build_wheel(folder, config_settings=None, metadata_directory=None):
    return _wheel(folder)
"""


def sdist(folder: Path, name: str, source: str, imports: str = "", metadata: str = "''") -> Path:
    """A source distribution that needs no other package to be built; ``source`` is an expression for its module.

    ``metadata``: one for further lines of its metadata.
    """
    files = {
        "backend.py": BACKEND.format(name=name, source=source, imports=imports, metadata=metadata),
        "pyproject.toml": '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n',
        "PKG-INFO": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n",
    }
    target = folder / f"{name}-1.0.tar.gz"
    with tarfile.open(target, "w:gz") as archive:
        for path, text in files.items():
            member = tarfile.TarInfo(f"{name}-1.0/{path}")
            member.size = len(text.encode())
            archive.addfile(member, io.BytesIO(text.encode()))
    return target


@dataclass(frozen=True)
class IndexContent:
    """What an index has, and how it answers."""

    folder: Path  # with the packages
    login: str = ""  # NAME:PASSWORD, where it asks for one
    sends_parts: bool = False  # whether it answers a request for some bytes of a file with those alone

    def lets_in(self, authorization: str | None) -> bool:
        return not self.login or authorization == f"Basic {base64.b64encode(self.login.encode()).decode()}"

    def listed(self, kind: str, name: str) -> list[Path]:
        """The files of a page: all in ``links``, those of one package in ``simple``."""
        if kind not in {"simple", "links"}:
            return []
        return [each for each in sorted(self.folder.iterdir()) if kind == "links" or _is_of(each, name)]


@contextlib.contextmanager
def served(folder: Path, login: str = "", sends_parts: bool = False) -> Iterator[str]:
    """The packages in a folder, for as long as the block lasts; ``login`` is NAME:PASSWORD. Gives the host and port."""
    content = IndexContent(folder, login, sends_parts)
    handler = type("Index", (_IndexHandler,), {"content": content})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _IndexHandler(BaseHTTPRequestHandler):
    content: IndexContent

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        if not self.content.lets_in(self.headers.get("Authorization")):
            self._answer(401, b"", ("WWW-Authenticate", 'Basic realm="packages"'))
            return
        kind, _, name = self.path.strip("/").partition("/")
        file = self.content.folder / name.rpartition("/")[2]
        if kind == "files" and file.is_file():
            self._send(file.read_bytes(), self.headers.get("Range") if self.content.sends_parts else None)
        elif found := self.content.listed(kind, name):
            self._answer(200, _page(found), ("Content-Type", "text/html"))
        else:
            self._answer(404, b"", ("Content-Type", "text/plain"))

    def _send(self, data: bytes, part: str | None) -> None:
        if part is None:
            self._answer(200, data, ("Content-Type", "application/octet-stream"))
            return
        begin, _, end = part.removeprefix("bytes=").partition("-")
        first = int(begin) if begin else max(0, len(data) - int(end))
        last = int(end) if begin and end else len(data) - 1
        self._answer(206, data[first : last + 1], ("Content-Range", f"bytes {first}-{last}/{len(data)}"))

    def _answer(self, code: int, body: bytes, header: tuple[str, str]) -> None:
        self.send_response(code)
        self.send_header(*header)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


def _page(files: Iterable[Path]) -> bytes:
    links = "".join(f'<a href="/files/{each.name}#sha256={_sha256(each)}">{each.name}</a>' for each in files)
    return f"<html><body>{links}</body></html>".encode()


def _is_of(file: Path, name: str) -> bool:
    return file.name.partition("-")[0].lower().replace("_", "-") == name.strip("/")


def _sha256(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()
