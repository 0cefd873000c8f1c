"""What made a deliverable, for whoever has the file and wonders: ``output/about/FILE.json``.

All of it comes from the plan and from the records of the attempts: the stages on the way from the input to the file,
each with its source, environment, parameters and models, and the facts that it told of itself (``stage.about``).
The form is ``schemas/sidecar.json``.
"""

import os
import time
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from pipeline.digests import sha256_of_bytes
from pipeline.files import dump_json, read_json, replaced
from pipeline.jobs import attempts, model_notes
from pipeline.jobs.job import PlannedJob
from pipeline.jobs.plan import EnvironmentOrigin, Plan, PlannedStage
from pipeline.jobs.records import Output, Result
from pipeline.jobs.results import Results
from pipeline.values import Struct

FOLDER = "about"
LONGEST_NAME = 255  # bytes, on nearly every file system
NEAREST = 200  # stages that are told of, the nearest first: a plan can have ten thousand


class DeliveredOutput(Struct, frozen=True):
    """An output, and the planned stage that it is of; ``place`` is that of the member which wrote it, in a fan-out."""

    stage: str
    place: int
    member: str  # its name; the stage's own where that is no fan-out
    output: Output


def name_for(deliverable: str) -> str:
    """The sidecar's name; where the file system would refuse it, a digest stands for the end."""
    if len(os.fsencode(f"{deliverable}.json")) <= LONGEST_NAME:
        return f"{deliverable}.json"
    kept = deliverable
    while len(os.fsencode(kept)) > LONGEST_NAME - len("~12345678.json"):
        kept = kept[:-1]
    return f"{kept}~{sha256_of_bytes(os.fsencode(deliverable))[-8:]}.json"


def write(path: Path, about: Mapping[str, Any]) -> None:
    """Whole or not at all; on the disk once the folder is, too."""
    # One short name: the job's lock is ours, and the file's name may be a long one.
    with replaced(path, temporary=".writing.tmp") as beside:
        beside.write_bytes(dump_json(about))


