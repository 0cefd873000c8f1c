"""The identity of an external environment: a key over what is installed in it, since it has no lock.

``fingerprint`` is for every use: it takes sizes and times of files that installers change, and reads none. Where it
has changed, ``key_input`` reads each package's ``RECORD``, which has the digests of all its files. Neither sees a file
that was changed in place. ``unrecorded`` says which part of the environment no ``RECORD`` covers.
"""

import json
import os
from collections.abc import Iterator
from typing import Any

from pipeline.digests import sha256_of_bytes, tagged_digest
from pipeline.envs.external.environment import ExternalEnvironment
from pipeline.envs.external.inspection import Facts

SCHEMA = 1
METADATA = ("RECORD", "PKG-INFO", "METADATA")  # of a distribution; the one that identifies its content best is first
MARKS = ("pyvenv.cfg", "conda-meta")  # conda changes a file in its folder with each package


def fingerprint(environment: ExternalEnvironment, facts: Facts) -> dict[str, Any]:
    """JSON values that are equal as long as nothing is installed, removed or upgraded. Raises nothing."""
    return {
        "python": _stamp(os.fspath(environment.python)),
        "marks": [_stamp(os.path.join(environment.prefix, mark)) for mark in MARKS],
        "folders": {folder: _stamp(folder) for folder in (*facts.folders, *facts.sources)},
        "packages": {path: _stamp(_metadata(path)) for folder in facts.folders for path in _distributions(folder)},
    }


def key_of(key_input: dict[str, Any]) -> str:
    """The environment's key: sha256: and 64 hexadecimal digits."""
    return tagged_digest("foreign-environment", key_input)


def key_input(environment: ExternalEnvironment, facts: Facts) -> dict[str, Any]:
    """What the key is a digest of, as JSON values; the same for two environments with the same packages."""
    packages = [_described(path) for folder in facts.folders for path in _distributions(folder)]
    return {
        "schema": SCHEMA,
        "kind": environment.kind,
        "python": facts.version,
        "abi": facts.abi,
        "platform": facts.platform,
        "packages": sorted(packages),
        "loose": sorted(each for folder in facts.folders for each in _loose(folder)),
        "conda": sorted(_names(os.path.join(environment.prefix, "conda-meta"), ".json")),
    }


def unrecorded(facts: Facts) -> str | None:
    """Why its content can change without the fingerprint changing; ``None`` where it can't."""
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
    """The file of a distribution that an installer writes. An old distribution is such a file itself."""
    files = (os.path.join(distribution, name) for name in METADATA)
    return next((file for file in files if os.path.exists(file)), distribution)


def _described(distribution: str) -> list[str]:
    name = os.path.basename(distribution)
    return [name, _digest(_metadata(distribution))]


def _loose(folder: str) -> Iterator[list[str]]:
    """Modules that belong to no package, and files that extend the path."""
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
