"""Edits of cues that a page sends: each is on the disk before it is answered."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any, TypeVar

from pipeline.errors import UsageError
from pipeline.films.subtitle_drafts import TrackDraft
from pipeline.jobs import job_editor
from pipeline.media import glossary_terms
from pipeline.subtitles import text_search
from pipeline.subtitles.cue_changes import CuesGone
from pipeline.subtitles.draft import EditConflict
from pipeline.subtitles.draft_cues import EditRejected
from pipeline.subtitles.operations import AnyOperation, SubstituteOperation
from pipeline.subtitles.text_search import TextPattern
from pipeline.ui import draft_answers
from pipeline.ui.editor import EditorSite, draft_of, json_answer, refused
from pipeline.ui.messages import Denial, Request, Response
from pipeline.values import Struct, ValidationError, decode

GLOSSARY = "config/glossary.csv"

T = TypeVar("T")


class PageEdit(Struct, frozen=True, forbid_unknown_fields=True):
    """An edit of the cues that a page shows: those of a file with the digest ``base``, at a revision of the draft."""

    base: str
    revision: int
    operation: AnyOperation


class PageReplacement(Struct, frozen=True, forbid_unknown_fields=True):
    """``tracks``: names, beside that of the page. ``id``: only in this cue."""

    base: str
    revision: int
    pattern: TextPattern
    tracks: tuple[str, ...] = ()
    id: str = ""


class PageTerm(Struct, frozen=True, forbid_unknown_fields=True):
    """A term for the project's glossary."""

    term: str
    translation: str
    language: str


def edit(site: EditorSite, request: Request, found: Sequence[str]) -> Response:
    """One operation, which is on the disk when the answer comes. 409 where somebody else was first."""
    draft = draft_of(site, site.job(found[1]), found[2])
    wish = _body(request, PageEdit)
    return _edited(draft, wish.base, wish.revision, wish.operation)


def replacement(site: EditorSite, request: Request, found: Sequence[str]) -> Response:
    """Other texts wherever something is found: in this track, and in others that are named."""
    job = site.job(found[1])
    draft, wish = draft_of(site, job, found[2]), _body(request, PageReplacement)
    counts = {}
    try:
        others = [each for each in site.drafts.all_of(job) if each.name in wish.tracks and each.name != draft.name]
        for other in others:
            view = other.view()
            texts = text_search.search(wish.pattern, {cue.id: cue.text for cue in view.cues}).texts
            if texts:
                other.edit(view.base, view.draft.revision, SubstituteOperation(texts), job_editor.caller())
            counts[other.name] = len(texts)
        shown = {cue.id: cue.text for cue in draft.view().cues if wish.id in ("", cue.id)}
        texts = text_search.search(wish.pattern, shown).texts
    except (EditRejected, CuesGone) as error:
        return refused(error)
    except EditConflict:
        return refused(UsageError("somebody else has changed the other subtitles just now; try it again"))
    counts[draft.name] = len(texts)
    return _edited(draft, wish.base, wish.revision, SubstituteOperation(texts), {"replaced": counts})


def term(site: EditorSite, request: Request, found: Sequence[str]) -> Response:
    """One more term for the project's glossary."""
    site.job(found[1])
    wish = _body(request, PageTerm)
    try:
        glossary_terms.add(site.project.root / GLOSSARY, wish.term, wish.translation, wish.language)
    except UsageError as error:
        return refused(error)
    except OSError as error:
        return _unsaved(error)
    return json_answer({"message": f"{GLOSSARY} has the term. Jobs use it with --glossary {GLOSSARY}."})


def _edited(
    draft: TrackDraft, base: str, seen: int, operation: AnyOperation, more: dict[str, Any] | None = None
) -> Response:
    try:
        changed = draft.edit(base, seen, operation, job_editor.caller())
    except EditConflict as error:
        return _conflict(draft, base, seen, error)
    except (EditRejected, CuesGone) as error:
        return refused(error)
    except OSError as error:
        return _unsaved(error)
    return json_answer({**draft_answers.of_change(changed, seen), **(more or {})})


def _conflict(draft: TrackDraft, base: str, seen: int, error: EditConflict) -> Response:
    """With what is there now. ``reload``: the page shows cues of another file, so it has to begin again."""
    view = draft.view()
    told = {"message": str(error), "theirs": draft_answers.of_cues(error.theirs), "reload": view.base != base}
    return json_answer({**draft_answers.of_change(view.draft, seen), **told}, HTTPStatus.CONFLICT)


def _unsaved(error: OSError) -> Response:
    return json_answer({"message": f"Not saved: {error.strerror or error}"}, HTTPStatus.INSUFFICIENT_STORAGE)


def _body(request: Request, kind: type[T]) -> T:
    try:
        return decode(request.body, kind)
    except (ValidationError, ValueError) as error:
        raise Denial(HTTPStatus.BAD_REQUEST, "That is no edit of this page.") from error
