"""Where a user's own data are, on each system."""

import os
from pathlib import Path

from pipeline.envs.platform.layout import WINDOWS


def data_folder() -> Path:
    """Of this tool: ``$XDG_DATA_HOME/pipeline``, else ``~/.local/share/pipeline``; on Windows in ``%LOCALAPPDATA%``.

    It isn't made, and is no full path where the machine has no home folder or the variable is none.
    """
    usual = os.environ.get("LOCALAPPDATA") if WINDOWS else None
    data = os.environ.get("XDG_DATA_HOME") or usual or os.path.expanduser("~/.local/share")  # noqa: PTH111  # no home
    return Path(data, "pipeline")


def cache_folder() -> Path:
    """What can be found out again: ``$XDG_CACHE_HOME/pipeline``, else ``~/.cache/pipeline``; otherwise as
    ``data_folder``.
    """
    usual = os.path.join(os.environ["LOCALAPPDATA"], "cache") if WINDOWS and "LOCALAPPDATA" in os.environ else None
    cache = os.environ.get("XDG_CACHE_HOME") or usual or os.path.expanduser("~/.cache")  # noqa: PTH111  # no home
    return Path(cache, "pipeline")
