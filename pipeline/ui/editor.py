"""The subtitle editor as it shows: its page, the cues of a track, what deserves a look, and search."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any, Protocol
from urllib.parse import quote

from pipeline.errors import PipelineError, UsageError
from pipeline.films import translated_tracks
from pipeline.films.subtitle_drafts import TrackDraft
from pipeline.jobs import film_outputs
from pipeline.jobs.job import PlannedJob
from pipeline.jobs.job_editor import JobEditor
from pipeline.media import languages
from pipeline.project import ProjectFolder
from pipeline.subtitles import text_search
from pipeline.subtitles.draft_cues import EditRejected
from pipeline.subtitles.text_search import TextPattern
from pipeline.ui import draft_answers, pages
from pipeline.ui.access import PageAccess
from pipeline.ui.drafts import OpenDrafts
from pipeline.ui.messages import JSON, Denial, Request, Response
from pipeline.values import encode


class EditorSite(Protocol):
    """What is needed of the site."""

    project: ProjectFolder
    access: PageAccess
    drafts: OpenDrafts

    def job(self, id: str) -> PlannedJob:
        """Raises ``Denial``."""
        ...


def first_page(site: EditorSite, request: Request, found: Sequence[str]) -> Response:
    """To the first of the job's tracks."""
    job = site.job(found[1])
    drafts = site.drafts.all_of(job)
    if not drafts:
        raise Denial(HTTPStatus.NOT_FOUND, "This job has no subtitles yet.")
    place = f"{site.access.base}/jobs/{quote(job.id, safe='')}/subtitles/{quote(drafts[0].name, safe='')}"
    return Response(HTTPStatus.SEE_OTHER, headers=(("Location", place),))


def page(site: EditorSite, request: Request, found: Sequence[str]) -> Response:
    """The editor of a job's track; without ``--edit`` it only shows."""
    job = site.job(found[1])
    draft = draft_of(site, job, found[2])
    tracks = [each.name for each in site.drafts.all_of(job)]
    language = languages.name(draft.track.language) or draft.track.language
    return Response(
        body=pages.editor(site.project, site.access, job, track=draft.name, language=language, tracks=tracks)
    )


def cues(site: EditorSite, request: Request, found: Sequence[str]) -> Response:
    """All cues, the words whose times are known, and the revision that edits are made on."""
    job = site.job(found[1])
    draft = draft_of(site, job, found[2])
    view = draft.view()
    told = draft_answers.of_view(view, draft.words(view.cues))
    tracks = [{"name": each.name, "language": each.track.language} for each in site.drafts.all_of(job)]
    about = {
        "track": draft.name,
        "language": draft.track.language,
        "tracks": tracks,
        "edits": site.access.edits,
        "again": _again(job, draft.name),
        "film_end": draft.film_end,
        "frame": draft_answers.frame_milliseconds(draft.rules.get("frame_rate")),
    }
    return json_answer({**told, **about})


def changes(site: EditorSite, request: Request, found: Sequence[str]) -> Response:
    """What others have made of the cues since a page saw them, as an edit is answered.

    ``reload``: the page shows cues of another file, so it has to begin again.
    """
    draft = draft_of(site, site.job(found[1]), found[2])
    base, seen = request.query.get("base", ""), request.query.get("revision", "")
    if not (seen.isascii() and seen.isdecimal()):
        raise Denial(HTTPStatus.BAD_REQUEST, "Say which revision the page shows.")
    now = draft.file.read()
    if now.begun and now.begun.base == base:
        return json_answer({**draft_answers.of_change(now, int(seen)), "reload": False})
    view = draft.view()
    told = {**draft_answers.of_change(view.draft, int(seen)), "base": view.base}
    return json_answer({**told, "reload": view.base != base})


def attention(site: EditorSite, request: Request, found: Sequence[str]) -> Response:
    """What deserves a look, in order of time."""
    draft = draft_of(site, site.job(found[1]), found[2])
    view = draft.view()
    return json_answer({"revision": view.draft.revision, "points": draft.points(view)})


def search(site: EditorSite, request: Request, found: Sequence[str]) -> Response:
    """Which cues have a text: by track, their ids and times."""
    job, wish = site.job(found[1]), request.query
    pattern = TextPattern(wish.get("pattern", ""), wish.get("expression") == "1", wish.get("case") == "1")
    drafts = site.drafts.all_of(job) if wish.get("all") == "1" else [draft_of(site, job, found[2])]
    try:
        return json_answer({"found": {draft.name: _places(draft, pattern) for draft in drafts}})
    except EditRejected as error:
        return refused(error)


def _again(job: PlannedJob, track: str) -> str:
    """The address at which a part of the track is done again, if it can be."""
    desk = JobEditor(job)
    original = translated_tracks.original(desk)
    if original and original.name == track:
        return "recognise" if film_outputs.sound(job) else ""
    is_translated = any(each.track.name == track for each in translated_tracks.translations(desk))
    return "translate" if is_translated else ""


def draft_of(site: EditorSite, job: PlannedJob, track: str) -> TrackDraft:
    """Raises ``Denial`` where the job has no such track."""
    try:
        return site.drafts.draft(job, track)
    except UsageError as error:
        raise Denial(HTTPStatus.NOT_FOUND, "This job has no such subtitles.") from error


def _places(draft: TrackDraft, pattern: TextPattern) -> list[dict[str, Any]]:
    shown = {cue.id: cue for cue in draft.view().cues}
    found = text_search.search(pattern, {id: cue.text for id, cue in shown.items()}).found
    return [{"id": id, "at": shown[id].start, "places": places} for id, places in found.items()]


def refused(error: PipelineError, status: HTTPStatus = HTTPStatus.UNPROCESSABLE_ENTITY) -> Response:
    """In words, with the next command if there is one."""
    return json_answer({"message": error.message, "next": error.next_step or ""}, status)


def json_answer(value: Any, status: HTTPStatus = HTTPStatus.OK) -> Response:
    return Response(status, JSON, encode(value))
