"""Which environment it is: the key of one that has no lock, taken over what is installed in it.

Two looks. ``fingerprint`` is for every use: names and times of what installers touch, no file read. Where that has
changed, ``key_input`` reads each package's ``RECORD``, which holds the digests of all of its files. Neither sees a
file that was changed in place; what no ``RECORD`` covers at all is told by ``unrecorded``.
"""

import json
import os
from collections.abc import Iterator
from typing import Any

from pipeline.digests import sha256_of_bytes, tagged_digest
from pipeline.envs.external.environment import Foreign
from pipeline.envs.external.inspection import Facts

SCHEMA = 1
METADATA = ("RECORD", "PKG-INFO", "METADATA")  # of a distribution, what identifies its content best first
MARKS = ("pyvenv.cfg", "conda-meta")  # conda rewrites a file in its folder with each package


def fingerprint(foreign: Foreign, facts: Facts) -> dict[str, Any]:
    """Equal where nothing was installed, removed or upgraded since. A folder that is gone counts as such."""
    return {
        "python": _stamp(os.fspath(foreign.python)),
        "marks": [_stamp(os.path.join(foreign.prefix, mark)) for mark in MARKS],
        "folders": {folder: _stamp(folder) for folder in (*facts.folders, *facts.sources)},
        "packages": {path: _stamp(_metadata(path)) for folder in facts.folders for path in _distributions(folder)},
    }


def key_of(key_input: dict[str, Any]) -> str:
    return tagged_digest("foreign-environment", key_input)


def key_input(foreign: Foreign, facts: Facts) -> dict[str, Any]:
    """What the key is taken over; the same for two environments into which the same was installed."""
    packages = [_described(path) for folder in facts.folders for path in _distributions(folder)]
    return {
        "schema": SCHEMA,
        "kind": foreign.kind,
        "python": facts.version,
        "abi": facts.abi,
        "platform": facts.platform,
        "packages": sorted(packages),
        "loose": sorted(each for folder in facts.folders for each in _loose(folder)),
        "conda": sorted(_names(os.path.join(foreign.prefix, "conda-meta"), ".json")),
    }


def unrecorded(facts: Facts) -> str | None:
    """Why its content can change without anything that we look at changing."""
    if facts.sources:
        return f"it takes modules from {', '.join(facts.sources)}, which no package records"
    editable = sorted(_label(path) for folder in facts.folders for path in _distributions(folder) if _is_editable(path))
    return f"{', '.join(editable)} is installed from a folder that may be edited" if editable else None


def _distributions(folder: str) -> list[str]:
    return [os.path.join(folder, name) for name in _names(folder, ".dist-info", ".egg-info", ".egg-link")]


def _names(folder: str, *endings: str) -> list[str]:
    try:
        return sorted(name for name in os.listdir(folder) if name.endswith(endings))
    except OSError:
        return []


def _metadata(distribution: str) -> str:
    """The file of a distribution that an installer writes; an old kind is that file itself."""
    files = (os.path.join(distribution, name) for name in METADATA)
    return next((file for file in files if os.path.exists(file)), distribution)


def _described(distribution: str) -> list[str]:
    name = os.path.basename(distribution)
    return [name, _digest(_metadata(distribution))]


def _loose(folder: str) -> Iterator[list[str]]:
    """Modules that lie there without a package, and the files that extend the path."""
    for name in _names(folder, ".py", ".pth"):
        yield [name, _digest(os.path.join(folder, name))]


def _digest(file: str) -> str:
    try:
        with open(file, "rb") as opened:
            return sha256_of_bytes(opened.read())
    except OSError:
        return "unreadable"


def _is_editable(distribution: str) -> bool:
    """https://packaging.python.org/en/latest/specifications/direct-url/"""
    if distribution.endswith(".egg-link"):
        return True
    try:
        with open(os.path.join(distribution, "direct_url.json"), encoding="utf-8") as file:
            return bool(json.load(file)["dir_info"].get("editable"))
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return False


def _label(distribution: str) -> str:
    return os.path.basename(distribution).rpartition(".")[0].split("-")[0]


def _stamp(path: str) -> list[int] | None:
    try:
        status = os.stat(path)
    except OSError:
        return None
    return [status.st_size, status.st_mtime_ns]
