"""A small universe of packages, as the real resolver sees it."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from pipeline.conflicts.conflicting_lines import Compatibility, explain
from pipeline.conflicts.resolver import UvResolver
from pipeline.conflicts.sides import Side, side_of_requirement
from pipeline.envs import uv
from tests.conftest import make_wheel, offline

OWN = "3.11.7"


@dataclass(frozen=True)
class Universe:
    folder: Path

    def add(self, name: str, version: str, *requires: str, extras: tuple[str, ...] = ()) -> Path:
        metadata = [f"Provides-Extra: {extra}" for extra in extras] + [f"Requires-Dist: {each}" for each in requires]
        return make_wheel(self.folder, name, version, "", "".join(f"{line}\n" for line in metadata))

    def resolver(self) -> UvResolver:
        return UvResolver(uv.find(), ["--no-index", f"--find-links {self.folder}"])

    def explain(self, *requirements: str) -> Compatibility:
        """Each is a side of its own, as on the command line."""
        return explain(typed(*requirements), self.resolver(), OWN)


def typed(*requirements: str) -> list[Side]:
    return [side_of_requirement(text, f"argument {number}") for number, text in enumerate(requirements, 1)]


@pytest.fixture
def universe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spawning: None) -> Universe:
    (tmp_path / "wheels").mkdir()
    for name, value in offline(tmp_path).items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("UV_OFFLINE")  # with --no-index nothing is asked; a package that isn't there is one
    return Universe(tmp_path / "wheels")
