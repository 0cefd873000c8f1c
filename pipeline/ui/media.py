"""A job's film, its sound, its waveform and stills of it, for the page that plays them.

No address has a path in it: the job is looked up by its id, and what there is of its film in its plan and journal.
"""

import math
from collections.abc import Sequence
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import Any, Protocol

from pipeline.errors import UsageError
from pipeline.files import read_json
from pipeline.films import proxies, stills
from pipeline.jobs import film_outputs, input_state
from pipeline.jobs.job import PlannedJob
from pipeline.project import ProjectFolder
from pipeline.text import printable
from pipeline.ui.background import in_background
from pipeline.ui.file_answers import file_answer
from pipeline.ui.messages import BINARY, JSON, Denial, Request, Response
from pipeline.values import encode

KINDS = {
    ".aac": "audio/aac",
    ".avi": "video/x-msvideo",
    ".flac": "audio/flac",
    ".m4a": "audio/mp4",
    ".m4v": "video/mp4",
    ".mkv": "video/x-matroska",
    ".mov": "video/quicktime",
    ".mp3": "audio/mpeg",
    ".mp4": "video/mp4",
    ".ogg": "audio/ogg",
    ".ogv": "video/ogg",
    ".opus": "audio/ogg",
    ".ts": "video/mp2t",
    ".wav": "audio/wav",
    ".webm": "video/webm",
}
JPEG = "image/jpeg"
LONGEST = 1e6  # seconds


class MediaSite(Protocol):
    """What is needed of the site."""

    project: ProjectFolder
    stills: stills.FilmStills

    def job(self, id: str) -> PlannedJob:
        """Raises ``Denial``."""
        ...


def overview(site: MediaSite, request: Request, found: Sequence[str]) -> Response:
    """What there is: ``film`` and ``sound``, each with its kind as browsers name it, and why it can't be had.

    ``peaks``: why there can be none. ``proxy``: the small copy, or ``null``.
    """
    job = site.job(found[1])
    problem = film_problem(job)
    sound = film_outputs.sound(job)
    told: dict[str, Any] = {
        "film": {"kind": kind_of(job.input), "problem": problem},
        "sound": {"kind": KINDS[".wav"], "problem": None if sound else _no_sound(job)},
        "peaks": {"problem": None if sound or not film_outputs.takes_sound(job) else _no_sound(job)},
        "proxy": {"kind": KINDS[".mp4"]} if proxies.path_of(site.project, job).is_file() else None,
        "duration": job.plan.input.duration_s,
        "peaks_per_second": 100,
    }
    return Response(kind=JSON, body=encode(told))


def film(site: MediaSite, request: Request, found: Sequence[str]) -> Response:
    """The film itself."""
    job = site.job(found[1])
    require_film(job)
    return file_answer(request, job.input, kind_of(job.input), job.plan.input.digest)


def proxy(site: MediaSite, request: Request, found: Sequence[str]) -> Response:
    """The small copy of the film, where a person has let it be made."""
    path = proxies.path_of(site.project, site.job(found[1]))
    return file_answer(request, path, KINDS[".mp4"], f"proxy-{path.stem}")


def sound(site: MediaSite, request: Request, found: Sequence[str]) -> Response:
    """The audio track that was recognised, as WAV, in time with the film."""
    job = site.job(found[1])
    made = film_outputs.sound(job)
    if made is None:
        raise Denial(HTTPStatus.NOT_FOUND, _no_sound(job))
    return file_answer(request, made.path, KINDS[".wav"], made.digest)


def peaks(site: MediaSite, request: Request, found: Sequence[str]) -> Response:
    """Two signed bytes, the least and the greatest sample, for each hundredth of a second of the sound."""
    from pipeline.films import waveform

    try:
        made = in_background(partial(waveform.peaks_of, site.project, site.job(found[1])))
    except UsageError as error:
        raise Denial(HTTPStatus.NOT_FOUND, error.message) from error
    return file_answer(request, made.path, BINARY, made.digest)


def speech(site: MediaSite, request: Request, found: Sequence[str]) -> Response:
    """Where recognition has found speech: pairs of seconds, which may be none."""
    made = film_outputs.transcript(site.job(found[1]))
    spans = read_json(made.path).get("speech", []) if made else []
    return Response(kind=JSON, body=encode({"speech": spans}))


def still(site: MediaSite, request: Request, found: Sequence[str]) -> Response:
    """The picture ``at`` so many seconds, with the cues of ``track`` drawn into it."""
    job = site.job(found[1])
    at = _seconds(request.query.get("at", ""))
    require_film(job)
    return Response(kind=JPEG, body=site.stills.still(job, at, request.query.get("track", "")))


def kind_of(path: Path) -> str:
    return KINDS.get(path.suffix.lower(), BINARY)


def require_film(job: PlannedJob) -> None:
    """Raises ``Denial``, with what a person can do."""
    if problem := film_problem(job):
        raise Denial(HTTPStatus.GONE, problem)


def film_problem(job: PlannedJob) -> str | None:
    """Why the job's film can't be shown."""
    path = printable(str(job.input))
    try:
        if input_state.is_unchanged(job.plan.input, job.input):
            return None
    except OSError as error:
        return f"The film {path} can't be read: {error.strerror}. Put it back, or prepare it where it is now."
    return f"The film {path} has changed since {job.id} was prepared, so its times may be other ones. Prepare it again."


def _no_sound(job: PlannedJob) -> str:
    if film_outputs.takes_sound(job):
        return f"{job.id} has no sound of its film yet: run the job."
    return f"{job.id} was made from subtitles that existed, so it has no sound apart from the film."


def _seconds(text: str) -> float:
    try:
        at = float(text)
    except ValueError:
        at = math.nan
    if not 0 <= at <= LONGEST:
        raise Denial(HTTPStatus.BAD_REQUEST, "Say when, in seconds: ?at=12.5")
    return at
