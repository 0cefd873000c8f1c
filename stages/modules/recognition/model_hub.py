"""Whether a place that models are fetched from answers, asked in seconds: the libraries' own attempts take minutes."""

import os
import socket
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

MODELS = "https://huggingface.co"
PATIENCE = 5  # seconds to take a connection
SAID = ("1", "ON", "YES", "TRUE")


def is_offline() -> bool:
    """Whether the hub's own libraries were told to ask nobody."""
    return os.environ.get("HF_HUB_OFFLINE", "").upper() in SAID


def go_offline_without_hub() -> None:
    """To be called before those libraries are imported, which is when they read it."""
    if "HF_HUB_OFFLINE" not in os.environ and not answers(os.environ.get("HF_ENDPOINT") or MODELS):
        os.environ["HF_HUB_OFFLINE"] = "1"


def answers(address: str) -> bool:
    """The place itself, or the proxy that leads to it."""
    try:
        place = urlsplit(address)
        if not proxy_bypass(place.hostname or ""):
            place = urlsplit(getproxies().get(place.scheme, address))
        usual = 443 if place.scheme == "https" else 80
        socket.create_connection((place.hostname, place.port or usual), PATIENCE).close()
    except (OSError, ValueError):
        return False
    return True


def require(what: str, address: str) -> None:
    """Raises ``LookupError`` where something that isn't here can't be fetched either."""
    if is_offline() or not answers(address):
        raise LookupError(f"{what} isn't here, and {urlsplit(address).hostname} doesn't answer")
