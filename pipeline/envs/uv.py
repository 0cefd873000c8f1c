"""uv, the installer: in ``.tools`` beside this package, where ``bootstrap.sh`` puts it if need be, or on PATH."""

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from pipeline.envs.platform.layout import WINDOWS, clones, executable, scripts_folder
from pipeline.envs.variables import without_python
from pipeline.errors import NotReady

# Where packages come from, and how the network is reached, is the machine's business.
KEPT = {
    "UV_CACHE_DIR",
    "UV_DEFAULT_INDEX",
    "UV_INDEX",
    "UV_INDEX_URL",
    "UV_EXTRA_INDEX_URL",
    "UV_FIND_LINKS",
    "UV_NO_INDEX",
    "UV_OFFLINE",
    "UV_NATIVE_TLS",
    "UV_SYSTEM_CERTS",
    "UV_HTTP_TIMEOUT",
    "UV_HTTP_RETRIES",
    "UV_PYTHON_DOWNLOADS",
    "UV_PYTHON_INSTALL_DIR",
}
PRIVATE = scripts_folder(Path(__file__).parents[2] / ".tools" / "uv") / executable("uv")


def find() -> Path:
    """Raises ``NotReady`` where there is none."""
    found = shutil.which(PRIVATE) or shutil.which("uv")
    if found is None:
        raise NotReady("uv, which builds environments, isn't there", "./bootstrap.sh")
    return Path(found)


def command() -> str:
    """uv as a person can type it."""
    return "uv" if shutil.which("uv") else str(PRIVATE)


def index_options(index: str) -> list[str]:
    """An index beside the usual one, for making a lock and for installing what is in it.

    The best version of either is taken, since such an index has old copies of what it doesn't care for; the hashes
    in the lock then say which file was meant.
    """
    return ["--index", index, "--index-strategy", "unsafe-best-match"] if index else []


def variables(base: Mapping[str, str], link_mode: str | None = None) -> dict[str, str]:
    """What uv sees of the caller's variables: no configuration but ours, and nothing that steers an interpreter.

    ``link_mode``: for calls that install into an environment.
    """
    steering = {name for name in base if name.startswith("UV_") and name not in KEPT}
    chosen = {name: value for name, value in without_python(base).items() if name not in steering}
    if link_mode:
        chosen["UV_LINK_MODE"] = link_mode
    return {**chosen, "UV_NO_CONFIG": "1", "UV_NO_PROGRESS": "1"}


def link_mode(wanted: str, target: Path) -> str:
    """How files get from uv's cache into an environment below ``target``.

    Files of their own, by reflink or as copies, so that what damages an environment leaves the cache whole. uv itself
    falls back from reflinks to hard links, so whether there are reflinks is tried here.
    """
    cache = cache_folder()
    if not shares_disk(cache, target):
        return "copy"
    if wanted == "hardlink":
        return "hardlink"
    return "clone" if clones(cache, target) else "copy"


def cache_folder() -> Path:
    if chosen := os.environ.get("UV_CACHE_DIR"):
        return Path(chosen)
    if WINDOWS:
        return Path(os.environ.get("LOCALAPPDATA", ""), "uv", "cache")
    home = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")  # noqa: PTH111  # may have no home
    return Path(home, "uv")


def shares_disk(cache: Path, target: Path) -> bool:
    try:
        return os.stat(cache).st_dev == os.stat(target).st_dev
    except OSError:
        return True  # no cache yet: it will be made, most likely on the same disk
