"""What a person should know of a recognition model's text, once it is known which language is spoken."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pipeline.jobs.job import PlannedJob
from pipeline.jobs.plan import ModelDecision
from pipeline.jobs.state import JobState


def of(decision: ModelDecision | None, facts: Iterable[Mapping[str, Any]]) -> list[str]:
    """``facts``: what each stage that used the model told of its result (``stage.about``).

    What was known of the language that a file says it has counts only where that is what was recognised.
    """
    if decision is None:
        return []
    heard = list(dict.fromkeys(code for told in facts for code in _languages(told)))
    if decision.notes and heard:
        return [decision.notes[code] for code in heard if code in decision.notes]
    return [decision.note] if decision.note else []


def of_job(job: PlannedJob, state: JobState) -> list[str] | None:
    """As ``of``; ``None`` where the model has recognised nothing yet."""
    decision = job.plan.model_decision
    using = [stage.name for stage in job.stages if decision and decision.model in stage.models.values()]
    told = [known.committed.about for name in using if (known := state.stages.get(name)) and known.committed]
    return of(decision, told) if told else None


def unexpected(job: PlannedJob) -> list[str]:
    """Those that nobody could tell before the job ran. Reads the journal only where there may be some."""
    decision = job.plan.model_decision
    if decision is None or not decision.notes:
        return []
    return [note for note in of_job(job, job.state()) or () if note != decision.note]


def _languages(told: Mapping[str, Any]) -> Iterator[str]:
    """The codes of those in which something was recognised: a film may have several."""
    shares = told.get("languages")
    if isinstance(shares, Mapping) and shares:
        yield from shares
    elif isinstance(told.get("language"), str):
        yield told["language"]
