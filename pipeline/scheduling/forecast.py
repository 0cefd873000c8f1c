"""What a run would do, found out without starting or writing anything."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pipeline.jobs.results import Results
from pipeline.scheduling.reuse import Reuse
from pipeline.scheduling.selection import Chosen, missing
from pipeline.stage_key import StageKeys


@dataclass(frozen=True)
class Forecast:
    stage: str
    environment: str
    verdict: str  # reuse, run, or perhaps where that depends on what comes before
    why: str


def forecast(chosen: Chosen, reuse: Reuse, keys: StageKeys) -> Iterator[Forecast]:
    """In the plan's order. Raises ``UsageError`` where the run would: a result is missing that wasn't chosen."""
    results: Results = keys.results
    known: set[str] = set()
    names = {stage["name"] for stage in chosen.stages}
    for stage in chosen.stages:
        name = stage["name"]
        unknown = [need for need in stage["needs"] if need in names and need not in known]
        found = _forced(stage, chosen) or _open(stage, unknown) or _reused(stage, reuse, keys, results)
        if found is None and name not in chosen.may_run:
            raise missing(reuse.job, name, name)
        if found is None:
            found = ("run", reuse.because(name, keys.of(stage)).removeprefix("again, ") or "it has no result yet")
        if found[0] == "reuse":
            known.add(name)
        yield Forecast(name, stage["environment"], *found)


def _forced(stage: Mapping[str, Any], chosen: Chosen) -> tuple[str, str] | None:
    if stage["name"] in chosen.forced:
        return "run", "that was asked for (--force)"
    return None


def _open(stage: Mapping[str, Any], unknown: list[str]) -> tuple[str, str] | None:
    if unknown:
        return "perhaps", f"it depends on what {', '.join(unknown)} will give"
    if "for_each" in stage:
        return "perhaps", f"it has a member for each item of {stage['for_each']}"
    return None


def _reused(stage: Mapping[str, Any], reuse: Reuse, keys: StageKeys, results: Results) -> tuple[str, str] | None:
    key = keys.of(stage)
    own = reuse.own(stage, key.digest)
    if own is not None:
        results.add(stage["name"], own.result)
        return "reuse", "nothing has changed since it was done"
    if reuse.is_shared(stage, key):
        return "perhaps", "the store has its result, which is checked when it is taken"
    return None
