"""Who may ask what (pure).

Loopback is no protection from a browser: any page that a person visits can send requests there, and a name of the
attacker's own may be made to lead there. So each request names this server as its host, has the cookie that only the
one-time link gives, and, where it changes something, comes from a page of this server and has its token. Other users
of the machine have neither link nor cookie.
"""

import hmac
import secrets
from http import HTTPStatus

from pipeline.ui.messages import Denial, Request
from pipeline.values import Struct, field

TOKEN_HEADER = "x-pipeline-token"  # noqa: S105  # a header's name
LINK = "open"  # the path of the one-time link


def _secret() -> str:
    return secrets.token_urlsafe(32)


class PageAccess(Struct, frozen=True):
    """The secrets of one start."""

    port: int
    edits: bool  # whether anything may be changed
    base: str = ""  # what the addresses of the shown project begin with
    cookie: str = field(default_factory=_secret)
    token: str = field(default_factory=_secret)
    link: str = field(default_factory=_secret)

    @property
    def cookie_name(self) -> str:
        """With the port: a browser sends the cookies of a host to all its ports."""
        return f"pipeline_{self.port}"

    @property
    def hosts(self) -> tuple[str, ...]:
        return tuple(f"{name}:{self.port}" for name in ("127.0.0.1", "localhost", "[::1]"))

    @property
    def set_cookie(self) -> str:
        return f"{self.cookie_name}={self.cookie}; Path=/; HttpOnly; SameSite=Strict"

    def require_host(self, request: Request) -> None:
        """Raises ``Denial``."""
        if request.header("host") not in self.hosts:
            raise Denial(HTTPStatus.FORBIDDEN, "This page is served to this machine alone, under its own name.")

    def require_own_page(self, request: Request) -> None:
        """Not another site's. What a person typed, or clicked outside of pages, has no origin. Raises ``Denial``."""
        origin = request.header("origin")
        if origin and origin not in {f"http://{host}" for host in self.hosts}:
            raise Denial(HTTPStatus.FORBIDDEN, "Another site has sent this request.")
        if request.header("sec-fetch-site") not in {"", "same-origin", "none"}:
            raise Denial(HTTPStatus.FORBIDDEN, "Another site has sent this request.")

    def require_user(self, request: Request) -> None:
        """Raises ``Denial``."""
        if not _same(request.cookie(self.cookie_name), self.cookie):
            raise Denial(HTTPStatus.FORBIDDEN, "Open this page by the link that `pipeline ui` prints.")

    def require_change(self, request: Request) -> None:
        """For all that isn't only read. Raises ``Denial``."""
        if not self.edits:
            raise Denial(HTTPStatus.FORBIDDEN, "This page only shows. Start it with `pipeline ui --edit` to act.")
        if request.header("origin") not in {f"http://{host}" for host in self.hosts}:
            raise Denial(HTTPStatus.FORBIDDEN, "Another site has sent this request.")
        if not _same(request.header(TOKEN_HEADER), self.token):
            raise Denial(HTTPStatus.FORBIDDEN, "The page is of an earlier start. Load it again.")

    def is_link(self, text: str) -> bool:
        return _same(text, self.link)


def _same(given: str, expected: str) -> bool:
    return hmac.compare_digest(given.encode(), expected.encode())
