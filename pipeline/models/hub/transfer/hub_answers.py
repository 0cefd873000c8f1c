"""A hub's answers: when to ask again, and what a refusal means."""

import os
import time
from email.utils import parsedate_to_datetime

from huggingface_hub.errors import (
    GatedRepoError,
    HFValidationError,
    OfflineModeIsEnabled,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)
from requests import ConnectionError as NoConnection
from requests import RequestException, Timeout, exceptions

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

KINDS = (
    "gated",
    "no-repository",
    "no-revision",
    "no-file",
    "unreachable",
    "refused",
    "other-content",
    "disk",
    "offline",
)
CHUNK = 1 << 18  # bytes; as many may have to come again where an answer breaks off
PAUSES = (1, 2, 4, 8, 16)  # seconds, after answers that another moment may mend, as long as no byte comes
LONGEST_PAUSE = 60.0  # seconds; a hub that asks for more is left alone
SILENCE = 15  # seconds without a byte, after which a connection counts as lost
# Seconds to connect, and between two pieces. The variable is the hub's own client's.
TIMEOUTS = (10, int(os.environ.get("HF_HUB_DOWNLOAD_TIMEOUT") or SILENCE))
BUSY = (408, 429, 500, 502, 503, 504)
NO_ADDRESS = (exceptions.InvalidURL, exceptions.InvalidSchema, exceptions.MissingSchema)  # a proxy's too
NO_HUB = "what answers is no model hub, perhaps a page to log in to a network"


class Refusal(Exception):
    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


def asked(ask: "Callable[[], Any]") -> "Any":
    """The answer to a question; asked again where the hub is busy."""
    for failures in range(len(PAUSES) + 1):
        try:
            return ask()
        except exceptions.InvalidJSONError as error:
            raise Refusal("refused", NO_HUB) from error
        except (RequestException, HFValidationError, OSError) as error:
            seconds = None if is_unreachable(error) else pause_for(error, failures)
            if seconds is None:
                raise refusal_of(error) from error
            time.sleep(seconds)
    raise AssertionError


def pause_for(error: Exception, failures: int) -> "float | None":
    """How long to wait before it is tried again; ``None``: it is no use."""
    if failures >= len(PAUSES) or isinstance(error, NO_ADDRESS):
        return None
    answer = getattr(error, "response", None)
    if answer is None:
        return float(PAUSES[failures]) if isinstance(error, RequestException) else None
    if answer.status_code not in BUSY:
        return None
    wanted = _retry_after(answer)
    return None if wanted > LONGEST_PAUSE else max(wanted, float(PAUSES[failures]))


def _retry_after(answer: "Any") -> float:
    """The seconds for which a server asks to be left alone: a number, or a time of day."""
    wanted = answer.headers.get("Retry-After", "")
    if wanted.isdecimal():
        return float(wanted)
    try:
        return max(0.0, parsedate_to_datetime(wanted).timestamp() - time.time())
    except (TypeError, ValueError, OverflowError):
        return 0.0


def is_unreachable(error: Exception) -> bool:
    """Whether nobody answered at all."""
    return isinstance(error, (NoConnection, Timeout)) and getattr(error, "response", None) is None


def require_good(answer: "Any") -> None:
    from huggingface_hub.utils import hf_raise_for_status

    hf_raise_for_status(answer)


REFUSALS = (
    ("offline", OfflineModeIsEnabled, "HF_HUB_OFFLINE is set, so nobody is asked"),
    ("refused", NO_ADDRESS, "what HF_ENDPOINT or a proxy's variable says is no address"),
    ("gated", GatedRepoError, ""),
    ("no-revision", RevisionNotFoundError, ""),
    ("no-repository", (RepositoryNotFoundError, HFValidationError), ""),
)
STATUSES = {401: "gated", 403: "gated", 404: "no-file"}


def refusal_of(error: Exception) -> Exception:
    """What to raise instead of an error that no further attempt mends."""
    answer = getattr(error, "response", None)
    for kind, exception, words in REFUSALS:
        if isinstance(error, exception):
            return Refusal(kind, words or _words(error))
    if answer is not None:
        return Refusal(STATUSES.get(answer.status_code, "refused"), _words(error))
    if isinstance(error, exceptions.ReadTimeout):
        return Refusal("unreachable", f"it takes connections, and sends nothing for {TIMEOUTS[1]} s")
    if isinstance(error, RequestException):
        return Refusal("unreachable", f"nobody answers ({type(error).__name__})")
    if isinstance(error, OSError):
        return Refusal("disk", f"{error.filename or 'the disk'}: {error.strerror}")
    return error


def _words(error: Exception) -> str:
    """The first line that says something, without addresses, which may hold a person's password."""
    answer = getattr(error, "response", None)
    if answer is not None:
        wanted = _retry_after(answer)
        later = f"; it asks to be left alone for {round(wanted / 60)} min" if wanted > LONGEST_PAUSE else ""
        return f"the answer was {answer.status_code} {answer.reason or ''}".strip() + later
    return str(error).strip().splitlines()[0][:300] if str(error).strip() else type(error).__name__