def digest_in(path: Path) -> str | None:
    """The digest of what was delivered with this sidecar; ``None`` where there is none that can be read."""
    try:
        digest = read_json(path)["digest"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return digest if isinstance(digest, str) else None


class Sidecars:
    """Those of one job, which often came the same way."""

    def __init__(self, job: PlannedJob, results: Results) -> None:
        self._job = job
        self._results = results
        self._planned = {stage.name: stage for stage in job.stages}
        self._order = {name: number for number, name in enumerate(self._planned)}
        self._entries: dict[tuple[str, int | None], dict[str, Any]] = {}

    def describe(self, made: DeliveredOutput, file: str) -> dict[str, Any]:
        """What is written beside the deliverable ``file``."""
        plan = self._job.plan
        way = list(islice(self._way(made), NEAREST + 1))
        told = [self._entry(*each) for each in sorted(way[:NEAREST], key=lambda each: self._order[each[0]])]
        return {
            "schema": 1,
            "file": file,
            "size": made.output.size,
            "digest": made.output.digest,
            "made_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(made.output.mtime_ns // 10**9)),
            "job_id": self._job.id,
            "workflow": plan.workflow,
            "input": {"path": plan.input.path, "size": plan.input.size, "digest": plan.input.digest},
            "parameters": plan.parameters,
            "engines": _engines(told),
            "notes": [*_notes(told), *_model_notes(plan, told)],
            "stages": told,
            **({"has_more_stages": True} if len(way) > NEAREST else {}),
        }

    def _way(self, made: DeliveredOutput) -> Iterator[tuple[str, int | None]]:
        """The stages that the file came from, the nearest first; with a place where only that member took part."""
        place = made.place if self._planned[made.stage].for_each else None
        seen, queue = {made.stage}, deque([(made.stage, place)])
        while queue:
            name, place = queue.popleft()
            yield name, place
            for before, is_pair in self._planned[name].sources:
                if before not in seen:
                    seen.add(before)
                    queue.append((before, place if is_pair else None))

    def _entry(self, name: str, place: int | None) -> dict[str, Any]:
        if (name, place) not in self._entries:
            found = self._results.of(name)
            chosen = list(found.items()) if place is None else [list(found.items())[place]]
            self._entries[name, place] = self._stage(self._planned[name], dict(chosen))
        return self._entries[name, place]

    def _stage(self, stage: PlannedStage, found: Mapping[str, Result]) -> dict[str, Any]:
        """A fan-out over a list is told once, with how many there were, and the parts of its first member's key."""
        first, plan = next(iter(found), ""), self._job.plan
        parts = (attempts.key_input(self._job, first, found[first].attempt) if first else None) or {}
        optional = {
            "source": parts.get("source"),
            "modules": parts.get("modules"),
            "tools": plan.tools.get(stage.environment),
            "edits": [edit.told for name in found if (edit := self._results.edit(name))],
            "about": _merged([result.about for result in found.values()]),
            "warnings": list(dict.fromkeys(text for result in found.values() for text in result.warnings)),
        }
        return {
            "name": first if len(found) == 1 else stage.name,
            "uses": stage.uses,
            "environment": _environment(plan, stage.environment),
            "parameters": parts.get("parameters", stage.parameters),
            "models": {slot: {"name": name, "digest": plan.models[name]} for slot, name in stage.models.items()},
            "seconds": round(sum(result.seconds for result in found.values()), 3),
            **({"members": len(found)} if len(found) != 1 else {}),
            **{name: value for name, value in optional.items() if value},
        }


def _environment(plan: Plan, name: str) -> dict[str, Any]:
    """With where it came from, unless that is the live build, which nearly every job has."""
    lock, origin = plan.environment_locks.get(name), plan.origin(name)
    more = {"source": origin.source, "place": origin.place, "warning": origin.warning}
    is_plain = origin == EnvironmentOrigin(origin.source)
    shown = {} if is_plain else {key: value for key, value in more.items() if value is not None}
    return {"name": name, "key": plan.environment_keys[name], **({"lock": lock} if lock else {}), **shown}


def _merged(told: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The facts of all members: notes together, of the others those that came first."""
    merged = {name: value for about in reversed(told) for name, value in about.items()}
    notes = list(dict.fromkeys(note for about in told for note in _texts(about.get("notes"))))
    return {**merged, "notes": notes} if notes else merged


def _engines(told: Sequence[Mapping[str, Any]]) -> list[str]:
    engines = (each.get("about", {}).get("engine") for each in told)
    return list(dict.fromkeys(engine for engine in engines if isinstance(engine, str)))


def _notes(told: Sequence[Mapping[str, Any]]) -> list[str]:
    """What a reader should know: the stages' notes and warnings, in the order in which they ran."""
    environments = (each["environment"] for each in told if "warning" in each["environment"])
    degraded = (f"environment '{each['name']}' was {each['source']} {each['warning']}" for each in environments)
    texts = (text for each in told for text in (*_texts(each.get("about", {}).get("notes")), *each.get("warnings", ())))
    edits = [each for stage in told for each in stage.get("edits", ())]
    edited = (f"{name} was edited by {each['who']}" for each in edits for name in each["files"])
    return list(dict.fromkeys([*degraded, *texts, *edited]))


def _model_notes(plan: Plan, told: Sequence[Mapping[str, Any]]) -> list[str]:
    """What is known of the recognition model, in the language that it recognised."""
    model = plan.model_decision.model if plan.model_decision else ""
    using = [each for each in told if any(used["name"] == model for used in each["models"].values())]
    return model_notes.of(plan.model_decision, [each.get("about", {}) for each in using]) if using else []


def _texts(value: Any) -> list[str]:
    return [each for each in value if isinstance(each, str)] if isinstance(value, list) else []
