"""Which of the caller's variables uv gets, and with it the builds of packages from source.

uv gives a build all that it has itself. A shell has much that no build should see, such as the keys of cloud accounts,
and switches of packages that nobody knows: a build that depended on one couldn't be told from another. Pure.
"""

import re
from collections.abc import Collection, Mapping

from pipeline.envs import build_variables, inheritance

# A machine's own settings for uv: where its packages come from, and how it reaches the network. Other settings of uv
# would change what is built.
UV_SETTINGS = {
    "UV_CACHE_DIR",
    "UV_DEFAULT_INDEX",
    "UV_INDEX",
    "UV_INDEX_URL",
    "UV_EXTRA_INDEX_URL",
    "UV_FIND_LINKS",
    "UV_NO_INDEX",
    "UV_OFFLINE",
    "UV_INSECURE_HOST",
    "UV_KEYRING_PROVIDER",
    "UV_NATIVE_TLS",
    "UV_SYSTEM_CERTS",
    "UV_HTTP_TIMEOUT",
    "UV_HTTP_RETRIES",
    "UV_CONCURRENT_BUILDS",
    "UV_CONCURRENT_DOWNLOADS",
    "UV_CONCURRENT_INSTALLS",
    "UV_PYTHON_DOWNLOADS",
    "UV_PYTHON_INSTALL_DIR",
    "UV_PYTHON_INSTALL_MIRROR",
    "UV_PYPY_INSTALL_MIRROR",
}
UV_CREDENTIALS = re.compile(r"UV_INDEX_[A-Z0-9_]+_(USERNAME|PASSWORD)")  # of an index that UV_INDEX names
# How builds reach the network, and where their tools keep things; none of it changes what is built.
NEEDED = {
    "ALL_PROXY", "SSL_CLIENT_CERT", "NETRC", "SSH_AUTH_SOCK", "SSH_ASKPASS", "DBUS_SESSION_BUS_ADDRESS",
    "CARGO_HOME", "RUSTUP_HOME", "RUSTC_WRAPPER", "GOPATH", "GOCACHE", "GOPROXY", "CCACHE_DIR", "SCCACHE_DIR",
    "MAKEFLAGS", "MAX_JOBS", "NVCC_THREADS", "NINJAFLAGS", "NINJA_STATUS",
}  # fmt: skip
PREFIXES = ("PIP_", "GIT_", "CARGO_NET_", "CARGO_HTTP_", "KEYRING_")


def visible(caller: Mapping[str, str], names: Collection[str] = ()) -> dict[str, str]:
    """The declared set. ``names``: further ones, such as those in the address of an index."""
    steering = build_variables.of_caller(caller)
    return {
        name: value
        for name, value in caller.items()
        if name in names or name in steering or inheritance.is_needed(name) or _is_needed(name)
    }


def digest_of_all(caller: Mapping[str, str]) -> str:
    """Of what a build sees beyond the declared set where it inherits all."""
    declared = visible(caller)
    return inheritance.digest_of_others({name: value for name, value in caller.items() if name not in declared})


def is_setting_of_uv(name: str) -> bool:
    """Whether a variable says how uv reaches its packages, and not what it does with them."""
    return name in UV_SETTINGS or UV_CREDENTIALS.fullmatch(name) is not None


def _is_needed(name: str) -> bool:
    return name in NEEDED or name.startswith(PREFIXES) or is_setting_of_uv(name)
