"""Does a lock have what its requirements ask for, and nothing else? Checked with file and line before any build.

Markers are evaluated for this platform and for each Python in the range: a lock is checked on the machine that uses
it. Whether the pins fit each other, only a resolver can say.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.envs.definition import Definition
from pipeline.envs.lockfiles import options, requirements
from pipeline.envs.lockfiles.lockfile import LockFile, NotALock, Pin, marker_environment, parse
from pipeline.envs.lockfiles.ranges import versions_in
from pipeline.envs.lockfiles.requirements import LineKind, RequirementLine
from pipeline.errors import ConfigurationError, NotReady, did_you_mean

if TYPE_CHECKING:
    from packaging.requirements import Requirement

SHOWN = 5  # disagreements in one message; one command repairs them all
MarkerEnvironment = Mapping[str, str]  # the variables of markers and their values, for one version of Python


def require(definition: Definition) -> None:
    """Raises ``NotReady`` where ``problem`` gives a reason."""
    if reason := problem(definition):
        raise NotReady(f"environment '{definition.name}': {reason}", repair(definition))


def problem(definition: Definition) -> str | None:
    """Why nothing can be built from the lock, with file and line: it was damaged, or doesn't fit its requirements.

    ``None`` where nothing is wrong, and for an external environment (interpreter:), which has no lock.
    """
    if definition.lock is None:
        return None
    shown_as = f"{definition.locked.parent.name}/{definition.locked.name}"
    try:
        lock = parse(definition.locked.read_text(encoding="utf-8-sig"))
        lines = requirements.read(definition.requirements) if definition.requirements else ()
        options.check(lines)
    except NotALock as error:
        return f"{shown_as}:{error.line}: {error.reason}"
    except ConfigurationError as error:
        return error.message
    except UnicodeDecodeError:
        return f"{shown_as}: not UTF-8 text"
    except OSError as error:
        return f"{shown_as}: can't be read: {error.strerror}"
    reasons = [
        *disagreements(lines, lock, definition.python, shown_as),
        *_other_kinds_of_files(lines, lock, shown_as),
        *_unknown_packages(definition, lock, shown_as),
        *_pins_without_line(definition.requirements, lines, lock, shown_as),
    ]
    more = [f"and {len(reasons) - SHOWN} more"] if len(reasons) > SHOWN else []
    return "\n  ".join([*reasons[:SHOWN], *more]) or None


def repair(definition: Definition) -> str:
    """The command that makes the lock fit its requirements, after what has to be edited before it can."""
    command = f"pipeline env lock {definition.name}"
    try:
        lines = requirements.read(definition.requirements) if definition.requirements else ()
    except ConfigurationError as error:
        return f"{error.next_step}, then\n{command}" if error.next_step else command
    wrong = next((line.where for line in lines if not _is_requirement(line)), None)
    return f"change {wrong}, then\n{command}" if wrong else command


def disagreements(lines: Sequence[RequirementLine], lock: LockFile, python: str, lock_name: str) -> Iterator[str]:
    """A sentence for each line that the lock doesn't fulfil, or that isn't a requirement. Raises nothing.

    ``python``: the definition's range. ``lock_name``: the lock, for a person.
    """
    versions = versions_in(python)
    if lock.python is not None and (beyond := sorted(set(versions) - set(versions_in(lock.python)))):
        yield f"{lock_name}:1: it was made for Python {lock.python}, and {python or 'any'} is asked for ({beyond[0]})"
    environments = [marker_environment(version) for version in versions]
    for line in lines:
        if line.kind is not LineKind.OPTION and (reason := _disagreement(line, lock, environments, lock_name)):
            yield reason


def _disagreement(
    line: RequirementLine, lock: LockFile, environments: Sequence[MarkerEnvironment], lock_name: str
) -> str | None:
    from packaging.requirements import InvalidRequirement
    from packaging.utils import canonicalize_name

    if line.is_local:
        return f"{line.where}: {line.text} names a file of this machine, which no other has"
    try:
        requirement = _requirement(line)
    except InvalidRequirement as error:
        return f"{line.where}: {line.text!r} isn't a requirement: {str(error).splitlines()[0]}"
    pins = lock.named(canonicalize_name(requirement.name))
    reason = _unmet(requirement, pins, environments, line.kind)
    if reason is None and line.kind is LineKind.REQUIREMENT and lock.python is not None:
        reason = _missing_extras(requirement, pins)
    return f"{line.where}: {reason.format(lock=lock_name)}" if reason else None


def _is_requirement(line: RequirementLine) -> bool:
    """Whether a lock can be made of the line."""
    from packaging.requirements import InvalidRequirement

    if line.kind is LineKind.OPTION:
        return True
    try:
        return not line.is_local and bool(_requirement(line))
    except InvalidRequirement:
        return False


def _requirement(line: RequirementLine) -> "Requirement":
    """Without hashes, which the resolver checks. Raises ``InvalidRequirement`` where the line isn't a requirement."""
    from packaging.requirements import Requirement

    return Requirement(line.text.split(" --", 1)[0])


