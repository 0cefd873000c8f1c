"""Whether a movie has the subtitles already that would be made for it."""

from collections.abc import Sequence
from pathlib import Path

from pipeline.errors import ExitCode, PipelineError
from pipeline.media import tracks
from pipeline.media.languages import UNKNOWN, base
from pipeline.media.probe import Media
from pipeline.text import printable


class AlreadyThere(PipelineError):
    """There is nothing to do for this input, which is no failure."""

    exit_code = ExitCode.OK


def require_wanted(languages: Sequence[str], tagged: str, movie: Path, media: Media) -> None:
    """Raises ``AlreadyThere`` where the movie has subtitles in all of these languages, in it or beside it.

    What is spoken and isn't known is taken to be what the audio track says; where that says nothing, it is missing.
    """
    wanted = [tagged if each in UNKNOWN else base(each) for each in languages]
    there = tracks.existing(movie, media)
    if wanted and all(language and language in there for language in wanted):
        where = ", ".join(f"{language} ({there[language]})" for language in dict.fromkeys(wanted))
        shown = printable(str(movie))
        raise AlreadyThere(f"{shown} has subtitles already: {where}", "prepare-job --overwrite   makes them anew")
