"""What uv is told of one environment's packages: where they come from, and how they are built from source.

uv reads it from a file that nobody else can read, since an index's address may have a password, and the command line
and the log of a process are seen by others. A machine's own settings (``UV_DEFAULT_INDEX`` and the like) count, too.
"""

import contextlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pipeline.envs.private_file import private_file


@dataclass(frozen=True)
class UvSettings:
    """Addresses are complete: their variables are filled, and they may have passwords."""

    default_index: str = field(default="", repr=False)  # in place of the usual one
    indexes: tuple[str, ...] = field(default=(), repr=False)  # beside the usual one
    find_links: tuple[str, ...] = field(default=(), repr=False)  # pages and folders of package files
    no_index: bool = False
    pre_releases: bool = False
    build_variables: Mapping[str, Mapping[str, str]] = field(default_factory=dict)  # by package
    build_requires: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # by package, more requirements

    @property
    def addresses(self) -> tuple[str, ...]:
        """Of everything that packages come from."""
        return tuple(filter(None, (*self.indexes, self.default_index, *self.find_links)))

    def values(self) -> dict[str, Any]:
        """As uv's configuration has them: https://docs.astral.sh/uv/reference/settings/"""
        indexes: list[dict[str, Any]] = [{"url": each} for each in self.indexes]
        if self.default_index:
            indexes.append({"url": self.default_index, "default": True})
        # The best version of all indexes is taken, since one for some packages has old copies of others; the hashes in
        # a lock then say which file was meant.
        values = {
            "index": indexes,
            "index-strategy": "unsafe-best-match" if self.indexes else "",
            "find-links": list(self.find_links),
            "no-index": self.no_index,
            "prerelease": "allow" if self.pre_releases else "",
            "extra-build-variables": {name: dict(each) for name, each in self.build_variables.items() if each},
            "extra-build-dependencies": {name: list(each) for name, each in self.build_requires.items()},
        }
        return {name: value for name, value in values.items() if value}

    def toml(self) -> str:
        return "".join(f"{name} = {_toml(value)}\n" for name, value in self.values().items())

    @contextlib.contextmanager
    def options(self) -> Iterator[list[str | Path]]:
        """uv's options, the first on its command line, for as long as the block lasts."""
        text = self.toml()
        if not text:
            yield []
            return
        with private_file("uv.toml", text) as file:
            yield ["--config-file", file]


def _toml(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_toml(key)} = {_toml(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    if isinstance(value, bool):
        return "true" if value else "false"
    # JSON's escapes are TOML's, but for this character, which JSON doesn't escape.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
