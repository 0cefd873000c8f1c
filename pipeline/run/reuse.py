"""Whether a stage has a result already: in this job, or in the store that all jobs share."""

import time
from collections.abc import Mapping, Sequence

from pipeline.cache.store import ResultStore
from pipeline.jobs import attempts, output_edits
from pipeline.jobs.job import PlannedJob
from pipeline.jobs.plan import PlannedStage
from pipeline.jobs.records import Key, Result
from pipeline.jobs.state import JobState, StageStatus
from pipeline.run import stage_key
from pipeline.run.job_journal import JobJournal
from pipeline.run.output_signatures import OutputSignatures
from pipeline.values import Struct


class ReusedResult(Struct, frozen=True):
    """A result that needn't be made."""

    result: Result
    origin: str = ""  # the job that made it, where that is another one
    is_recorded: bool = True  # the journal says so already
    read_ns: int = 0  # when its outputs began to be placed, in ns after 1970, where they came from the store

    def record(self, journal: JobJournal, stage: str) -> None:
        """Let the journal say what it doesn't say yet."""
        if self.origin:
            journal.taken(stage, self.result, self.origin)
        elif not self.is_recorded:
            journal.adopted(stage, self.result)
        journal.reused(stage, self.result, self.origin)


class Reuse(Struct, frozen=True):
    """Where one job's stages look for results before they run."""

    job: PlannedJob
    state: JobState
    store: ResultStore
    signatures: OutputSignatures
    verify: bool = False  # read outputs instead of trusting their signatures

    def has_run(self, stage: str) -> bool:
        """Whether it had a result in this job before."""
        return self.state.stage(stage).committed is not None

    def note_members(self, stage: str, count: int, journal: JobJournal) -> None:
        """Let the journal say how many members a fan-out has, unless it does."""
        if self.state.stage(stage).members != count:
            journal.expanded(stage, count)

    def because(self, stage: str, key: Key) -> str:
        """Why a stage that had a result before runs again; empty where it had none."""
        event = self.state.stage(stage).committed
        if event is None:
            return ""
        if event.key == key.digest:
            changed = [
                name
                for name, output in attempts.of_event(self.job, event).outputs.items()
                if not self.signatures.is_whole(output, self.verify)
            ]
            return f"again, since its output {', '.join(changed)} was changed or removed" if changed else "again"
        from pipeline.jobs import key_words  # few stages run again

        before = attempts.key_input(self.job, stage, event.attempt) or {}
        if edited := self._edited(before.get("inputs", {}), key.parts["inputs"]):
            return f"again, since its input {edited}"
        return f"again, since its {key_words.part_names(stage_key.changed_parts(before, key.parts))} changed"

    def own(self, stage: PlannedStage, key: str) -> ReusedResult | None:
        """The result that this job has already."""
        name = stage.name
        known = self.state.stage(name)
        if known.status is not StageStatus.FINISHED:
            left = attempts.unrecorded(self.job, name, known.committed.attempt if known.committed else 0)
            if left is not None and left.key == key and left.outputs.keys() == stage.outputs.keys():
                return ReusedResult(left, is_recorded=False)
        if known.committed is None or known.committed.key != key:
            return None
        result = attempts.of_event(self.job, known.committed)
        if not all(self.signatures.is_whole(each, self.verify) for each in result.outputs.values()):
            return None
        return ReusedResult(result, is_recorded=known.status is StageStatus.FINISHED)

    def is_shared(self, stage: PlannedStage, key: Key) -> bool:
        """Whether the store seems to have it; whether it is whole shows when it is taken."""
        return stage.cache and self.store.has(key.digest)

    def takes_long(self, stage: PlannedStage, key: Key) -> bool:
        """Whether the store seems to have a result with directories, whose files take long to place."""
        return any(pattern.endswith("/") for pattern in stage.outputs.values()) and self.is_shared(stage, key)

    def shared(self, stage: PlannedStage, key: Key) -> ReusedResult | None:
        """The result that another job has made, its outputs put into this job's folder."""
        return self.noted(self.placed(stage, key))

    def noted(self, placed: ReusedResult | None) -> ReusedResult | None:
        """Remember that its outputs are whole."""
        if placed is not None:
            self.signatures.note_committed(placed.result, placed.read_ns)
        return placed

    def placed(self, stage: PlannedStage, key: Key) -> ReusedResult | None:
        """As ``shared``, for any thread: nothing is remembered."""
        if not self.is_shared(stage, key):
            return None
        attempt, at = attempts.begin(self.job, stage.name), time.time_ns()
        stored = self.store.take(key.digest, attempt.outputs)
        if stored is None:
            attempt.discard()
            return None
        paths = {name: attempt.outputs / output.file for name, output in stored.outputs.items()}
        digests = {name: output.digest for name, output in stored.outputs.items()}
        result = attempt.commit(paths, key, stored.seconds, stored.warnings, stored.about, digests)
        return ReusedResult(result, origin=stored.job, read_ns=at)

    def _edited(self, before: Mapping[str, Sequence[str]], now: Mapping[str, Sequence[str]]) -> str:
        """Which of its inputs is a person's edit now, in words; empty where none is."""
        made = {
            output.digest: edit
            for edit in output_edits.of_state(self.job, self.state).values()
            for output in edit.outputs.values()
        }
        words = [
            f"'{slot}' was edited by {made[digest].who}"
            for slot, digests in now.items()
            for digest in digests
            if digest in made and digest not in before.get(slot, ())
        ]
        return "; ".join(dict.fromkeys(words))
