"""What a person should know of how a job will be done."""

from collections.abc import Iterator

from pipeline.engines import model_report, report
from pipeline.jobs import environment_sources
from pipeline.jobs.job import PlannedJob


def explanations(job: PlannedJob) -> Iterator[str]:
    """Lines about its environments, engines and recognition model."""
    yield from environment_sources.messages(job.plan)
    yield from report.messages(job.plan.decisions)
    yield from model_report.messages(job.plan.model_decision)
