"""The project's services: which run, what they print, and a way to end one."""

import os
import time
from collections.abc import Iterator, Sequence
from http import HTTPStatus
from pathlib import Path
from typing import Any, Protocol

from pipeline.api.folder_notices import FolderNotices
from pipeline.config.catalog import Catalog
from pipeline.errors import NotReady, PipelineError, UsageError
from pipeline.executors.runtime_folder import Unavailable, locate
from pipeline.project import ProjectFolder
from pipeline.services import live_services
from pipeline.services.folder import SERVICES, ServiceFolder
from pipeline.services.status import ServiceState, ServiceStatus
from pipeline.services.wire import ServiceReport
from pipeline.ui import event_stream, pages
from pipeline.ui.access import PageAccess
from pipeline.ui.file_answers import file_answer
from pipeline.ui.messages import JSON, TEXT, Denial, Request, Response
from pipeline.values import encode

LISTING = "pipeline service list"
BEYOND = 20.0  # seconds that a service gets to end, beyond its own bound


class ServiceSite(Protocol):
    """What is needed of the site."""

    project: ProjectFolder
    access: PageAccess


def page(site: ServiceSite, request: Request, found: Sequence[str]) -> Response:
    return Response(body=pages.services(site.project, site.access, rows(site.project)))


def events(site: ServiceSite, request: Request, found: Sequence[str]) -> Response:
    """The rows, whenever one of them changes or its log grows."""
    return Response(kind="text/event-stream", pieces=_messages(site.project))


def log(site: ServiceSite, request: Request, found: Sequence[str]) -> Response:
    """What a service has printed, or the part of it that a range names."""
    _, report = _found(site.project, found[1])
    return file_answer(request, Path(report.status.log), TEXT)


def stop(site: ServiceSite, request: Request, found: Sequence[str]) -> Response:
    """End one that nobody uses. Blocks until it has ended. Raises ``PipelineError``."""
    folder, report = _found(site.project, found[1])
    if report.users:
        raise UsageError(f"the service '{report.name}' is used", f"pipeline service stop {report.name} --force")
    if not live_services.stop(folder, report.longest_end + BEYOND):
        raise NotReady(f"the service '{report.name}' can't be ended", LISTING)
    return Response(kind=JSON, body=encode({"message": f"{report.name} was stopped", "page": ""}))


def rows(project: ProjectFolder) -> list[dict[str, Any]]:
    """Of the services that run. Without tokens: who sees the page need not be who may ask a service."""
    catalog = Catalog(project)
    return [_row(catalog, report) for _, report in _reports(project)]


def _row(catalog: Catalog, report: ServiceReport) -> dict[str, Any]:
    status = report.status
    since = status.ready_at or status.started_at
    return {
        "key": _key(report),
        "name": report.name,
        "state": str(status.state),
        "environment": _environment(catalog, report.name),
        "addresses": list(status.urls.values()),
        "since": time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(since)) if since else "",
        "users": report.users,
        "remark": _remark(status),
        "log_bytes": _size(Path(status.log)),
    }


def _remark(status: ServiceStatus) -> str:
    """What people would ask next about one that isn't simply ready."""
    said = status.message if status.state is not ServiceState.READY else ""
    failure = status.failure.text if status.failure and status.state is not ServiceState.READY else ""
    restarts = f"started again {status.restarts}\u00d7" if status.restarts else ""
    return "; ".join(filter(None, (said, failure, restarts)))


def _environment(catalog: Catalog, stage: str) -> str:
    """Empty where the stage's file has gone, or is wrong, since the service was started."""
    try:
        return catalog.stage(stage).environment or ""
    except PipelineError:
        return ""


def _size(log_file: Path) -> int:
    try:
        return log_file.stat().st_size
    except OSError:
        return 0


def _reports(project: ProjectFolder) -> list[tuple[ServiceFolder, ServiceReport]]:
    try:
        folder = live_services.runtime_folder(os.environ)
    except Unavailable:
        return []  # `pipeline service list` says why
    found = live_services.reports(folder) if folder else []
    return [each for each in found if each[1].project == str(project.root)]


def _found(project: ProjectFolder, key: str) -> tuple[ServiceFolder, ServiceReport]:
    """Looked up among the project's services that there are. Raises ``Denial``."""
    for each in _reports(project):
        if _key(each[1]) == key:
            return each
    raise Denial(HTTPStatus.NOT_FOUND, "There is no such service any more.")


def _key(report: ServiceReport) -> str:
    return report.key.rpartition(":")[2]


def _messages(project: ProjectFolder) -> Iterator[bytes]:
    told: list[dict[str, Any]] | None = None
    watched = _folders(project)
    with FolderNotices(*watched) as notices:
        while True:
            now = rows(project)
            yield event_stream.message("rows", now) if now != told else event_stream.STILL_HERE
            told = now
            before, watched = watched, _folders(project)
            for folder in set(watched).difference(before):
                notices.add(folder)
            time.sleep(event_stream.TOGETHER_SECONDS)
            notices.wait(event_stream.SILENCE_SECONDS)


def _folders(project: ProjectFolder) -> list[Path]:
    """In which something changes when a service starts, changes, ends or prints."""
    found = _reports(project)
    folders = {folder.path for folder, _ in found} | {Path(report.status.log).parent for _, report in found}
    runtime = {locate(os.environ) / SERVICES}
    return sorted(folder for folder in folders | runtime if folder.is_dir())
