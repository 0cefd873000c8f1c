"""Which schedulers may be used: on loopback, or with TLS. Whoever reaches one without can run programs there. Pure."""

import re
from ipaddress import ip_address

from pipeline.errors import UsageError

_FORM = re.compile(r"(tcp|tls)://(\[[0-9a-fA-F:]+\]|[^/:\s\[\]]+):([0-9]+)")


def require_closed(address: str) -> None:
    """Raises ``UsageError`` for an address that can't be one, and where others could reach the scheduler."""
    match = _FORM.fullmatch(address)
    if match is None:
        raise UsageError(
            f"{address!r} isn't the address of a Dask scheduler", "write tls://HOST:PORT, or tcp://127.0.0.1:PORT"
        )
    if match[1] == "tcp" and not is_loopback(match[2].strip("[]")):
        raise UsageError(
            f"{address} has no TLS: who reaches that scheduler can run programs as you",
            "pipeline cluster certificates NAME\n"
            f"then start its scheduler and workers with them, and write tls://{match[2]}:{match[3]}",
        )


def is_address(text: str) -> bool:
    """Whether a word is meant as an address, and not as the name of a cluster."""
    return "://" in text


def is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def host_of(address: str) -> str:
    """Of ``tcp://HOST:PORT`` or ``HOST:PORT``."""
    return address.rpartition("://")[2].rpartition(":")[0].strip("[]")
