"""The changes from one lock to another on this machine, and locks that have only some of them. Pure."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from pipeline.envs.lockfiles.lockfile import HASH, OPTIONS, LockFile, NotALock, parse
from pipeline.errors import ConfigurationError

Entries = Mapping[str, tuple[str, ...]]  # a package's pins as they stand in a lock, with their hashes


@dataclass(frozen=True)
class PinChange:
    """A package whose pin differs; of one version, the two locks can have different files."""

    name: str
    before: str  # the version; empty where the good lock doesn't have the package
    after: str  # the version; empty where the bad lock doesn't have the package

    def __str__(self) -> str:
        if self.before == self.after:
            return f"{self.name} {self.after} (other files)"
        if not self.before:
            return f"{self.name} {self.after} (added)"
        return f"{self.name} {self.before} → {self.after}" if self.after else f"{self.name} {self.before} (removed)"


@dataclass(frozen=True)
class LockDifference:
    """Two locks and the changes from the good one to the bad one."""

    options: tuple[str, ...]  # of either, such as indexes
    good: Entries
    bad: Entries
    changes: tuple[PinChange, ...]

    def lock(self, chosen: Collection[PinChange]) -> str:
        """The text of the good lock with some of the changes; each pin has the hashes of the lock that it is from."""
        changed = {change.name for change in chosen}
        names = sorted({*self.good, *self.bad})
        pins = [pin for name in names for pin in (self.bad if name in changed else self.good).get(name, ())]
        return "\n".join([*self.options, *pins, ""])


def difference(good: str, bad: str, python: str, files: tuple[str, str]) -> LockDifference:
    """The difference between two locks' texts for an exact version of Python. ``files`` are their names, for messages.

    Raises ``ConfigurationError``, with file and line, where one isn't a lock with hashes.
    """
    locks = [_parsed(text, file) for text, file in zip((good, bad), files, strict=True)]
    here = [_installed_here(lock, python) for lock in locks]
    names = sorted({*here[0], *here[1]})
    changes = [PinChange(name, here[0].get(name, ""), here[1].get(name, "")) for name in names]
    entries = [_entries(text, lock) for text, lock in zip((good, bad), locks, strict=True)]
    return LockDifference(
        options=tuple(dict.fromkeys([*_options(good), *_options(bad)])),
        good=entries[0],
        bad=entries[1],
        changes=tuple(each for each in changes if each.before != each.after or _other_files(each.name, *entries)),
    )


def _other_files(name: str, good: Entries, bad: Entries) -> bool:
    """Whether the two locks have different files of a package: no hash of the one lock is in the other."""
    of_good, of_bad = (set(HASH.findall(" ".join(entries.get(name, ())))) for entries in (good, bad))
    return bool(of_good and of_bad) and not of_good & of_bad


def _parsed(text: str, file: str) -> LockFile:
    try:
        return parse(text)
    except NotALock as error:
        raise ConfigurationError(
            f"{file}:{error.line}: {error.reason}", "name locks that uv made, with hashes"
        ) from error


def _installed_here(lock: LockFile, python: str) -> dict[str, str]:
    """Versions by name; a pin for other platforms or Pythons isn't installed, and can't have broken anything."""
    return {pin.name: pin.version for pin in lock.on(python)}


def _entries(text: str, lock: LockFile) -> dict[str, tuple[str, ...]]:
    lines = text.splitlines()
    ends = [*(pin.line for pin in lock.pins[1:]), len(lines) + 1]
    found: dict[str, tuple[str, ...]] = {}
    for pin, end in zip(lock.pins, ends, strict=False):
        found[pin.name] = (*found.get(pin.name, ()), _entry(lines[pin.line - 1 : end - 1]))
    return found


def _entry(lines: list[str]) -> str:
    """A pin without what stands between it and the next one: comments and options."""
    own = " ".join(line.strip().removesuffix("\\") for line in lines if not _is_beside(line.strip()))
    hashes = dict.fromkeys(HASH.findall(own))
    return " \\\n    ".join([HASH.sub("", own).strip(), *(f"--hash={each}" for each in hashes)])


def _options(text: str) -> Iterator[str]:
    yield from (line.strip() for line in text.splitlines() if line.strip().startswith(OPTIONS))


def _is_beside(line: str) -> bool:
    return line.startswith(("#", *OPTIONS))
