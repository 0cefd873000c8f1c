"""How a stage is run, as opposed to what it makes: no part of its identity, so a change makes nothing run again.

A stage's block says it, a workflow's entry may say otherwise, and the plan holds what differs from the defaults.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

Start = Literal["cold", "worker"]
STARTS: tuple[Start, ...] = get_args(Start)
KEYS = ("start", "timeout_seconds", "expected_seconds", "cache", "resources", "retries")
NESTED = ("resources", "retries")  # merged key by key, where the others replace


@dataclass(frozen=True)
class Policy:
    """How a stage is run, which is no part of what it is."""

    start: tuple[Start, ...] = ("cold",)  # the ways it may be started, the preferred one first
    timeout_seconds: float | None = None  # of one attempt
    expected_seconds: float | None = None
    cache: bool = True  # whether other jobs may reuse its results
    attempts: int = 1  # in one run
    backoff_seconds: float = 1.0  # before the second attempt; doubled before each further one

    def way(self, asked: Start | None) -> Start:
        """How to start the stage: as asked for, where it allows that, else as it likes best."""
        return asked if asked in self.start else self.start[0]

    def backoff(self, failed: int) -> float:
        """Seconds to wait after this many failed attempts."""
        return float(self.backoff_seconds * 2 ** (failed - 1))


DEFAULT = Policy()


def of(planned: Mapping[str, Any]) -> Policy:
    """The policy of a planned stage."""
    if planned.keys().isdisjoint(KEYS):
        return DEFAULT
    retries = planned.get("retries", {})
    return Policy(
        # A job that was prepared by an earlier version may name a way that there is no more.
        start=tuple(way for way in planned.get("start", ()) if way in STARTS) or DEFAULT.start,
        timeout_seconds=planned.get("timeout_seconds"),
        expected_seconds=planned.get("expected_seconds"),
        cache=planned.get("cache", DEFAULT.cache),
        attempts=retries.get("attempts", DEFAULT.attempts),
        backoff_seconds=retries.get("backoff", DEFAULT.backoff_seconds),
    )


def declared(table: Mapping[str, Any]) -> dict[str, Any]:
    """What a stage's block or a workflow's entry says of it."""
    return {key: table[key] for key in KEYS if key in table}


def merged(block: Mapping[str, Any], entry: Mapping[str, Any]) -> dict[str, Any]:
    """A workflow's entry over a stage's block."""
    nested = {key: {**block.get(key, {}), **entry.get(key, {})} for key in NESTED if key in block or key in entry}
    return {**block, **entry, **nested}
