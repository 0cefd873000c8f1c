"""The report of a job of a project, with its environments as they are now."""

from collections.abc import Mapping

from pipeline.environments import registry_of
from pipeline.envs.inventory.packages import installed_packages
from pipeline.envs.registry import Registry
from pipeline.envs.verification import health
from pipeline.jobs.job import PlannedJob
from pipeline.jobs.store import JobStore
from pipeline.project import ProjectFolder
from pipeline.report import pages
from pipeline.report.comparison import compared
from pipeline.report.job_explanation import explanations
from pipeline.report.job_reader import read
from pipeline.report.values import JobReport
from pipeline.values import replace

MOST_DRAWN = 60  # stages


def page_of(here: ProjectFolder, found: JobReport) -> str:
    """The report as a page, with a picture of the stages where they aren't too many to be seen."""
    if len(found.stages) > MOST_DRAWN:
        return pages.html(found)
    from pipeline.diagrams import graph as graphs  # the page of a large job has no picture
    from pipeline.diagrams import svg

    return pages.html(found, svg.text(graphs.of_plan(JobStore(here.jobs).find(found.job_id).plan)))


def report_of(here: ProjectFolder, id: str, against: str | None = None) -> JobReport:
    """Raises ``UsageError`` where there is no such job."""
    store, registry = JobStore(here.jobs), registry_of(here)
    job = store.find(id)
    found = read(job, store, _health(registry, job), list(explanations(job, job.loaded)))
    if against is None:
        return found
    other = store.find(against)

    def packages(name: str, key: str) -> Mapping[str, str] | None:
        return _packages(registry, name, key)

    return replace(found, comparison=compared(job.plan, other.plan, (job.loaded, other.loaded), packages))


def _health(registry: Registry, job: PlannedJob) -> dict[str, str]:
    """Of each environment of the job that was built here, as it is now."""
    found = {}
    for name, key in job.plan.environment_keys.items():
        if not job.plan.origin(name).is_external:
            build = registry.with_key(name, key)
            found[name] = (health.problem(build) or "healthy") if build else "it isn't built any more"
    return found


def _packages(registry: Registry, name: str, key: str) -> Mapping[str, str] | None:
    build = registry.with_key(name, key)
    if build is None:
        return None
    try:
        return {package.name: package.version for package in installed_packages(build)}
    except OSError:
        return None
