"""Whether a stage has a result already: in this job, or in the store that all jobs share."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pipeline import policy, stage_key
from pipeline.cache.store import ResultStore
from pipeline.jobs import attempts
from pipeline.jobs.attempts import Result
from pipeline.jobs.job import Job
from pipeline.jobs.state import JobState, StageStatus


@dataclass(frozen=True)
class Reused:
    result: Result
    origin: str = ""  # the job that made it, where that is another one
    recorded: bool = True  # the journal knows it already
    adopted: bool = False  # an earlier run committed it and died before the journal said so


@dataclass(frozen=True)
class Reuse:
    job: Job
    state: JobState
    store: ResultStore
    verify: bool = False  # read outputs instead of trusting their size and time

    def find(self, stage: Mapping[str, Any], key: str, parts: Mapping[str, Any]) -> Reused | None:
        """The result with this key, its outputs in this job's folder."""
        return self._own(stage["name"], key) or self._shared(stage, key, parts)

    def because(self, stage: str, key: str, parts: Mapping[str, Any]) -> str:
        """Why a stage that had a result before runs again; empty where it had none."""
        event = self.state.stage(stage).committed
        if event is None:
            return ""
        if event["key"] == key:
            changed = [
                name
                for name, output in attempts.of_event(self.job, stage, event).outputs.items()
                if not output.is_unchanged(self.verify)
            ]
            return f"again, since its output {', '.join(changed)} was changed or removed" if changed else "again"
        before = attempts.key_input(self.job, stage, event["attempt"]) or {}
        return f"again, since its {', '.join(stage_key.changed_parts(before, parts))} changed"

    def _own(self, name: str, key: str) -> Reused | None:
        known = self.state.stage(name)
        if known.status is not StageStatus.FINISHED:
            left = attempts.unrecorded(self.job, name, known.committed["attempt"] if known.committed else 0)
            if left is not None and left.key == key:
                return Reused(left, recorded=False, adopted=True)
        if known.committed is None or known.committed["key"] != key:
            return None
        result = attempts.of_event(self.job, name, known.committed)
        if not result.is_unchanged(self.verify):
            return None
        return Reused(result, recorded=known.status is StageStatus.FINISHED)

    def _shared(self, stage: Mapping[str, Any], key: str, parts: Mapping[str, Any]) -> Reused | None:
        if not policy.of(stage).cache or not self.store.has(key):
            return None
        attempt = attempts.begin(self.job, stage["name"])
        record = self.store.take(key, attempt.outputs)
        if record is None:
            attempt.discard()
            return None
        entries = record["outputs"]
        paths = {name: attempt.outputs / entry["file"] for name, entry in entries.items()}
        digests = {name: entry["digest"] for name, entry in entries.items()}
        result = attempt.commit(paths, key, parts, record["seconds"], record.get("warnings", ()), digests)
        return Reused(result, origin=record["job"], recorded=False)
