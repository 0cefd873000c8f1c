"""Names and passwords for the servers that packages come from. They are never shown."""

import re
from collections.abc import Iterable, Mapping
from urllib.parse import unquote, urlsplit

SINGLE = ("UV_DEFAULT_INDEX", "UV_INDEX_URL")
SEVERAL = ("UV_INDEX", "UV_EXTRA_INDEX_URL", "UV_FIND_LINKS")
NAMED = re.compile(r"(?P<name>[A-Za-z0-9._-]+)=(?P<url>[a-z]+://.*)")
Place = tuple[str, str, int | None]  # scheme, host, port

Credentials = Mapping[Place, tuple[str, str]]  # name and password


def credentials(addresses: Iterable[str], variables: Mapping[str, str]) -> Credentials:
    """Those in the addresses, and in the machine's settings for uv. The first for a server counts."""
    found: dict[Place, tuple[str, str]] = {}
    for address in [*addresses, *_of_machine(variables)]:
        named = NAMED.fullmatch(address)
        pair = _in_variables(named["name"], variables) if named else None
        url = named["url"] if named else address
        pair = _in_address(url) or pair
        if pair and (place := _place(url)):
            found.setdefault(place, pair)
    return found


def for_address(known: Credentials, url: str) -> tuple[str, str] | None:
    """Name and password for a file's address: its own, else those that are known of its server."""
    place = _place(url)
    return _in_address(url) or (known.get(place) if place else None)


def _of_machine(variables: Mapping[str, str]) -> list[str]:
    several = [word for name in SEVERAL for word in re.split(r"[\s,]+", variables.get(name, "")) if word]
    return [*(variables[name] for name in SINGLE if variables.get(name)), *several]


def _in_variables(name: str, variables: Mapping[str, str]) -> tuple[str, str] | None:
    """https://docs.astral.sh/uv/concepts/indexes/#providing-credentials-directly"""
    stem = "UV_INDEX_" + re.sub(r"[^A-Za-z0-9]", "_", name).upper()
    user, password = variables.get(f"{stem}_USERNAME", ""), variables.get(f"{stem}_PASSWORD", "")
    return (user, password) if user or password else None


def _in_address(url: str) -> tuple[str, str] | None:
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    if not parts.username and not parts.password:
        return None
    return unquote(parts.username or ""), unquote(parts.password or "")


def _place(url: str) -> Place | None:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    usual = {"http": 80, "https": 443}.get(parts.scheme)
    return (parts.scheme, parts.hostname, port or usual) if parts.hostname else None
