"""What a run would do, found out without starting or writing anything."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from pipeline.jobs.plan import PlannedStage
from pipeline.references import paired_stages
from pipeline.run import fanout
from pipeline.run.chosen_stages import ChosenStages, missing
from pipeline.run.reuse import Reuse
from pipeline.run.stage_key import StageKeys


@dataclass(frozen=True)
class Forecast:
    stage: str
    environment: str
    verdict: str  # reuse or run; perhaps where that depends on what comes before; fail
    why: str


Found = tuple[str, str]  # verdict and why


def forecast(chosen: ChosenStages, reuse: Reuse, keys: StageKeys) -> Iterator[Forecast]:
    """In the plan's order. Raises ``UsageError`` where the run would: a result is missing that wasn't chosen."""
    known: set[str] = set()
    names = {stage.name for stage in chosen.stages}
    for stage in chosen.stages:
        name = stage.name
        found = _forced(stage, chosen) or _open(stage, names - known)
        if found is None:
            look = _of_members if stage.for_each else _of_one
            found = look(stage, chosen, reuse, keys)
        if found[0] == "reuse":
            known.add(name)
        yield Forecast(name, stage.environment, *found)


def _forced(stage: PlannedStage, chosen: ChosenStages) -> Found | None:
    if stage.name in chosen.forced:
        return "run", "that was asked for (--force)"
    return None


def _open(stage: PlannedStage, unknown: set[str]) -> Found | None:
    before = [name for name in (*stage.needs, *paired_stages(stage.inputs)) if name in unknown]
    if before:
        return "perhaps", f"it depends on what {', '.join(dict.fromkeys(before))} will give"
    return None


def _of_members(stage: PlannedStage, chosen: ChosenStages, reuse: Reuse, keys: StageKeys) -> Found:
    """A fan-out whose list is there: what its members would do, counted."""
    (listed,) = keys.results.outputs(str(stage.for_each)).values()
    try:
        members = fanout.members(stage, fanout.read_list(listed.path))
    except fanout.ListUnusable as error:
        return "fail", f"its list {stage.for_each} can't be used: {error}"
    counts = Counter(_of_one(member, chosen, reuse, keys)[0] for member in members)
    keys.results.gather(stage.name, [member.name for member in members])
    verdict = next((each for each in ("run", "perhaps") if counts[each]), "reuse")
    return verdict, f"of its {len(members)} members: {', '.join(f'{count} {each}' for each, count in counts.items())}"


def _of_one(stage: PlannedStage, chosen: ChosenStages, reuse: Reuse, keys: StageKeys) -> Found:
    name, planned = stage.name, stage.planned_name
    key = keys.of(stage)
    own = reuse.own(stage, key.digest)
    if own is not None:
        keys.results.add(name, own.result)
        return "reuse", "nothing has changed since it was done"
    if reuse.is_shared(stage, key):
        return "perhaps", "another job has made its result, which is checked when it is used"
    if planned not in chosen.may_run:
        raise missing(reuse.job, name, planned)
    return "run", reuse.because(name, key).removeprefix("again, ") or "it has no result yet"
