"""The file of a conda environment: what of it PyPI has, and what it doesn't."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from pipeline.config.source import read_text
from pipeline.errors import ConfigurationError
from pipeline.scaffold.adoption.values import LeftOut
from pipeline.values import Struct

PYTHON = re.compile(r"(?:[\w-]+::)?python\s*(?P<range>[=<>!~].*)?")
EXACT = re.compile(r"=?=\s*(?P<version>\d+(?:\.\d+)*)(?:\.\*|\*)?")


class CondaEnvironment(Struct, frozen=True):
    """What it asks for that an environment of ours can have."""

    python: str  # a range, or empty where the file names none
    requirements: tuple[str, ...]  # from its section for pip
    conda_packages: tuple[str, ...]  # which only conda can install


def read(path: Path, shown_as: str) -> tuple[CondaEnvironment, list[LeftOut]]:
    """Raises ``ConfigurationError`` for a file that isn't there or isn't one of a conda environment."""
    text = read_text(path, shown_as)
    try:
        value = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ConfigurationError(f"{shown_as}: not valid YAML") from error
    dependencies = value.get("dependencies", []) if isinstance(value, dict) else None
    if not isinstance(dependencies, list):
        raise ConfigurationError(f"{shown_as}: it isn't the file of a conda environment: 'dependencies' isn't a list")
    return _environment(dependencies, text.splitlines(), shown_as)


def _environment(
    dependencies: list[Any], lines: Sequence[str], shown_as: str
) -> tuple[CondaEnvironment, list[LeftOut]]:
    python, requirements, packages = "", [], []
    left: list[LeftOut] = []
    for entry in dependencies:
        if isinstance(entry, dict):
            requirements += [str(each) for each in entry.get("pip") or []]
        elif match := PYTHON.fullmatch(str(entry).strip()):
            python = _range(match["range"] or "")
        elif str(entry).strip() not in ("pip", "setuptools", "wheel"):
            packages.append(str(entry))
            left.append(LeftOut(shown_as, _line(lines, str(entry)), f"{entry} is conda's: no lock of ours can have it"))
    return CondaEnvironment(python, tuple(requirements), tuple(packages)), left


def _range(text: str) -> str:
    """As Python's standard has it: ``=3.10`` means any 3.10 for conda."""
    if match := EXACT.fullmatch(text.replace(" ", "")):
        return f"=={match['version']}.*"
    return text.replace(" ", "")


def _line(lines: Sequence[str], entry: str) -> int:
    return next((number for number, line in enumerate(lines, 1) if entry in line), 1)
