"""Whether the hub that models are fetched from answers, asked in seconds: the libraries' own attempts take minutes."""

import os
import socket
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

HUB = "https://huggingface.co"
CONNECTION_SECONDS = 5
TRUE_VALUES = ("1", "ON", "YES", "TRUE")


def is_offline() -> bool:
    """Whether the hub's own libraries are set to make no connections."""
    return os.environ.get("HF_HUB_OFFLINE", "").upper() in TRUE_VALUES


def go_offline_without_hub() -> None:
    """Set the hub's libraries offline if it doesn't answer. To be called before their import, when they read it."""
    if "HF_HUB_OFFLINE" not in os.environ and not is_reachable(os.environ.get("HF_ENDPOINT") or HUB):
        os.environ["HF_HUB_OFFLINE"] = "1"


def is_reachable(address: str) -> bool:
    """Whether the address, or the proxy that leads to it, takes a connection."""
    try:
        place = urlsplit(address)
        if not proxy_bypass(place.hostname or ""):
            place = urlsplit(getproxies().get(place.scheme, address))
        usual = 443 if place.scheme == "https" else 80
        socket.create_connection((place.hostname, place.port or usual), CONNECTION_SECONDS).close()
    except (OSError, ValueError):
        return False
    return True


def require_reachable(what: str, address: str) -> None:
    """Raises ``LookupError`` where ``what``, which isn't on this machine, can't be fetched from the address either."""
    if is_offline() or not is_reachable(address):
        raise LookupError(f"{what} isn't here, and {urlsplit(address).hostname} doesn't answer")
