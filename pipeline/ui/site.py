"""Which request gets which answer."""

from collections.abc import Callable, Sequence
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import Any

from pipeline.errors import UsageError
from pipeline.films.stills import FilmStills
from pipeline.jobs.job import PlannedJob
from pipeline.jobs.store import JobStore
from pipeline.project import ProjectFolder
from pipeline.report.pages import TEMPLATES
from pipeline.ui import cue_edits, editor, event_stream, media, new_films, pages, proposals, services
from pipeline.ui.access import LINK, PageAccess
from pipeline.ui.drafts import OpenDrafts
from pipeline.ui.file_answers import file_answer
from pipeline.ui.messages import JSON, TEXT, Denial, Request, Response
from pipeline.ui.proposals import ProposalQueue
from pipeline.ui.uploads import UploadFolder
from pipeline.values import encode

SCRIPT = "text/javascript; charset=utf-8"
STATIC = {".css": "text/css; charset=utf-8", ".js": SCRIPT}
SHARED = {("durations.js",): TEMPLATES / "durations.js"}  # which a report has in it, too
# The report has its own script and styles in it: it is shown without this page's cookie, and can reach nothing.
REPORT_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'; "
    "sandbox allow-scripts"
)
TEXTS = {".vtt": "text/vtt; charset=utf-8", ".json": JSON}

Route = Callable[["Site", Request, Sequence[str]], Response]


class Site:
    """The pages of one project. ``answer`` may be called by several threads at once; nothing here changes but the link,
    which works once.
    """

    def __init__(self, project: ProjectFolder, access: PageAccess) -> None:
        self.project = project
        self.access = access
        self.stills = FilmStills(project)
        self.proposals = ProposalQueue(project)
        self.films = ProposalQueue(project)  # of their own: nobody waits for a small copy to get the film
        self.uploads = UploadFolder(project)
        self.drafts = OpenDrafts(project)
        self._links = [access.link]

    def answer(self, request: Request) -> Response:
        """Raises ``Denial``, and ``PipelineError`` as the commands do."""
        if request.path == (LINK,) and request.reads and not self.access.base:
            self.access.require_host(request)
            return self._opened(request)
        self.require(request)
        for method, pattern, route in ROUTES:
            if method == ("GET" if request.reads else request.method) and (found := _matched(pattern, request.path)):
                return route(self, request, found)
        raise Denial(HTTPStatus.NOT_FOUND, "There is no such page.")

    def require(self, request: Request) -> None:
        """Raises ``Denial`` for a request that isn't the user's own."""
        self.access.require_host(request)
        self.access.require_own_page(request)
        self.access.require_user(request)
        if not request.reads:
            self.access.require_change(request)

    def _opened(self, request: Request) -> Response:
        """The one-time link gives the cookie."""
        if not self.access.is_link(request.query.get("once", "")):
            raise Denial(HTTPStatus.FORBIDDEN, "This isn't the link that `pipeline ui` has printed.")
        try:
            self._links.remove(self.access.link)
        except ValueError as error:
            raise Denial(HTTPStatus.FORBIDDEN, "This link was used already. Start `pipeline ui` again.") from error
        return Response(HTTPStatus.SEE_OTHER, headers=(("Location", "/"), ("Set-Cookie", self.access.set_cookie)))

    def job(self, id: str) -> PlannedJob:
        """Looked up among the jobs that there are. Raises ``Denial``."""
        store = JobStore(self.project.jobs)
        if id not in store.ids():
            raise Denial(HTTPStatus.NOT_FOUND, "There is no such job.")
        return store.find(id)


def _matched(pattern: Sequence[str], path: Sequence[str]) -> list[str] | None:
    """What stands in the places of ``*``, behind the number of these; ``None`` where the path is another one."""
    if len(pattern) != len(path):
        return None
    if any(part not in ("*", given) for part, given in zip(pattern, path, strict=True)):
        return None
    return ["", *(given for part, given in zip(pattern, path, strict=True) if part == "*")]


