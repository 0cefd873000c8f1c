"""Whether a lock is what its requirements ask for. Told with file and line, both ways, before anything is installed.

It is held against the markers of this platform and of each Python in the range: a lock is read where it is used.
What only a resolver knows, it can't see: whether the pins fit each other.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.envs.definition import Definition
from pipeline.envs.lockfiles import requirements
from pipeline.envs.lockfiles.lockfile import LockFile, NotALock, Pin, parse
from pipeline.envs.lockfiles.markers import place
from pipeline.envs.lockfiles.ranges import versions_in
from pipeline.envs.lockfiles.requirements import Asked, Kind
from pipeline.errors import ConfigurationError, NotReady

if TYPE_CHECKING:
    from packaging.requirements import Requirement

SHOWN = 5  # disagreements in one message; one command mends them all
Marked = Mapping[str, str]  # what markers are held against, for one version of Python


def require(definition: Definition) -> None:
    """Raises ``NotReady`` where the lock isn't what the requirements ask for, or was damaged by hand."""
    if reason := mismatch(definition):
        raise NotReady(f"environment '{definition.name}': {reason}", f"pipeline env lock {definition.name}")


def mismatch(definition: Definition) -> str | None:
    """Why the lock can't be built from, with file and line; ``None`` where it can, or where there is none to be."""
    if definition.lock is None:
        return None
    shown_as = f"{definition.locked.parent.name}/{definition.locked.name}"
    try:
        lock = parse(definition.locked.read_text(encoding="utf-8-sig"))
        asked = requirements.read(definition.requirements) if definition.requirements else ()
    except NotALock as error:
        return f"{shown_as}:{error.line}: {error.reason}"
    except ConfigurationError as error:
        return error.message
    except UnicodeDecodeError:
        return f"{shown_as}: not UTF-8 text"
    except OSError as error:
        return f"{shown_as}: can't be read: {error.strerror}"
    reasons = [
        *disagreements(asked, lock, definition.python, shown_as),
        *_no_longer_asked(definition.requirements, asked, lock, shown_as),
    ]
    more = [f"and {len(reasons) - SHOWN} more"] if len(reasons) > SHOWN else []
    return "\n  ".join([*reasons[:SHOWN], *more]) or None


def disagreements(asked: Sequence[Asked], lock: LockFile, python: str, lock_name: str) -> Iterator[str]:
    """Where the two differ, a sentence each. Raises nothing: a line that isn't a requirement is a sentence, too."""
    versions = versions_in(python)
    if lock.python is not None and (beyond := sorted(set(versions) - set(versions_in(lock.python)))):
        yield f"{lock_name}:1: it was made for Python {lock.python}, and {python or 'any'} is wanted ({beyond[0]})"
    places = [place(version) for version in versions]
    for each in asked:
        if each.kind is not Kind.OPTION and (reason := _held_against(each, lock, places, lock_name)):
            yield reason


def _held_against(each: Asked, lock: LockFile, places: Sequence[Marked], lock_name: str) -> str | None:
    from packaging.requirements import InvalidRequirement
    from packaging.utils import canonicalize_name

    if each.is_local:
        return f"{each.where}: {each.text} names a file of this machine, which no other has"
    try:
        wanted = _requirement(each)
    except InvalidRequirement as error:
        return f"{each.where}: {each.text!r} isn't a requirement: {str(error).splitlines()[0]}"
    pins = lock.named(canonicalize_name(wanted.name))
    reason = _unmet(wanted, pins, places, each.kind)
    if reason is None and each.kind is Kind.WANTED and lock.python is not None:
        reason = _extras_left_out(wanted, pins)
    return f"{each.where}: {reason.format(lock=lock_name)}" if reason else None


def _requirement(each: Asked) -> "Requirement":
    """Raises ``InvalidRequirement`` where the line isn't one. A hash that a person wrote is the resolver's to check."""
    from packaging.requirements import Requirement

    return Requirement(each.text.split(" --", 1)[0])


def _unmet(wanted: "Requirement", pins: Sequence[Pin], places: Sequence[Marked], kind: Kind) -> str | None:
    for where in places:
        if wanted.marker and not wanted.marker.evaluate(dict(where)):
            continue
        here = [pin for pin in pins if pin.is_for(where)]
        if not here and kind is Kind.WANTED:
            which = f" for Python {where['python_version']}" if pins else ""
            return f"{wanted.name} isn't in {{lock}}{which}"
        if here and not any(_meets(wanted, pin) for pin in here):
            return f"{_shown(wanted)} isn't what {{lock}}:{here[0].line} has, which is {here[0]}"
    return None


def _meets(wanted: "Requirement", pin: Pin) -> bool:
    if wanted.url:
        return wanted.url == pin.version
    return "://" in pin.version or wanted.specifier.contains(pin.version, prereleases=True)


def _extras_left_out(wanted: "Requirement", pins: Sequence[Pin]) -> str | None:
    from packaging.utils import canonicalize_name

    extras = {canonicalize_name(extra) for extra in wanted.extras}
    return next(
        (
            f"the extra {', '.join(sorted(extras - pin.extras))} of {wanted.name} isn't what {{lock}}:{pin.line} has"
            for pin in pins
            if extras - pin.extras
        ),
        None,
    )


def _no_longer_asked(file: Path | None, asked: Sequence[Asked], lock: LockFile, lock_name: str) -> Iterator[str]:
    """Pins that only a line which is gone asked for. A lock without ``# via`` can't tell; what it has more is left."""
    files = {each.shown_as for each in asked} | ({f"{file.parent.name}/{file.name}"} if file else set())
    named = {(each.shown_as, _name(each)) for each in asked}
    for pin in lock.pins:
        sources = [via.removeprefix("-r ") for via in pin.via]
        if sources and all(source in files and (source, pin.name) not in named for source in sources):
            yield f"{lock_name}:{pin.line}: {pin} is there for {sources[0]}, which doesn't ask for it any more"


def _name(each: Asked) -> str:
    from packaging.requirements import InvalidRequirement
    from packaging.utils import canonicalize_name

    try:
        return canonicalize_name(_requirement(each).name)
    except InvalidRequirement:
        return ""


def _shown(wanted: "Requirement") -> str:
    return f"{wanted.name} @ {wanted.url}" if wanted.url else f"{wanted.name}{wanted.specifier}"
