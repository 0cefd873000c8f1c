"""The options in requirements files: those that mean the same in each command, and where the others belong.

Options about indexes hold for every call of uv (``uv_settings.py``). Which packages may be wheels or source stands in
the lock, too, since the same pins with another such option are other files.
"""

import os
import re
import shlex
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from pipeline.envs.lockfiles.requirements import LineKind, RequirementLine
from pipeline.errors import ConfigurationError

INDEX, EXTRA, LINKS = "--index-url", "--extra-index-url", "--find-links"
NO_BINARY, ONLY_BINARY = "--no-binary", "--only-binary"
ALL = ":all:"  # packages
INCLUDES = {"-r", "--requirement", "-c", "--constraint"}  # of a file on a server, which the resolver reads
ALIASES = {"-i": INDEX, "--pypi-url": INDEX, "-f": LINKS}
WITH_VALUE = {INDEX, EXTRA, LINKS, NO_BINARY, ONLY_BINARY, *INCLUDES}
ALONE = {"--no-index", "--pre"}
PLACES = {
    "--trusted-host": "set UV_INSECURE_HOST=HOST on the machines that trust it",
    "--prefer-binary": "write --only-binary PACKAGE for those that must be wheels",
    "--require-hashes": "leave it out: a lock has all hashes",
    "--no-build-isolation": "write build_after: {PACKAGE: [WHAT ITS BUILD NEEDS]} into the environment's definition",
    "--config-settings": "write variables into the environment's definition, if the package's build reads any",
    "--global-option": "write variables into the environment's definition, if the package's build reads any",
}
VARIABLE = re.compile(r"\$\{([A-Z0-9_]+)\}")  # as pip and uv have it
PASSWORD = re.compile(r"(?i)(?:\w+\+)?https?://[^/\s]+@")


@dataclass(frozen=True)
class RequirementOptions:
    """Addresses have their variables filled."""

    default_index: str = ""
    indexes: tuple[str, ...] = ()
    find_links: tuple[str, ...] = ()
    no_index: bool = False
    pre_releases: bool = False


def check(lines: Iterable[RequirementLine]) -> None:
    """Raises ``ConfigurationError``, with file and line, for an option that would be ignored somewhere."""
    for line in lines:
        if line.kind is LineKind.OPTION:
            list(_options(line))
        else:
            _check_requirement(line)


def of_lines(lines: Iterable[RequirementLine], root: Path, variables: Mapping[str, str]) -> RequirementOptions:
    """What the options say of indexes. ``root``: the project's folder; ``variables``: the values of ``${NAME}``.

    Raises ``ConfigurationError`` as ``check``, and for a variable that isn't set.
    """
    options = RequirementOptions()
    for line in lines:
        for option, value in _options(line) if line.kind is LineKind.OPTION else ():
            text = filled(value, variables, line.where)
            if option == INDEX:
                options = replace(options, default_index=text)
            elif option == EXTRA:
                options = replace(options, indexes=(*options.indexes, text))
            elif option == LINKS:
                options = replace(options, find_links=(*options.find_links, _link(text, Path(root, line.shown_as))))
            elif option == "--no-index":
                options = replace(options, no_index=True)
            elif option == "--pre":
                options = replace(options, pre_releases=True)
    return options


def kinds_of_files(lines: Iterable[str]) -> dict[str, frozenset[str]]:
    """The packages of ``--no-binary`` and of ``--only-binary`` in lines that are options; ``ALL`` for all."""
    found: dict[str, frozenset[str]] = {NO_BINARY: frozenset(), ONLY_BINARY: frozenset()}
    for line in lines:
        for option, value in _pairs(line):
            if option in found:
                names = {_canonical(name) for name in value.split(",") if name.strip()}
                found[option] = frozenset() if ":none:" in names else found[option] | names
    return found


def filled(address: str, variables: Mapping[str, str], where: str) -> str:
    """An address with the values of its ``${NAME}``. Raises ``ConfigurationError`` for one that isn't set."""
    for name in VARIABLE.findall(address):
        if name not in variables:
            raise ConfigurationError(f"{where}: the variable {name} isn't set", f"set {name}, then run it again")
    return VARIABLE.sub(lambda match: variables[match[1]], address)


def _options(line: RequirementLine) -> Iterator[tuple[str, str]]:
    for option, value in _pairs(line.text):
        if option not in WITH_VALUE | ALONE:
            place = PLACES.get(option, "leave it out, or find the package's own way to set it")
            raise ConfigurationError(f"{line.where}: {option} has no effect in a requirements file here", place)
        if option in WITH_VALUE and not value:
            raise ConfigurationError(f"{line.where}: {option} has no value")
        yield option, value


def _pairs(text: str) -> Iterator[tuple[str, str]]:
    """Each option and its value, ``--option value``, ``--option=value`` or ``-ovalue``; empty for one without."""
    try:
        words = shlex.split(text, posix=os.name != "nt")
    except ValueError:
        words = text.split()
    while words:
        option, _, value = words.pop(0).partition("=")
        if option[:2] in ("-i", "-f", "-r", "-c") and len(option) > 2:
            option, value = option[:2], option[2:] + (f"={value}" if value else "")
        option = ALIASES.get(option, option)
        if option in WITH_VALUE and not value and words:
            value = words.pop(0)
        yield option, value


def _check_requirement(line: RequirementLine) -> None:
    if PASSWORD.search(line.text):
        raise ConfigurationError(
            f"{line.where}: {line.text} has a name or a password in its address, which the lock would show to all",
            "put them into the file .netrc in your home folder, and leave them out here",
        )
    for option in re.findall(r" (--[a-z-]+)", line.text):
        if option != "--hash":
            place = PLACES.get(option.removesuffix("s"), PLACES.get(option, "leave it out"))
            raise ConfigurationError(f"{line.where}: {option} has no effect in a requirements file here", place)


def _link(text: str, file: Path) -> str:
    """A folder is meant from the file that names it."""
    return text if "://" in text else os.path.normpath(file.parent / os.path.expanduser(text))  # noqa: PTH111  # as pip


def _canonical(name: str) -> str:
    from packaging.utils import canonicalize_name

    return name.strip() if name.strip().startswith(":") else canonicalize_name(name.strip())
