"""So that nobody asks a proxy for an address on this machine, as programs do that see HTTP_PROXY and no exception."""

from collections.abc import Mapping

PROXIES = frozenset({"HTTP_PROXY", "ALL_PROXY", "HTTPS_PROXY"})
NAMES = ("NO_PROXY", "no_proxy")  # some programs read the one, others the other
LOCAL = ("127.0.0.1", "localhost")


def proxy_exceptions(variables: Mapping[str, str]) -> dict[str, str]:
    """What is to be set besides; nothing where there is no proxy."""
    if not any(name.upper() in PROXIES and value for name, value in variables.items()):
        return {}
    said = [each.strip() for name in NAMES for each in variables.get(name, "").split(",")]
    hosts = dict.fromkeys([*filter(None, said), *LOCAL])
    return dict.fromkeys(NAMES, "*" if "*" in hosts else ",".join(hosts))
