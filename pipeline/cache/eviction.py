"""Which entries are removed when the store is too large: the least recently used, and none that a job holds. Pure."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from pipeline.cache.usage import Entry


@dataclass(frozen=True)
class Eviction:
    before: int  # bytes
    evicted: tuple[Entry, ...]  # the least recently used first
    remaining: int  # entries that stay
    in_use: int  # how many of these a running job holds

    @property
    def after(self) -> int:
        """Bytes that stay; more than the limit only where running jobs hold the rest."""
        return self.before - sum(entry.size for entry in self.evicted)


def choose(entries: Iterable[Entry], limit: int, keys_in_use: Collection[str]) -> Eviction:
    """The entries to remove so that the rest takes ``limit`` bytes at most. Those of ``keys_in_use`` stay."""
    by_use = sorted(entries, key=lambda entry: (entry.used, entry.key))
    before = left = sum(entry.size for entry in by_use)
    evicted = []
    for entry in by_use:
        if left <= limit:
            break
        if entry.key not in keys_in_use:
            evicted.append(entry)
            left -= entry.size
    return Eviction(
        before, tuple(evicted), len(by_use) - len(evicted), sum(entry.key in keys_in_use for entry in by_use)
    )
