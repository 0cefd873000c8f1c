"""What the hub's own client has in the user's cache already, so that nothing is downloaded twice.

Its layout: https://huggingface.co/docs/huggingface_hub/guides/manage-cache
"""

import os
from collections.abc import Mapping
from pathlib import Path

from pipeline.config.models import HubSource
from pipeline.digests import sha256_of_file


def place(source: HubSource, files: Mapping[str, str], into: Path, variables: Mapping[str, str]) -> dict[str, str]:
    """Link to the files of the cache that have these SHA-256, by name. Returns those that were linked."""
    snapshot = folder(variables) / f"models--{source.repository.replace('/', '--')}" / "snapshots" / source.revision
    linked = {}
    for name, expected in files.items():
        file = Path(os.path.realpath(snapshot / name))
        if (into / name).exists() or not file.is_file():
            continue
        try:
            digest = sha256_of_file(file).removeprefix("sha256:")
        except OSError:  # somebody else's, or being removed
            continue
        if digest == expected:
            (into / name).parent.mkdir(parents=True, exist_ok=True)
            (into / name).symlink_to(file)
            linked[name] = digest
    return linked


def folder(variables: Mapping[str, str]) -> Path:
    if named := variables.get("HF_HUB_CACHE") or variables.get("HUGGINGFACE_HUB_CACHE"):
        return Path(named).expanduser()
    home = variables.get("HF_HOME") or Path(variables.get("XDG_CACHE_HOME") or "~/.cache", "huggingface")
    return Path(home).expanduser() / "hub"
