"""From an environment's definition, requirements and lock to what uv is told of its packages."""

import contextlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.envs import build_inheritance, build_variables
from pipeline.envs.definition import Definition
from pipeline.envs.lockfiles import options, requirements
from pipeline.envs.lockfiles.lockfile import LockFile, NotALock, Pin, parse
from pipeline.envs.lockfiles.options import RequirementOptions
from pipeline.envs.uv_settings import UvSettings
from pipeline.errors import ConfigurationError

if TYPE_CHECKING:
    from packaging.requirements import Requirement

Variables = Mapping[str, str]


# uv takes what it has once built in place of a wheel, unless it was built with other variables.
CHOSEN = {"PIPELINE_FROM_SOURCE": "1"}
INHERITED = "PIPELINE_INHERITED"
SHORTEST_SECRET = 6  # letters; shorter ones may be anywhere by chance


def for_locking(definition: Definition, base: Variables, own: Variables, packages: Iterable[str] = ()) -> UvSettings:
    """For the resolver, before there is a lock. ``packages``: those that may be built to see what they require.

    The other parameters are those of ``for_lock``. Raises ``ConfigurationError``.
    """
    variables = _build_variables(definition, base, own)
    return _settings(definition, base, dict.fromkeys(packages, variables), dict(definition.build_after))


def for_lock(
    definition: Definition, base: Variables, own: Variables | None = None, offline: bool = False, inherits: bool = False
) -> UvSettings:
    """For installing and fetching what a lock has. ``own``: the environment's variables, with their values.
    ``inherits``: builds see all of the caller's variables, so what they give is another's than those of other builds.

    Raises ``ConfigurationError`` for options that can't be followed. With ``offline``, an address may name variables
    that aren't set: nobody is asked there.
    """
    if offline:
        base = {**dict.fromkeys(named_variables(definition), ""), **base}
    lock = _lock(definition)
    variables = _build_variables(definition, base, own or {})
    if inherits:
        variables[INHERITED] = build_inheritance.digest_of_all(base)
    by_package = {pin.name: variables if pin.may_be_wheel else {**variables, **CHOSEN} for pin in lock.pins}
    after = {package: tuple(_pinned(each, lock)) for package, each in definition.build_after}
    return _settings(definition, base, by_package, after)


def steers_builds(definition: Definition, base: Variables) -> bool:
    """Whether variables are told of each package that is built."""
    return bool(_build_variables(definition, base, {}))


def _build_variables(definition: Definition, base: Variables, own: Variables) -> dict[str, str]:
    return {**build_variables.of_caller(base), **build_variables.of_definition(definition, own)}


def _settings(
    definition: Definition, base: Variables, by_package: Mapping[str, Variables], after: Mapping[str, tuple[str, ...]]
) -> UvSettings:
    found = _requirement_options(definition, base)
    own = options.filled(definition.index, base, definition.path)
    return UvSettings(
        default_index=found.default_index,
        indexes=tuple(dict.fromkeys([*filter(None, [own]), *found.indexes])),
        find_links=found.find_links,
        no_index=found.no_index,
        pre_releases=found.pre_releases,
        build_variables=by_package,
        build_requires=after,
    )


def _requirement_options(definition: Definition, base: Variables) -> RequirementOptions:
    """None where the requirements can't be read: a lock alone can be installed, and agreement.py says what is wrong."""
    file = definition.requirements
    try:
        lines = requirements.read(file) if file is not None else ()
    except ConfigurationError:
        return RequirementOptions()
    return options.of_lines(lines, _root(file), base) if file is not None else RequirementOptions()


def named_variables(definition: Definition) -> list[str]:
    """The variables in addresses of the definition and its requirements."""
    texts = [definition.index]
    with contextlib.suppress(ConfigurationError):
        texts += [line.text for line in requirements.read(definition.requirements)] if definition.requirements else []
    return [name for text in texts for name in options.VARIABLE.findall(text)]


def masked(text: str, definition: Definition, base: Variables) -> str:
    """What uv says, without the values of variables in addresses: it knows passwords, and no token in a path."""
    for value in sorted({base.get(name, "") for name in named_variables(definition)}, key=len, reverse=True):
        if len(value) >= SHORTEST_SECRET:
            text = text.replace(value, "****")
    return text


def _root(file: Path) -> Path:
    return file.parent.parent  # requirements/ and stages/ lie in the project's folder


def _lock(definition: Definition) -> LockFile:
    if definition.lock is None:
        return LockFile(())  # a lock that is being looked for
    try:
        return parse(definition.locked.read_text(encoding="utf-8-sig"))
    except (OSError, NotALock, UnicodeDecodeError):
        return LockFile(())  # who uses the lock says what is wrong with it


def _pinned(wanted: Iterable[str], lock: LockFile) -> Iterable[str]:
    """Requirements of a build, at the version that the environment has, too: what is built must fit it."""
    from packaging.requirements import Requirement
    from packaging.utils import canonicalize_name

    for text in wanted:
        requirement = Requirement(text)
        pins = [pin for pin in lock.named(canonicalize_name(requirement.name)) if "://" not in pin.version]
        yield from (_exact(requirement, pin) for pin in pins)
        if not pins:
            yield text


def _exact(requirement: "Requirement", pin: Pin) -> str:
    extras = f"[{','.join(sorted(requirement.extras))}]" if requirement.extras else ""
    return f"{pin.name}{extras}=={pin.version}" + (f" ; {pin.marker}" if pin.marker else "")
