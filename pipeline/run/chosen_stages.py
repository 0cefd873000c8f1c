"""Which part of a job a run is about: ``--from``, ``--until``, ``--only`` and ``--force``."""

from collections.abc import Mapping, Sequence

from pipeline.errors import UsageError, did_you_mean
from pipeline.jobs.job import Job
from pipeline.jobs.plan import PlannedStage
from pipeline.references import paired_stages
from pipeline.values import Struct

ALL = "*"  # what --force means without a stage


class Selection(Struct, frozen=True):
    """Stages by planned name, as they were asked for."""

    start: str | None = None  # this one, and all that depends on it
    until: str | None = None  # this one, and all that it depends on
    only: str | None = None
    force: str | None = None  # run even if nothing changed; ``ALL`` of what is chosen


class ChosenStages(Struct, frozen=True):
    """The stages that a run looks at, in the plan's order."""

    stages: Sequence[PlannedStage]
    may_run: frozenset[str]  # the others must have their results already
    forced: frozenset[str]
    whole: bool  # all of the job's


def choose(job: Job, selection: Selection) -> ChosenStages:
    """Raises ``UsageError`` for a stage that the job doesn't have, or where nothing is left."""
    stages = job.stages
    known = [stage.name for stage in stages]
    for name in (selection.start, selection.until, selection.only, selection.force):
        if name not in (None, ALL, *known):
            raise _refusal(job, f"has no stage '{name}'{did_you_mean(str(name), known)}")
    before = {stage.name: [*stage.needs, *paired_stages(stage.inputs)] for stage in stages}
    may_run = _chosen(known, before, selection)
    if not may_run:
        raise _refusal(job, f"has no stage that is in all of {_words(selection)}")
    if selection.force not in (None, ALL, *may_run):
        raise _refusal(job, f"won't run '{selection.force}' (--force), which isn't in all of {_words(selection)}")
    looked_at = _with_ancestors(known, before, may_run)
    forced = may_run if selection.force == ALL else may_run & {selection.force}
    return ChosenStages(
        [stage for stage in stages if stage.name in looked_at],
        frozenset(may_run),
        frozenset(str(name) for name in forced),
        len(may_run) == len(known),
    )


def missing(job: Job, stage: str, planned: str) -> UsageError:
    """A stage that wasn't chosen has no result, and the chosen ones build on it."""
    return UsageError(
        f"{job.id}: stage '{stage}' comes before those that were chosen, and has no result that holds",
        f"run-pipeline -j {job.id} --until {planned}",
    )


def _refusal(job: Job, what: str) -> UsageError:
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
