"""The HTTP server: requests become values, values become responses, and each gets the same protection."""

import sys
import traceback
from collections.abc import Callable, Iterator
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BufferedIOBase

from pipeline.errors import PipelineError
from pipeline.ui import messages
from pipeline.ui.messages import HTML, Denial, Request, Response, Upload
from pipeline.values import replace

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; media-src 'self'; "
    "connect-src 'self'; form-action 'none'; frame-ancestors 'none'; base-uri 'none'"
)
PROTECTION = (
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
    ("Referrer-Policy", "no-referrer"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Cache-Control", "no-store"),
)
SILENCE_SECONDS = 60  # that a connection may say nothing
LARGEST_BODY = 1 << 20  # bytes

Answer = Callable[[Request], Response]
ErrorPage = Callable[[HTTPStatus, str, str], bytes]  # what is wrong, and the command that comes next


class LocalServer(ThreadingHTTPServer):
    """On 127.0.0.1 alone. Port 0 takes a free one."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, port: int) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.answer: Answer = _nothing
        self.error_page: ErrorPage = _plain_error

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    def handle_error(self, request: object, client_address: object) -> None:
        """A browser that went away is no error."""


class _Handler(BaseHTTPRequestHandler):
    server: LocalServer
    protocol_version = "HTTP/1.1"
    timeout = SILENCE_SECONDS

    def version_string(self) -> str:
        return "pipeline"

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the library's own name
        """Nothing is logged: addresses have secrets."""

    def _respond(self) -> None:
        try:
            request = messages.request(self.command, self.path, dict(self.headers.items()))
            is_upload = self.command == "PUT"
            request = replace(request, upload=self._upload()) if is_upload else replace(request, body=self._body())
            self._send(request, self.server.answer(request))
        except (Denial, UnicodeDecodeError) as error:
            status = error.status if isinstance(error, Denial) else HTTPStatus.BAD_REQUEST
            words = error.words if isinstance(error, Denial) else "That is no address of this page."
            self.close_connection = True  # a body that wasn't read would be taken for the next request
            headers = error.headers if isinstance(error, Denial) else ()
            self._send(None, Response(status, HTML, self.server.error_page(status, words, ""), headers))
        except PipelineError as error:
            status = HTTPStatus.CONFLICT
            page = self.server.error_page(status, error.message, error.next_step or "")
            self._send(None, Response(status, HTML, page))
        except OSError:
            raise  # the browser has gone
        except Exception:
            traceback.print_exc(file=sys.stderr)
            status = HTTPStatus.INTERNAL_SERVER_ERROR
            self._send(None, Response(status, HTML, self.server.error_page(status, "This is a fault of the page.", "")))

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = _respond  # noqa: N815  # the library looks for these names

    def _upload(self) -> Upload:
        """Raises ``Denial`` where its size can't be known."""
        self.close_connection = True  # it may be left in the middle
        text = self.headers.get("Content-Length", "0")
        if self.headers.get("Transfer-Encoding") or not text.isdecimal():
            raise Denial(HTTPStatus.LENGTH_REQUIRED, "The size of the file has to be told.")
        return Upload(self.rfile, int(text))

    def _body(self) -> bytes:
        """Raises ``Denial`` for one that is too large, before it is read."""
        text = self.headers.get("Content-Length", "0")
        if self.headers.get("Transfer-Encoding") or not text.isdecimal() or int(text) > LARGEST_BODY:
            raise Denial(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "That is more than this page takes.")
        return self.rfile.read(int(text))

    def _send(self, request: Request | None, response: Response) -> None:
        self.send_response(response.status)
        length = response.length if response.pieces is not None else len(response.body)
        for name, value in (*PROTECTION, ("Content-Security-Policy", response.policy or POLICY), *response.headers):
            self.send_header(name, value)
        self.send_header("Content-Type", response.kind)
        if length is None:
            self.close_connection = True
            self.send_header("Connection", "close")
        else:
            self.send_header("Content-Length", str(length))
        self.end_headers()
        is_wanted = request is None or request.method != "HEAD"
        if is_wanted and not _write(self.wfile, response.pieces or iter((response.body,))):
            self.close_connection = True  # else the browser would wait for the rest


def _write(out: BufferedIOBase, pieces: Iterator[bytes]) -> bool:
    """Whether all was written. Whatever ``pieces`` has open is closed."""
    try:
        for piece in pieces:
            out.write(piece)
            out.flush()
    except OSError:
        return False  # the browser has closed the page, or the file has gone: the length that was announced tells it
    finally:
        if close := getattr(pieces, "close", None):
            close()
    return True


def _nothing(_: Request) -> Response:
    raise Denial(HTTPStatus.NOT_FOUND, "Nothing is here.")


def _plain_error(status: HTTPStatus, words: str, _: str) -> bytes:
    return f"{status} {words}".encode()
