"""Which stages of a job are due: those that have no result, and all that they need to get one."""

from collections import deque
from collections.abc import Callable, Iterable

from pipeline.errors import PipelineError, StageError
from pipeline.jobs.events import AttemptFailed
from pipeline.jobs.items import labels
from pipeline.jobs.output_edits import EditOutdated, OutputEdit
from pipeline.jobs.plan import PlannedStage
from pipeline.jobs.records import Key, Result
from pipeline.references import split
from pipeline.run.graph import Graph
from pipeline.run.job_journal import JobJournal
from pipeline.run.reuse import Reuse, ReusedResult
from pipeline.run.selected_stages import SelectedStages, missing
from pipeline.run.stage_key import StageKeys
from pipeline.values import Struct


class DueStage(Struct, frozen=True):
    """A stage that has no result, and all that it needs to get one."""

    stage: PlannedStage
    key: Key
    because: str  # why it runs although it had a result before; empty where it had none
    remaining: float  # expected seconds of the longest way through it
    is_stored: bool = False  # the store seems to have its result, which takes long to place


class DueStages:
    """Takes over the results that there are; what has none is due."""

    def __init__(  # noqa: PLR0913, PLR0917  # the parts of a job's run
        self,
        chosen: SelectedStages,
        graph: Graph,
        keys: StageKeys,
        reuse: Reuse,
        journal: JobJournal,
        merge: Callable[[str], OutputEdit | None],
        follow: Callable[[str], OutputEdit | None],
    ) -> None:
        """``merge``: brings a person's edit of a stage's outputs into what it has made since, if it can. ``follow``:
        lets what a stage has made follow a person's edit of what it was made from, where it doesn't yet.
        """
        self.error: PipelineError | None = None  # that of the first stage that failed
        self._chosen = chosen
        self._keys = keys
        self._results = keys.results
        self._reuse = reuse
        self._journal = journal
        self._merge = merge
        self._follow = follow
        self._graph = graph
        self._stages = {stage.name: stage for stage in chosen.stages}
        self._fan_outs: dict[str, list[str]] = {}  # by the stage that writes their list
        for stage in chosen.stages:
            if stage.for_each:
                self._fan_outs.setdefault(split(stage.for_each)[0], []).append(stage.name)

    def begin(self) -> list[DueStage]:
        """What is due first. Raises ``UsageError`` where a result is missing that wasn't chosen to be made."""
        return self._settled(self._graph.ready())

    def finished(self, name: str, result: Result) -> list[DueStage]:
        """A stage has its result; returns what is due by that."""
        self._add(name, result)
        return self._settled(self._after(name))

    def taken(self, due: DueStage) -> list[DueStage] | None:
        """What is due because another job has made this result since; ``None`` where none has."""
        name = due.stage.name
        if not self.may_take(due):
            return None
        return self._taken_over(name, self._reuse.shared(due.stage, due.key))

    def place(self, due: DueStage) -> ReusedResult | None:
        """Place the result that the store has. For any thread: changes nothing here."""
        return self._reuse.placed(due.stage, due.key)

    def placed(self, due: DueStage, result: ReusedResult) -> list[DueStage]:
        """What is due because this result is there now."""
        return self._taken_over(due.stage.name, self._reuse.noted(result)) or []

    def takes_long(self, due: DueStage) -> bool:
        """Whether the store seems to have the result meanwhile, which takes long to place."""
        return self.may_take(due) and self._reuse.takes_long(due.stage, due.key)

    def _taken_over(self, name: str, reused: ReusedResult | None) -> list[DueStage] | None:
        if reused is None:
            return None
        reused.record(self._journal, name)
        return self.finished(name, reused.result)

    def may_take(self, due: DueStage) -> bool:
        """Whether the result of another stage with the same key would do."""
        return due.stage.cache and not self._chosen.forces(due.stage)

    def failed(self, name: str, error: PipelineError) -> None:
        """A stage won't have a result; what depends on it is skipped."""
        self.error = self.error or error
        self._journal.skipped(self._graph.failed(name), name)

    def next_after(self, name: str, count: int) -> list[PlannedStage]:
        """Some stages that will be due soon after this one."""
        stages = [self._stages[each] for each in self._graph.next_after(name, count)]
        return [stage for stage in stages if not stage.for_each]

    def _settled(self, names: Iterable[str]) -> list[DueStage]:
        due, ready = [], deque(names)
        while ready:
            stage = self._stages[ready.popleft()]
            if stage.for_each:
                ready += self._graph.done(stage.name)  # its members are all done
            elif self._chosen.leaves_out(stage):
                continue
            elif (found := self._due(stage)) is None:
                ready += self._after(stage.name)
            else:
                due.append(found)
        return due

    def _due(self, stage: PlannedStage) -> DueStage | None:
        """``None`` where the stage has a result with the right key, which is taken over."""
        name, planned = stage.name, stage.planned_name
        key, is_stored = self._keys.of(stage), False
        if self._chosen.forces(stage):
            because = "again, since that was asked for" if self._reuse.has_run(name) else ""
        elif reused := self._reuse.own(stage, key.digest) or self._at_once(stage, key):
            reused.record(self._journal, name)
            self._add(name, reused.result)
            return None
        else:
            because, is_stored = self._reuse.because(name, key), self._reuse.takes_long(stage, key)
        if not self._chosen.allows(stage):
            raise missing(self._reuse.job, name, planned)
        return DueStage(stage, key, because, self._graph.remaining(name), is_stored)

    def _at_once(self, stage: PlannedStage, key: Key) -> ReusedResult | None:
        """The result out of the store, where it doesn't take long to place, or mustn't be made instead."""
        later = self._chosen.allows(stage) and self._reuse.takes_long(stage, key)
        return None if later else self._reuse.shared(stage, key)

    def _add(self, name: str, result: Result) -> None:
        """Raises ``EditOutdated`` where an edit of the stage can't be brought into its new result."""
        try:
            self._results.add(name, result)
        except EditOutdated:
            if (merged := self._merge(name)) is None:
                raise
            self._results.take_edit(name, merged)
            self._results.add(name, result)
        if (followed := self._follow(name)) is not None:
            self._results.take_edit(name, followed)

    def _after(self, name: str) -> list[str]:
        """The stages that are ready because this one is done, with the members of the fan-outs over its list."""
        ready = self._graph.done(name)
        for fan_out in self._fan_outs.get(name, ()):
            if not self._graph.is_over(fan_out):
                ready += self._unfolded(self._stages[fan_out])
        return ready

    def _unfolded(self, stage: PlannedStage) -> list[str]:
        name = stage.name
        from pipeline.run import fanout  # few jobs have one over a list

        (listed,) = self._results.outputs(str(stage.for_each)).values()
        try:
            items = fanout.read_list(listed.path)
            members = fanout.members(stage, items)
        except fanout.ListUnusable as error:
            reason = f"its list {stage.for_each} can't be used: {error}"
            self._journal.failed(AttemptFailed(name, 0, 0, reason))
            self.failed(name, self._list_error(stage, reason))
            return []
        self._stages.update({member.name: member for member in members})
        self._results.gather(name, [member.name for member in members], labels(items))
        self._reuse.note_members(name, len(members), self._journal)
        return self._graph.expand(name, {each.name: fanout.own_needs(each, stage) for each in members})

    def _list_error(self, stage: PlannedStage, reason: str) -> StageError:
        job, writer = self._reuse.job.id, self._stages[split(str(stage.for_each))[0]]
        return StageError(
            f"{job}: stage {stage.label} failed: {reason}",
            f"mend {writer.file}, and then\nrun-pipeline -j {job}",
        )
