"""What takes a while for a page: a part of a film done again, a small copy of the film, or the film made again.

It is started at once, and told by the job's events when it is done.
"""

import secrets
import sys
import threading
import traceback
from collections.abc import Callable, Sequence
from contextlib import suppress
from http import HTTPStatus
from typing import Any, Protocol

from pipeline.config.catalog import Catalog
from pipeline.errors import PipelineError
from pipeline.films import proposals, proxies, translated_tracks
from pipeline.films.proposals import Proposal, Wish
from pipeline.jobs import proposal_file
from pipeline.jobs.job import PlannedJob, load
from pipeline.jobs.job_editor import JobEditor
from pipeline.project import ProjectFolder
from pipeline.ui.background import give_way
from pipeline.ui.messages import JSON, Denial, Request, Response
from pipeline.values import Struct, ValidationError, decode, encode, plain

MOST_WAITING = 8  # a page that asks for more has a fault

Work = Callable[[JobEditor, Catalog], Struct]  # what it returns is told


class PageWish(Struct, frozen=True, forbid_unknown_fields=True):
    """Which part of the film, in seconds, and what is to be other than it was."""

    start: float
    end: float
    model: str = ""
    language: str = ""
    prompt: str = ""

    @property
    def span(self) -> tuple[float, float]:
        return self.start, self.end

    @property
    def wish(self) -> Wish:
        return Wish(self.model.strip(), self.language.strip(), self.prompt.strip())


class ProposalQueue:
    """One is made after the other, each in a thread of its own."""

    def __init__(self, project: ProjectFolder) -> None:
        self._project = project
        self._turn = threading.Lock()
        self._waiting = threading.BoundedSemaphore(MOST_WAITING)

    def start(self, job: PlannedJob, kind: str, track: str, work: Work) -> str:
        """The id that the proposal will have. Raises ``Denial`` where too many wait."""
        if not self._waiting.acquire(blocking=False):
            raise Denial(HTTPStatus.TOO_MANY_REQUESTS, "Too many proposals are being made; wait for one of them.")
        id = secrets.token_hex(8)
        about = {"id": id, "kind": kind, "track": track}
        threading.Thread(target=self._make, args=(job, about, work), daemon=True).start()
        return id

    def _make(self, job: PlannedJob, about: dict[str, Any], work: Work) -> None:
        try:
            with self._turn:
                told = about | self._made(job, work)
            with suppress(OSError):  # the job was removed meanwhile
                proposal_file.add(job.folder, told)
        finally:
            self._waiting.release()

    def _made(self, job: PlannedJob, work: Work) -> dict[str, Any]:
        """What came of it, or in words why nothing did."""
        try:
            return dict(plain(work(JobEditor(load(job.folder)), Catalog(self._project))))
        except PipelineError as error:
            return {"problem": error.message, "next": error.next_step or ""}
        except OSError as error:
            return {"problem": f"It can't be written down: {error.strerror or error}", "next": ""}
        except Exception:
            traceback.print_exc(file=sys.stderr)
            return {"problem": "This is a fault of the page.", "next": ""}


class ProposalSite(Protocol):
    """What is needed of the site."""

    proposals: ProposalQueue

    def job(self, id: str) -> PlannedJob:
        """Raises ``Denial``."""
        ...


def recognise(site: ProposalSite, request: Request, found: Sequence[str]) -> Response:
    """Recognise a part again. The answer has the proposal's id; the proposal comes by the job's events."""
    job, wish, track = site.job(found[1]), _wish(request), found[2]
    original = translated_tracks.original(JobEditor(job))
    if original is None or original.name != track:
        raise Denial(HTTPStatus.NOT_FOUND, "These subtitles aren't those of what was said.")

    def propose(desk: JobEditor, catalog: Catalog) -> Proposal:
        return proposals.recognise(desk, catalog, wish.span, wish.wish)

    return _started(site.proposals.start(job, "recognise", track, propose))


def translate(site: ProposalSite, request: Request, found: Sequence[str]) -> Response:
    """Translate a part again, as ``recognise``."""
    job, wish, track = site.job(found[1]), _wish(request), found[2]
    if track not in [each.track.name for each in translated_tracks.translations(JobEditor(job))]:
        raise Denial(HTTPStatus.NOT_FOUND, "These subtitles weren't translated from text.")

    def propose(desk: JobEditor, catalog: Catalog) -> Proposal:
        return proposals.translate(desk, catalog, track, wish.span, wish.wish)

    return _started(site.proposals.start(job, "translate", track, propose))


class ProxyMade(Struct, frozen=True):
    """The small copy is there."""

    size: int  # bytes


def proxy(site: ProposalSite, request: Request, found: Sequence[str]) -> Response:
    """Make the small copy of the film. When it is there, an event ``proxy`` says so."""
    job = site.job(found[1])

    def work(desk: JobEditor, catalog: Catalog) -> ProxyMade:
        give_way()
        return ProxyMade(proxies.make(catalog.project, desk.job).stat().st_size)

    return _started(site.proposals.start(job, "proxy", "", work))


def listed(site: ProposalSite, request: Request, found: Sequence[str]) -> Response:
    """The last proposals for a track, for a page that is opened again."""
    told = [each for each in proposal_file.read(site.job(found[1]).folder) if each.get("track") == found[2]]
    return Response(kind=JSON, body=encode({"proposals": told}))


def _wish(request: Request) -> PageWish:
    try:
        return decode(request.body, PageWish)
    except (ValidationError, ValueError) as error:
        raise Denial(HTTPStatus.BAD_REQUEST, "Say from when to when, in seconds.") from error


def _started(id: str) -> Response:
    return Response(HTTPStatus.ACCEPTED, JSON, encode({"id": id}))
