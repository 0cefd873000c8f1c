"""What a run would do, found out without starting or writing anything."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from pipeline.jobs.items import shown_names
from pipeline.jobs.job import PlannedJob
from pipeline.jobs.plan import PlannedStage
from pipeline.references import is_member_name, paired_stages
from pipeline.run import fanout
from pipeline.run.reuse import Reuse
from pipeline.run.selected_stages import SelectedStages, missing
from pipeline.run.stage_key import StageKeys


@dataclass(frozen=True)
class Forecast:
    stage: str
    environment: str
    verdict: str  # reuse or run; perhaps where that depends on what comes before; fail
    why: str


Found = tuple[str, str]  # verdict and why


def forecast(chosen: SelectedStages, reuse: Reuse, keys: StageKeys) -> Iterator[Forecast]:
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
        yield Forecast(_shown(stage, chosen, reuse.job), stage.environment, *found)


def _shown(stage: PlannedStage, chosen: SelectedStages, job: PlannedJob) -> str:
    """A fan-out of which a run looks at one member alone is called by that: ``square[7]``."""
    if not (stage.for_each and chosen.skips_others):
        return stage.name
    named = [name for name in chosen.members if is_member_name(name, stage.name)]
    return shown_names(job, job.loaded).get(named[0], stage.name) if len(named) == 1 else stage.name


def _forced(stage: PlannedStage, chosen: SelectedStages) -> Found | None:
    if chosen.forces(stage):
        return "run", "that was asked for (--force)"
    return None


def _open(stage: PlannedStage, unknown: set[str]) -> Found | None:
    before = [name for name in (*stage.needs, *paired_stages(stage.inputs)) if name in unknown]
    if before:
        return "perhaps", f"it depends on what {', '.join(dict.fromkeys(before))} will give"
    return None


def _of_members(stage: PlannedStage, chosen: SelectedStages, reuse: Reuse, keys: StageKeys) -> Found:
    """A fan-out whose list is there: what its members would do, counted."""
    (listed,) = keys.results.outputs(str(stage.for_each)).values()
    try:
        members = fanout.members(stage, fanout.read_list(listed.path))
    except fanout.ListUnusable as error:
        return "fail", f"its list {stage.for_each} can't be used: {error}"
    looked_at = [member for member in members if not chosen.leaves_out(member)]
    found = {member.name: _forced(member, chosen) or _of_one(member, chosen, reuse, keys) for member in looked_at}
    if len(found) < len(members):  # those that were named, by themselves; nothing that is chosen depends on all
        (one,) = found.values() if len(found) == 1 else [None]
        if one:
            return one
    else:
        keys.results.gather(stage.name, list(found))
    counts = Counter(verdict for verdict, _ in found.values())
    verdict = next((each for each in ("run", "perhaps") if counts[each]), "reuse")
    return verdict, f"of its {len(members)} members: {', '.join(f'{count} {each}' for each, count in counts.items())}"


def _of_one(stage: PlannedStage, chosen: SelectedStages, reuse: Reuse, keys: StageKeys) -> Found:
    name, planned = stage.name, stage.planned_name
    key = keys.of(stage)
    own = reuse.own(stage, key.digest)
    if own is not None:
        keys.results.add(name, own.result)
        return "reuse", "nothing has changed since it was done"
    if reuse.is_shared(stage, key):
        return "perhaps", "another job has made its result, which is checked when it is used"
    if not chosen.allows(stage):
        raise missing(reuse.job, name, planned)
    return "run", reuse.because(name, key).removeprefix("again, ") or "it has no result yet"
