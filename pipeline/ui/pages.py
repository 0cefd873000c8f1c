"""The pages' HTML."""

from collections.abc import Sequence
from http import HTTPStatus
from pathlib import Path
from typing import Any

from pipeline.config.catalog import Catalog
from pipeline.environments import registry_of
from pipeline.envs.registry import Registry
from pipeline.errors import PipelineError
from pipeline.jobs.job import PlannedJob
from pipeline.jobs.store import JobStore
from pipeline.jobs.summary import summaries, summary
from pipeline.models.store import ModelStore
from pipeline.project import ProjectFolder
from pipeline.report.project_report import page_of, report_of
from pipeline.templates import environment
from pipeline.ui.access import PageAccess

STATIC = Path(__file__).with_name("static")
TEMPLATES = Path(__file__).with_name("templates")
LISTED = 500  # jobs, the newest


def jobs(project: ProjectFolder, access: PageAccess) -> bytes:
    """All jobs, the newest first."""
    found = sorted(
        summaries(JobStore(project.jobs)), key=lambda each: (each.created_at or "", each.job_id), reverse=True
    )
    workflows = Catalog(project).workflow_names if access.edits else []
    left_out = max(0, len(found) - LISTED)
    return _page("jobs.html", project, access, jobs=found[:LISTED], left_out=left_out, workflows=workflows)


def projects(project: ProjectFolder, access: PageAccess, rows: Sequence[Any]) -> bytes:
    """``rows``: of ``KnownProject``."""
    return _page("projects.html", project, access, rows=rows)


def job(project: ProjectFolder, access: PageAccess, found: PlannedJob) -> bytes:
    """One job, whose script brings it up to date."""
    return _page("job.html", project, access, job=summary(found))


def editor(project: ProjectFolder, access: PageAccess, found: PlannedJob, **track: Any) -> bytes:
    """The subtitles of one track; its scripts show the cues. ``track``: ``track``, ``tracks`` and ``language``."""
    return _page("editor.html", project, access, job=found, **track)


def report(project: ProjectFolder, found: PlannedJob) -> bytes:
    """The same page that ``pipeline job report`` makes."""
    return page_of(project, report_of(project, found.id)).encode("utf-8", "backslashreplace")


def environments(project: ProjectFolder, access: PageAccess) -> bytes:
    """Each environment, and whether its build can be used."""
    return _page("environments.html", project, access, rows=environment_rows(project))


def environment_rows(project: ProjectFolder) -> list[dict[str, Any]]:
    catalog, registry = Catalog(project), registry_of(project)
    return [_environment(catalog, registry, name) for name in catalog.environment_names]


def models(project: ProjectFolder, access: PageAccess) -> bytes:
    """Each model, and whether it is here."""
    return _page("models.html", project, access, rows=model_rows(project))


def model_rows(project: ProjectFolder) -> list[dict[str, Any]]:
    catalog, store = Catalog(project), ModelStore(project.model_store)
    return [
        {
            "name": name,
            "state": "not locked" if not spec.is_locked else store.problem_of(spec) or "ready",
            "license": spec.license,
            "about": spec.description,
        }
        for name, spec in sorted(catalog.models.items())
    ]


def services(project: ProjectFolder, access: PageAccess, rows: Sequence[Any]) -> bytes:
    """``rows``: those of ``services.rows``."""
    return _page("services.html", project, access, rows=rows)


def error(status: HTTPStatus, words: str, step: str) -> bytes:
    """A page that names nothing of what was asked for but in words of our own. ``step``: the next command."""
    made = environment(TEMPLATES).get_template("error.html").render(status=status, words=words, step=step)
    return made.encode("utf-8", "backslashreplace")


def _page(template: str, project: ProjectFolder, access: PageAccess, **content: Any) -> bytes:
    made = environment(TEMPLATES).get_template(template)
    return made.render(project=project, access=access, **content).encode("utf-8", "backslashreplace")


def _environment(catalog: Catalog, registry: Registry, name: str) -> dict[str, Any]:
    try:
        definition = catalog.environment(name)
        problem = registry.problem(definition)
    except PipelineError as error:
        problem = error.message
    build = registry.live(name)
    return {
        "name": name,
        "state": problem or "healthy",
        "python": build.python_version if build else "",
        "key": build.key if build else "",
    }
