"""Which stages of a job a run is about, by what was asked for."""

from collections.abc import Mapping, Sequence

from pipeline.errors import UsageError, did_you_mean
from pipeline.jobs.items import internal_name, of_fan_out, shown_names
from pipeline.jobs.job import PlannedJob
from pipeline.jobs.plan import PlannedStage
from pipeline.references import is_member_name, paired_stages
from pipeline.run.selection import ALL, Selection
from pipeline.values import Struct


class SelectedStages(Struct, frozen=True):
    """The stages that a run looks at, in the plan's order."""

    stages: Sequence[PlannedStage]
    may_run: frozenset[str]  # the others must have their results already
    forced: frozenset[str]
    whole: bool  # all of the job's
    members: frozenset[str] = frozenset()  # of fan-outs over a list: those that were named, each by itself
    skips_others: bool = False  # the other members of these fan-outs aren't looked at

    def forces(self, stage: PlannedStage) -> bool:
        return stage.name in self.forced or stage.planned_name in self.forced

    def allows(self, stage: PlannedStage) -> bool:
        """Whether the stage may run."""
        return stage.planned_name in self.may_run and not self._is_other_member(stage)

    def leaves_out(self, stage: PlannedStage) -> bool:
        return self.skips_others and self._is_other_member(stage)

    def _is_other_member(self, stage: PlannedStage) -> bool:
        """Whether a sibling was named, and not this one."""
        if not self.members or stage.name == stage.planned_name or stage.name in self.members:
            return False
        return any(is_member_name(name, stage.planned_name) for name in self.members)


def choose(job: PlannedJob, selection: Selection) -> SelectedStages:
    """Raises ``UsageError`` for a stage that the job doesn't have, or where nothing is left."""
    stages = job.stages
    known = [stage.name for stage in stages]
    selection, members, forced_member = _with_planned_names(job, selection)
    for name in (selection.start, selection.until, selection.only, selection.force):
        if name not in (None, ALL, *known):
            raise _refusal(job, f"has no stage '{name}'{did_you_mean(str(name), known)}")
    before = {stage.name: [*stage.needs, *paired_stages(stage.inputs)] for stage in stages}
    may_run = _chosen(known, before, selection)
    if not may_run:
        raise _refusal(job, f"has no stage that all of these options choose: {_words(selection)}")
    if selection.force not in (None, ALL, *may_run):
        raise _refusal(
            job, f"can't run '{selection.force}' again (--force): these options don't choose it: {_words(selection)}"
        )
    looked_at = _with_ancestors(known, before, may_run)
    forced = may_run if selection.force == ALL else {forced_member or selection.force} if selection.force else set()
    return SelectedStages(
        [stage for stage in stages if stage.name in looked_at],
        frozenset(may_run),
        frozenset(str(name) for name in forced),
        len(may_run) == len(known) and not members,
        frozenset(members),
        bool(selection.only or selection.until),
    )


def _with_planned_names(job: PlannedJob, selection: Selection) -> tuple[Selection, set[str], str | None]:
    """Stages may be named as ``STAGE[VALUE]``. Of members of a fan-out over a list, the selection gets the fan-out.

    Returns the members beside it: those that are chosen, and the one that is forced.
    """
    planned, members = {}, {}
    for field in ("start", "until", "only", "force"):
        typed = getattr(selection, field)
        name = internal_name(job, typed) if typed else typed
        planned[field] = next(
            (
                stage.name
                for stage in job.stages
                if name
                and stage.for_each
                and is_member_name(name, stage.name)
                and name in of_fan_out(job, stage, job.loaded)
            ),
            name,
        )
        if planned[field] != name:
            members[field] = name
    forced = members.pop("force", None)
    return Selection(**planned), set(members.values()), forced


def missing(job: PlannedJob, stage: str, planned: str) -> UsageError:
    """A stage that wasn't chosen has no result, and the chosen ones build on it."""
    shown = shown_names(job, job.loaded).get(stage, stage)
    return UsageError(
        f"{job.id}: stage '{shown}' must run before the chosen ones: its result is missing or out of date",
        f"run-pipeline -j {job.id} --until {planned}",
    )


def _refusal(job: PlannedJob, what: str) -> UsageError:
    return UsageError(f"{job.id} {what}", f"pipeline job show {job.id}")


def _words(selection: Selection) -> str:
    named = {"--from": selection.start, "--until": selection.until, "--only": selection.only}
    return ", ".join(f"{option} {stage}" for option, stage in named.items() if stage)


def _chosen(known: Sequence[str], before: Mapping[str, Sequence[str]], selection: Selection) -> set[str]:
    chosen = set(known)
    if selection.only:
        chosen &= {selection.only}
    if selection.until:
        chosen &= _with_ancestors(known, before, {selection.until})
    if selection.start:
        after = {selection.start}
        for name in known:  # in the plan's order, so one pass is enough
            if after.intersection(before[name]):
                after.add(name)
        chosen &= after
    return chosen


def _with_ancestors(known: Sequence[str], before: Mapping[str, Sequence[str]], names: set[str]) -> set[str]:
    reached = set(names)
    for name in reversed(known):
        if name in reached:
            reached.update(before[name])
    return reached
