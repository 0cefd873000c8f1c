"""``pipeline job report``."""

from collections.abc import Mapping
from pathlib import Path

import click

from pipeline.cli import completion
from pipeline.cli.context import json_option, project, root_option
from pipeline.cli.job_explanation import explanations
from pipeline.cli.output import print_json
from pipeline.cli.value_types import NamedPath
from pipeline.environments import registry_of
from pipeline.envs.inventory.packages import installed_packages
from pipeline.envs.registry import Registry
from pipeline.envs.verification import health
from pipeline.files import write_at_once
from pipeline.jobs.job import PlannedJob
from pipeline.jobs.store import JobStore
from pipeline.project import ProjectFolder
from pipeline.report import pages
from pipeline.report.comparison import compared
from pipeline.report.reading import read
from pipeline.report.values import JobReport
from pipeline.values import plain, replace


@click.command("report")
@click.argument("id", shell_complete=completion.jobs)
@click.option("--output", "-o", type=NamedPath(path_type=Path, dir_okay=False), help="The page, such as report.html.")
@click.option("--against", metavar="ID", shell_complete=completion.jobs, help="Also say what differs from this job.")
@json_option
@root_option
def command(id: str, output: Path | None, against: str | None, as_json: bool) -> None:
    """Make a page about a job: timeline, stages, why each ran, environments, failures. It needs no network.

    Any job will do: one that runs, that failed, or that was made long ago.
    """
    if output is None and not as_json:
        raise click.UsageError("Name the page with -o FILE.html, or ask for --json.")
    here = project()
    found = report_of(here, id, against)
    if output is not None:
        write_at_once(output, pages.html(found).encode("utf-8", "backslashreplace"))
    if as_json:
        print_json("job-report", plain(found))
    elif output is not None:
        click.echo(output)


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
