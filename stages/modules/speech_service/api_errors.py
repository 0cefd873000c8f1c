"""Errors in the form that OpenAI's interface has, which its clients turn into their own exceptions by the status."""

from collections.abc import Mapping
from typing import Any

BAD_REQUEST, WRONG_KEY, NOT_FOUND, TOO_LARGE, TOO_MANY = 400, 401, 404, 413, 429
OURS, STOPPING = 500, 503


class ApiError(Exception):
    """What a client is told instead of a result.

    ``field``: the form field that is wrong. ``code``: a word for programs. ``headers``: of the answer.
    """

    def __init__(
        self,
        status: int,
        message: str,
        field: str | None = None,
        code: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.field = field
        self.code = code
        self.headers = dict(headers or {})


def body(status: int, message: str, field: str | None = None, code: str | None = None) -> dict[str, Any]:
    """The JSON of an error."""
    kind = "server_error" if status >= OURS else "invalid_request_error"
    if status == TOO_MANY:
        kind = "requests"
    return {"error": {"message": message, "type": kind, "param": field, "code": code}}