def _jobs(site: Site, request: Request, found: Sequence[str]) -> Response:
    return Response(body=pages.jobs(site.project, site.access))


def _job(site: Site, request: Request, found: Sequence[str]) -> Response:
    return Response(body=pages.job(site.project, site.access, site.job(found[1])))


def _events(site: Site, request: Request, found: Sequence[str]) -> Response:
    return Response(kind="text/event-stream", pieces=event_stream.of_job(site.job(found[1])))


def _report(site: Site, request: Request, found: Sequence[str]) -> Response:
    return Response(body=pages.report(site.project, site.job(found[1])), policy=REPORT_POLICY)


def _log(site: Site, request: Request, found: Sequence[str]) -> Response:
    """A stage's log, or the part of it that a range names."""
    job, stage = site.job(found[1]), found[2]
    logs = {path.stem: path for path in job.logs.glob("*.log")}
    if stage not in logs:
        raise Denial(HTTPStatus.NOT_FOUND, "This stage has written nothing.")
    return file_answer(request, logs[stage], TEXT)


def _deliverable(site: Site, request: Request, found: Sequence[str]) -> Response:
    job = site.job(found[1])
    names = {name: job.output / name for name in job.loaded.delivered}
    if found[2] not in names:
        raise Denial(HTTPStatus.NOT_FOUND, "There is no such file.")
    path = names[found[2]]
    return file_answer(request, path, {**media.KINDS, **TEXTS}.get(path.suffix.lower(), TEXT))


def _environments(site: Site, request: Request, found: Sequence[str]) -> Response:
    return Response(body=pages.environments(site.project, site.access))


def _environment_events(site: Site, request: Request, found: Sequence[str]) -> Response:
    folders = (site.project.environments, site.project.builds, site.project.builds / ".builds")
    return _rows(folders, partial(pages.environment_rows, site.project))


def _model_events(site: Site, request: Request, found: Sequence[str]) -> Response:
    return _rows((site.project.model_store,), partial(pages.model_rows, site.project))


def _rows(folders: Sequence[Path], rows: Callable[[], list[Any]]) -> Response:
    return Response(kind="text/event-stream", pieces=event_stream.of_rows(folders, rows))


def _models(site: Site, request: Request, found: Sequence[str]) -> Response:
    return Response(body=pages.models(site.project, site.access))


def _static(site: Site, request: Request, found: Sequence[str]) -> Response:
    """A file that comes with the pages: looked up among those that there are."""
    files = {path.relative_to(pages.STATIC).parts: path for path in pages.STATIC.rglob("*")} | SHARED
    path = files.get(request.path[1:])
    if path is None or path.suffix not in STATIC:
        raise Denial(HTTPStatus.NOT_FOUND, "There is no such page.")
    return Response(kind=STATIC[path.suffix], body=path.read_bytes())


def _run(site: Site, request: Request, found: Sequence[str]) -> Response:
    from pipeline.api.project import Project

    Project(site.project.root).job(site.job(found[1]).id).start()
    return _done(f"{found[1]} is being run")


def _prepare(site: Site, request: Request, found: Sequence[str]) -> Response:
    """Prepare a file of this machine, and run its job. Raises ``PipelineError`` as ``prepare-job`` does."""
    from pipeline.api.preparation import prepared_job
    from pipeline.api.wire import PrepareCall

    path = Path(request.query.get("path", "").strip())
    if not path.is_absolute():
        raise UsageError("name the file by its whole path, such as /home/ann/film.mp4", "pipeline ui --help")
    root, workflow = str(site.project.root), request.query.get("workflow", "")
    job = prepared_job(site.project, PrepareCall(root, workflow, str(path), is_of_page=True))
    job.start()
    return _done(f"{job.id} is being run", f"{site.access.base}/jobs/{job.id}")


