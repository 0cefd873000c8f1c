"""What differs between two locks on this machine, and locks that lie between the two. Pure."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from pipeline.envs.lockfiles.lockfile import HASH, OPTIONS, LockFile, NotALock, parse
from pipeline.errors import ConfigurationError

Entries = Mapping[str, tuple[str, ...]]  # a package's pins as they stand in a lock, with their hashes


@dataclass(frozen=True)
class Change:
    name: str
    before: str  # the version; empty where it wasn't there
    after: str

    def __str__(self) -> str:
        if self.before == self.after:
            return f"{self.name} {self.after} (other files)"
        if not self.before:
            return f"{self.name} {self.after} (added)"
        return f"{self.name} {self.before} → {self.after}" if self.after else f"{self.name} {self.before} (removed)"


@dataclass(frozen=True)
class Between:
    """Two locks, as what both have and the changes from the good one to the bad one."""

    options: tuple[str, ...]  # of either, such as indexes
    good: Entries
    bad: Entries
    changes: tuple[Change, ...]

    def lock(self, chosen: Collection[Change]) -> str:
        """The good lock with some of the changes; each pin keeps the hashes that its own lock has."""
        changed = {change.name for change in chosen}
        names = sorted({*self.good, *self.bad})
        pins = [pin for name in names for pin in (self.bad if name in changed else self.good).get(name, ())]
        return "\n".join([*self.options, *pins, ""])


def between(good: str, bad: str, python: str, named: tuple[str, str]) -> Between:
    """``named`` are the files, for messages. Raises ``ConfigurationError`` where one isn't a lock with hashes."""
    locks = [_parsed(text, name) for text, name in zip((good, bad), named, strict=True)]
    here = [_installed_here(lock, python) for lock in locks]
    names = sorted({*here[0], *here[1]})
    changes = [Change(name, here[0].get(name, ""), here[1].get(name, "")) for name in names]
    entries = [_entries(text, lock) for text, lock in zip((good, bad), locks, strict=True)]
    return Between(
        options=tuple(dict.fromkeys([*_options(good), *_options(bad)])),
        good=entries[0],
        bad=entries[1],
        changes=tuple(each for each in changes if each.before != each.after or _other_files(each.name, *entries)),
    )


def _other_files(name: str, good: Entries, bad: Entries) -> bool:
    """Whether one version stands for different files: no hash of the one lock is in the other."""
    ours, theirs = (set(HASH.findall(" ".join(entries.get(name, ())))) for entries in (good, bad))
    return bool(ours and theirs) and not ours & theirs


def _parsed(text: str, name: str) -> LockFile:
    try:
        return parse(text)
    except NotALock as error:
        raise ConfigurationError(
            f"{name}:{error.line}: {error.reason}", "name locks that uv made, with hashes"
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
