"""A film that is made again with what pages have changed: translations follow first, which may take minutes."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import TYPE_CHECKING, Protocol

from pipeline.api.folder_notices import FolderNotices
from pipeline.config.catalog import Catalog
from pipeline.films import followed_tracks, translated_tracks
from pipeline.films.followed_tracks import TranslationBehind
from pipeline.films.retranslation import FollowedTrack
from pipeline.jobs import job_editor
from pipeline.jobs.events import RunStarted
from pipeline.jobs.job import PlannedJob
from pipeline.jobs.job_editor import JobEditor
from pipeline.jobs.journal_reader import JournalReader
from pipeline.ui.drafts import OpenDrafts
from pipeline.ui.messages import JSON, Request, Response
from pipeline.ui.proposals import ProposalQueue
from pipeline.values import Struct, encode

if TYPE_CHECKING:
    from pipeline.api.job import Job

KIND = "film"
STEP_SECONDS = 1.0


class FilmBegun(Struct, frozen=True):
    """The job runs again with all changes. ``behind``: translations that don't have them, and why, in words."""

    clashes: int
    behind: tuple[str, ...]


class FilmSite(Protocol):
    """What is needed of the site."""

    films: ProposalQueue
    drafts: OpenDrafts

    def job(self, id: str) -> PlannedJob:
        """Raises ``Denial``."""
        ...


def accept(site: FilmSite, request: Request, found: Sequence[str]) -> Response:
    """Bring the drafts of all tracks into the job's subtitles, and run the job again.

    The answer has an id. When the run has begun, an event ``film`` says so, or why there is none.
    """
    job, who = site.job(found[1]), job_editor.caller()

    def work(desk: JobEditor, catalog: Catalog) -> FilmBegun:
        return _begin(site, desk.job, catalog, who)

    return Response(HTTPStatus.ACCEPTED, JSON, encode({"id": site.films.start(job, KIND, "", work)}))


def _begin(site: FilmSite, job: PlannedJob, catalog: Catalog, who: str) -> FilmBegun:
    """Raises ``PipelineError`` and ``OSError``."""
    from pipeline.api.project import Project

    accepted = [draft.accept(who) for draft in site.drafts.all_of(job)]
    behind, clashes = _followed(catalog, job)
    journal = JournalReader(job.folder)
    journal.new()  # what was before this run
    _wait_for_beginning(Project(catalog.project.root).job(job.id).start(), job, journal)
    return FilmBegun(clashes + sum(len(each.clashes) for each in accepted if each), tuple(behind))


def _wait_for_beginning(run: "Job", job: PlannedJob, journal: JournalReader) -> None:
    """Until the run's first line is in the journal. Raises the error of one that ends without it."""
    with FolderNotices(job.folder) as notices:
        is_running = True
        while is_running:
            is_running = run.is_running
            if any(isinstance(event, RunStarted) for event in journal.new()):
                return
            if is_running:
                notices.wait(STEP_SECONDS)
    run.wait()


def _followed(catalog: Catalog, job: PlannedJob) -> tuple[list[str], int]:
    """Let translations follow their original: of those that can't, why, in words, and the number of clashes."""
    with job_editor.opened(job.folder) as desk:
        found = followed_tracks.follow_all(desk, catalog)
        others = translated_tracks.without_source(desk)
    behind = [each for each in found if isinstance(each, TranslationBehind)]
    words = [f"The translation '{each.track.name}' doesn't follow yet: {each.error.message}" for each in behind]
    words += [f"The translation '{each.name}' was made from the sound: correct it, too." for each in others]
    return words, sum(len(each.edits.clashes) for each in found if isinstance(each, FollowedTrack))
