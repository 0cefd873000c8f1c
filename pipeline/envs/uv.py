"""uv, the installer: in a checkout's ``.tools``, where ``bootstrap.sh`` puts it if need be (for an installed tool, in
the user's data folder, where a bundle puts it), installed with this package, or on PATH.
"""

import os
import shlex
import shutil
import sys
from collections.abc import Collection, Mapping
from pathlib import Path
from types import MappingProxyType

from pipeline.envs import build_inheritance
from pipeline.envs.platform.layout import WINDOWS, clones, executable, scripts_folder
from pipeline.envs.platform.user_folders import data_folder
from pipeline.envs.variables import with_own, without_python
from pipeline.errors import NotReady

NOTHING: Mapping[str, str] = MappingProxyType({})
CHECKOUT = Path(__file__).parents[2]
IN_CHECKOUT = (CHECKOUT / "bootstrap.sh").is_file()
PRIVATE = scripts_folder((CHECKOUT / ".tools" if IN_CHECKOUT else data_folder() / "tools") / "uv") / executable("uv")


def find() -> Path:
    """The program to use. Raises ``NotReady`` where there is none."""
    program = shutil.which(PRIVATE) or shutil.which(_installed()) or shutil.which("uv")
    if program is None:
        raise NotReady("uv, which builds environments, isn't there", _installation())
    return Path(program)


def command() -> str:
    """uv as a person can type it."""
    if shutil.which("uv"):
        return "uv"
    return str(_installed() if shutil.which(_installed()) else PRIVATE)


def _installed() -> Path:
    """Where the package uv puts it, beside this interpreter."""
    return scripts_folder(Path(sys.prefix)) / executable("uv")


def _installation() -> str:
    """What gets uv, as a person can type it."""
    if IN_CHECKOUT:
        return "./bootstrap.sh"
    return f"{shlex.quote(sys.executable)} -m pip install uv"


def variables(
    base: Mapping[str, str],
    link_mode: str | None = None,
    own: Mapping[str, str] = NOTHING,
    names: Collection[str] = (),
    inherits: bool = False,
) -> dict[str, str]:
    """The variables that uv gets, and builds from source with it (``build_inheritance``).

    ``base``: the caller's. ``link_mode``: for calls that install into an environment. ``own``: the environment's.
    ``names``: further ones of the caller's. ``inherits``: all of them, but those that configure uv or steer an
    interpreter.
    """
    seen = with_own(base if inherits else build_inheritance.visible(base, names), own)
    left_out = {name for name in seen if name.startswith("UV_") and not build_inheritance.is_setting_of_uv(name)}
    variables = {name: value for name, value in without_python(seen).items() if name not in left_out}
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