def _expected(site: Site, request: Request, found: Sequence[str]) -> Response:
    """Whether a file can be copied, before its content is sent. Raises ``PipelineError``."""
    size = request.query.get("size", "")
    site.uploads.require_room(int(size) if size.isascii() and size.isdecimal() and len(size) < 20 else 0)
    return _done("There is room for it.")


def _upload(site: Site, request: Request, found: Sequence[str]) -> Response:
    """The file's path, from which it can be prepared. Raises ``PipelineError``."""
    assert request.upload is not None
    path = site.uploads.receive(found[1], request.upload)
    return Response(kind=JSON, body=encode({"message": f"{path.name} was copied", "path": str(path)}))


def _cancel(site: Site, request: Request, found: Sequence[str]) -> Response:
    from pipeline.jobs.cancel import cancel

    return _done(f"{found[1]}: {cancel(site.job(found[1]))}")


def _done(words: str, page: str = "") -> Response:
    """``page``: where the browser goes next."""
    return Response(kind=JSON, body=encode({"message": words, "page": page}))


ROUTES: tuple[tuple[str, tuple[str, ...], Route], ...] = (
    ("GET", (), _jobs),
    ("GET", ("jobs", "*"), _job),
    ("GET", ("jobs", "*", "events"), _events),
    ("GET", ("jobs", "*", "report"), _report),
    ("GET", ("jobs", "*", "logs", "*"), _log),
    ("GET", ("jobs", "*", "files", "*"), _deliverable),
    ("GET", ("jobs", "*", "media"), media.overview),
    ("GET", ("jobs", "*", "media", "film"), media.film),
    ("GET", ("jobs", "*", "media", "proxy"), media.proxy),
    ("GET", ("jobs", "*", "media", "sound"), media.sound),
    ("GET", ("jobs", "*", "media", "peaks"), media.peaks),
    ("GET", ("jobs", "*", "media", "speech"), media.speech),
    ("GET", ("jobs", "*", "media", "still"), media.still),
    ("GET", ("jobs", "*", "subtitles"), editor.first_page),
    ("GET", ("jobs", "*", "subtitles", "*"), editor.page),
    ("GET", ("jobs", "*", "subtitles", "*", "cues"), editor.cues),
    ("GET", ("jobs", "*", "subtitles", "*", "changes"), editor.changes),
    ("GET", ("jobs", "*", "subtitles", "*", "attention"), editor.attention),
    ("GET", ("jobs", "*", "subtitles", "*", "search"), editor.search),
    ("GET", ("jobs", "*", "subtitles", "*", "proposals"), proposals.listed),
    ("GET", ("environments",), _environments),
    ("GET", ("environments", "events"), _environment_events),
    ("GET", ("models", "events"), _model_events),
    ("GET", ("models",), _models),
    ("GET", ("services",), services.page),
    ("GET", ("services", "events"), services.events),
    ("GET", ("services", "*", "log"), services.log),
    ("GET", ("static", "*"), _static),
    ("GET", ("static", "editor", "*"), _static),
    ("POST", ("jobs",), _prepare),
    ("POST", ("uploads",), _expected),
    ("PUT", ("uploads", "*"), _upload),
    ("POST", ("jobs", "*", "media", "proxy"), proposals.proxy),
    ("POST", ("jobs", "*", "run"), _run),
    ("POST", ("jobs", "*", "cancel"), _cancel),
    ("POST", ("services", "*", "stop"), services.stop),
    ("POST", ("jobs", "*", "subtitles", "*", "edits"), cue_edits.edit),
    ("POST", ("jobs", "*", "subtitles", "*", "replace"), cue_edits.replacement),
    ("POST", ("jobs", "*", "subtitles", "*", "glossary"), cue_edits.term),
    ("POST", ("jobs", "*", "subtitles", "*", "accept"), new_films.accept),
    ("POST", ("jobs", "*", "subtitles", "*", "recognise"), proposals.recognise),
    ("POST", ("jobs", "*", "subtitles", "*", "translate"), proposals.translate),
)
