"""Which entries are removed when the store is too large: the least recently used, and none that a job holds. Pure."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from pipeline.cache.usage import Entry


@dataclass(frozen=True)
class Eviction:
    before: int  # bytes
    evicted: tuple[Entry, ...]  # the least recently used first
    kept: int  # entries that stay
    held: int  # how many of these a running job holds

    @property
    def after(self) -> int:
        """Bytes that stay; more than the limit only where running jobs hold the rest."""
        return self.before - sum(entry.size for entry in self.evicted)


def choose(entries: Iterable[Entry], limit: int, held: Collection[str]) -> Eviction:
    """The entries to remove so that the rest takes ``limit`` bytes at most; ``held`` are keys of running jobs."""
    by_use = sorted(entries, key=lambda entry: (entry.used, entry.key))
    before = left = sum(entry.size for entry in by_use)
    evicted = []
    for entry in by_use:
        if left <= limit:
            break
        if entry.key not in held:
            evicted.append(entry)
            left -= entry.size
    return Eviction(before, tuple(evicted), len(by_use) - len(evicted), sum(entry.key in held for entry in by_use))