def _unmet(
    requirement: "Requirement", pins: Sequence[Pin], environments: Sequence[MarkerEnvironment], kind: LineKind
) -> str | None:
    for environment in environments:
        if requirement.marker and not requirement.marker.evaluate(dict(environment)):
            continue
        here = [pin for pin in pins if pin.is_for(environment)]
        if not here and kind is LineKind.REQUIREMENT:
            which = f" for Python {environment['python_version']}" if pins else ""
            return f"{requirement.name} isn't in {{lock}}{which}"
        if here and not any(_meets(requirement, pin) for pin in here):
            return f"{_shown(requirement)} isn't what {{lock}}:{here[0].line} has, which is {here[0]}"
    return None


def _meets(requirement: "Requirement", pin: Pin) -> bool:
    if requirement.url:
        return requirement.url == pin.version
    return "://" in pin.version or requirement.specifier.contains(pin.version, prereleases=True)


def _missing_extras(requirement: "Requirement", pins: Sequence[Pin]) -> str | None:
    from packaging.utils import canonicalize_name

    extras = {canonicalize_name(extra) for extra in requirement.extras}
    return next(
        (
            f"the extra {', '.join(sorted(extras - pin.extras))} of {requirement.name}"
            f" isn't what {{lock}}:{pin.line} has"
            for pin in pins
            if extras - pin.extras
        ),
        None,
    )


def _pins_without_line(
    file: Path | None, lines: Sequence[RequirementLine], lock: LockFile, lock_name: str
) -> Iterator[str]:
    """Pins whose line in the requirements is gone. Where a pin has no ``# via``, this isn't known."""
    files = {line.shown_as for line in lines} | ({f"{file.parent.name}/{file.name}"} if file else set())
    named = {(line.shown_as, _name(line)) for line in lines}
    for pin in lock.pins:
        sources = [via.removeprefix("-r ") for via in pin.via]
        if sources and all(source in files and (source, pin.name) not in named for source in sources):
            yield f"{lock_name}:{pin.line}: {pin} is there for {sources[0]}, which doesn't ask for it any more"


def _other_kinds_of_files(lines: Sequence[RequirementLine], lock: LockFile, lock_name: str) -> Iterator[str]:
    asked = [line for line in lines if line.kind is LineKind.OPTION]
    if options.kinds_of_files(line.text for line in asked) != options.kinds_of_files(lock.options):
        where = next((line.where for line in asked if "binary" in line.text), f"{lock_name}:1")
        yield f"{where}: which packages are wheels, and which are built from source, isn't what {lock_name} has"


def _unknown_packages(definition: Definition, lock: LockFile, lock_name: str) -> Iterator[str]:
    """What the definition says of packages that aren't there has no effect."""
    known = sorted({pin.name for pin in lock.pins})
    for key, names in (("overlaps", definition.preferred), ("build_after", dict(definition.build_after))):
        for name in names:
            if name not in known:
                hint = did_you_mean(name, known, listing=False)
                yield f"{definition.path}: {key} names {name}, which isn't in {lock_name}{hint}"


def _name(line: RequirementLine) -> str:
    from packaging.requirements import InvalidRequirement
    from packaging.utils import canonicalize_name

    try:
        return canonicalize_name(_requirement(line).name)
    except InvalidRequirement:
        return ""


def _shown(requirement: "Requirement") -> str:
    if requirement.url:
        return f"{requirement.name} @ {requirement.url}"
    return f"{requirement.name}{requirement.specifier}"
