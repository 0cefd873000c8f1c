"""What an installer's failure was, read from its own words: a pure function, and the words that a person needs."""

import re
from enum import Enum

LINES = 30  # of an explanation; the log has the rest


class Fault(Enum):
    NETWORK = "the network"  # may be gone in a moment
    LOCKED = "a file that is in use"  # so may this
    NOT_CACHED = "not in the cache"  # and the network is off
    NOT_FOUND = "not found"  # no such package, version, or wheel for this platform
    WRONG_HASH = "a wrong hash"
    NO_ROOM = "a full disk"
    NO_PERMISSION = "no permission"
    OTHER = "something else"

    @property
    def is_transient(self) -> bool:
        return self in {Fault.NETWORK, Fault.LOCKED}


# The first that fits decides: a cause may stand below a headline that would fit several.
SIGNS = {
    Fault.NO_ROOM: (
        r"No space left on device|os error (28|112|122)\b|Disk quota exceeded|not enough space on the disk"
    ),
    Fault.WRONG_HASH: r"Hash mismatch|must have a hash, but none were provided|must have their versions pinned",
    Fault.LOCKED: r"os error (26|32|33)\b|Text file busy|being used by another process",
    Fault.NO_PERMISSION: (
        r"Permission denied|os error (1|5|13|30)\b|Read-only file system|403 Forbidden|401 Unauthorized"
    ),
    Fault.NOT_CACHED: r"found in the cache|Network connectivity is disabled",
    Fault.NETWORK: (
        r"Connection (refused|reset|closed)|connection (closed|error)|timed out|dns error"
        r"|Temporary failure in name resolution|Name or service not known|Network is unreachable|No route to host"
        r"|HTTP status (server error|client error \((408|425|429))|tls handshake|broken pipe|unexpected end of file"
        r"|error decoding response body|IncompleteMessage|end of file before message length reached"
        r"|error sending request|Could not connect"
    ),
    Fault.NOT_FOUND: (
        r"was not found in the (package registry|provided package locations)|there (is|are) no version"
        r"|no wheels? (with|are usable)|has no usable wheels|No solution found"
    ),
}
COMPILED = tuple((fault, re.compile(words, re.IGNORECASE | re.DOTALL)) for fault, words in SIGNS.items())
NOISE = re.compile(
    r"^(Using Python |Resolved |Prepared |Installed |Bytecode compiled |Downloading | Downloaded |   Building "
    r"|      Built|warning: | [+-] )"
)


def fault_of(words: str) -> Fault:
    """``words``: all that one attempt of the installer said."""
    return next((fault for fault, sign in COMPILED if sign.search(words)), Fault.OTHER)


def explanation(words: str) -> str:
    """The installer's own explanation, without its progress."""
    lines = [line.rstrip() for line in words.splitlines() if line.strip() and not NOISE.match(line)]
    return "\n".join(lines[:LINES])
