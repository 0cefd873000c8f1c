"""The wheels that one Python can use on this machine. Pure."""

import re
from collections.abc import Iterator, Sequence

from pipeline.envs.interpreters import BaseInterpreter
from pipeline.envs.lockfiles.lockfile import Pin


def best_wheel(names: Sequence[str], pin: Pin, python: BaseInterpreter) -> str | None:
    """The file name of the wheel that fits this Python best; ``None`` where none fits. Other names are ignored."""
    from packaging.utils import InvalidWheelFilename, parse_wheel_filename

    order = {str(tag): place for place, tag in enumerate(_tags(python))}
    ranked = []
    for name in names:
        try:
            package, version, _, tags = parse_wheel_filename(name)
        except InvalidWheelFilename:
            continue
        places = [order[str(tag)] for tag in tags if str(tag) in order]
        if package == pin.name and places and _is_same(str(version), pin.version):
            ranked.append((min(places), name))
    return min(ranked)[1] if ranked else None


def _is_same(version: str, pinned: str) -> bool:
    from packaging.version import Version

    return "://" in pinned or Version(version) == Version(pinned)


def _tags(python: BaseInterpreter) -> Iterator[object]:
    from packaging import tags

    match = re.match(r"(\d+)\.(\d+)", python.version)
    assert match, python.version
    version = (int(match[1]), int(match[2]))
    free_threaded = "t" if re.match(r"cpython-\d+t", python.abi) else ""
    abi = f"cp{version[0]}{version[1]}{free_threaded}"
    yield from tags.cpython_tags(version, abis=[abi])
    yield from tags.compatible_tags(version, interpreter=f"cp{version[0]}{version[1]}")
