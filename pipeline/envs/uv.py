"""uv, the installer: in ``.tools`` beside this package, where ``bootstrap.sh`` puts it if need be, or on PATH."""

import os
import re
import shutil
from collections.abc import Mapping
from pathlib import Path

from pipeline.envs.platform.layout import WINDOWS, clones, executable, scripts_folder
from pipeline.envs.variables import without_python
from pipeline.errors import NotReady

# A machine's own settings: where its packages come from, and how it reaches the network.
MACHINE_VARIABLES = {
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
    "UV_PYTHON_DOWNLOADS",
    "UV_PYTHON_INSTALL_DIR",
}
CREDENTIALS = re.compile(r"UV_INDEX_[A-Z0-9_]+_(USERNAME|PASSWORD)")  # of an index that UV_INDEX names
PRIVATE = scripts_folder(Path(__file__).parents[2] / ".tools" / "uv") / executable("uv")


def find() -> Path:
    """The program to use. Raises ``NotReady`` where there is none."""
    program = shutil.which(PRIVATE) or shutil.which("uv")
    if program is None:
        raise NotReady("uv, which builds environments, isn't there", "./bootstrap.sh")
    return Path(program)


def command() -> str:
    """uv as a person can type it."""
    return "uv" if shutil.which("uv") else str(PRIVATE)


def variables(base: Mapping[str, str], link_mode: str | None = None) -> dict[str, str]:
    """The variables that uv gets: the caller's, without those that configure uv or steer an interpreter.

    ``link_mode``: for calls that install into an environment.
    """
    known = {name for name in base if name in MACHINE_VARIABLES or CREDENTIALS.fullmatch(name)}
    left_out = {name for name in base if name.startswith("UV_")} - known
    variables = {name: value for name, value in without_python(base).items() if name not in left_out}
    if link_mode:
        variables["UV_LINK_MODE"] = link_mode
    return {**variables, "UV_NO_CONFIG": "1", "UV_NO_PROGRESS": "1"}


def link_mode(setting: str, target: Path) -> str:
    """How files get from uv's cache into an environment below ``target``. ``setting``: "auto" or "hardlink".

    By default an environment gets files of its own, by reflink or as copies: damage to the environment then leaves the
    cache whole. uv itself falls back from reflinks to hard links, so reflinks are tried out here.
    """
    cache = cache_folder()
    if not shares_disk(cache, target):
        return "copy"
    if setting == "hardlink":
        return "hardlink"
    return "clone" if clones(cache, target) else "copy"


def cache_folder() -> Path:
    """Where uv keeps its cache on this machine; the folder may not be there yet."""
    if chosen := os.environ.get("UV_CACHE_DIR"):
        return Path(chosen)
    if WINDOWS:
        return Path(os.environ.get("LOCALAPPDATA", ""), "uv", "cache")
    home = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")  # noqa: PTH111  # may have no home
    return Path(home, "uv")


def shares_disk(cache: Path, target: Path) -> bool:
    """Whether both folders lie on one file system, where files can be linked."""
    try:
        return os.stat(cache).st_dev == os.stat(target).st_dev
    except OSError:
        return True  # no cache yet: it will be made, most likely on the same disk
