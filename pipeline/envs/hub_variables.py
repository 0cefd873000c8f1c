"""Variables of the model hub's own client. Of those that it can't read, it makes an error when it is imported, before
anybody can say which variable it is.
"""

from collections.abc import Iterator, Mapping

SECONDS = ("HF_HUB_DOWNLOAD_TIMEOUT", "HF_HUB_ETAG_TIMEOUT")
MOST_SECONDS = 1_000_000  # the system's own limit for a connection is about as high
BYTES = ("HF_HUB_LOCAL_DIR_AUTO_SYMLINK_THRESHOLD",)
ADDRESSES = ("HF_ENDPOINT", "HF_INFERENCE_ENDPOINT")
PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy")
OWN = (*SECONDS, *BYTES, *ADDRESSES)


def unreadable(variables: Mapping[str, str]) -> dict[str, str]:
    """Those of the client that it can't read, each with a sentence that names it."""
    return dict(_unreadable(variables))


def unusable_proxies(variables: Mapping[str, str]) -> dict[str, str]:
    """Those that name a proxy and are no address, each with a sentence. None has the value: it may be a password."""
    return {
        name: f"{name} is no address of a proxy, such as http://HOST:PORT"
        for name in PROXIES
        if variables.get(name) and not _is_address(_with_scheme(variables[name]), None)
    }


def readable(variables: Mapping[str, str]) -> dict[str, str]:
    """The variables without those that the client can't read. An empty one counts as not set, which it can't read."""
    left_out = {*unreadable(variables), *(name for name in OWN if name in variables and not variables[name].strip())}
    return {name: value for name, value in variables.items() if name not in left_out}


def _unreadable(variables: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for name in (each for each in OWN if variables.get(each, "").strip()):
        value = variables[name]
        if name in ADDRESSES:
            if not _is_address(value, ("http", "https")):
                yield name, f"{name} is no address of the form https://HOST"
        elif (number := _whole(value)) is None or number < 0:
            yield name, f"{name} is {value!r}, which is no whole number of {'bytes' if name in BYTES else 'seconds'}"
        elif name in SECONDS and number > MOST_SECONDS:
            yield name, f"{name} is {value!r}, which is more than {MOST_SECONDS} seconds"


def _whole(value: str) -> int | None:
    try:
        return int(value)  # as the client reads it
    except ValueError:
        return None


def _with_scheme(value: str) -> str:
    return value if "://" in value else f"http://{value}"


def _is_address(value: str, schemes: tuple[str, ...] | None) -> bool:
    from urllib.parse import urlsplit  # not for the many who set no address

    try:
        parts = urlsplit(value)
        return bool(parts.hostname) and parts.port != 0 and (schemes is None or parts.scheme in schemes)
    except ValueError:  # a port that is no number, a bracket that isn't closed
        return False
