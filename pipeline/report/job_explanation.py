"""What a person should know of how a job will be done."""

from collections.abc import Iterator

from pipeline.engines import model_report, report
from pipeline.jobs import environment_sources, model_notes
from pipeline.jobs.job import PlannedJob
from pipeline.jobs.state import JobState


def explanations(job: PlannedJob, state: JobState | None = None) -> Iterator[str]:
    """Lines about its environments, engines and recognition model.

    ``state``: how far it is, where it may have run; then the language that was recognised is known.
    """
    yield from environment_sources.messages(job.plan)
    yield from report.messages(job.plan.decisions)
    yield from model_report.messages(job.plan.model_decision, model_notes.of_job(job, state) if state else None)
