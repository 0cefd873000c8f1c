"""Which of a job's subtitles a person's file is of, by what the file is called."""

import shlex
from collections.abc import Sequence
from pathlib import Path

from pipeline.errors import UsageError
from pipeline.films.subtitle_edits import KARAOKE, EditedTrack, tracks
from pipeline.jobs.job_editor import JobEditor
from pipeline.media import subtitle_names


def track_of(desk: JobEditor, file: Path) -> EditedTrack:
    """The track whose name the file's ends with, or the only one that it can be of. Raises ``UsageError``."""
    known, stem = tracks(desk), file.stem.removesuffix(KARAOKE)
    named = [each for each in known if stem == each.name or stem.endswith(f".{each.name}")]
    if named:
        return max(named, key=lambda each: len(each.name))
    possible = _possible(desk, known, file)
    if len(possible) == 1:
        return possible[0]
    raise _unnamed(desk, known, possible or known, file)


def _possible(desk: JobEditor, known: Sequence[EditedTrack], file: Path) -> list[EditedTrack]:
    """All of the language that the name says; all there are where it says none; and none of what has flags."""
    said = subtitle_names.of_file(file, desk.job.input)
    return [each for each in known if not said.flags and said.language in ("", each.language)]


def _unnamed(desk: JobEditor, known: Sequence[EditedTrack], possible: Sequence[EditedTrack], file: Path) -> UsageError:
    id, title = desk.job.id, file.name.partition(".")[0]
    if not known:
        return UsageError(f"{id} has no subtitles called {file.name}; it has made none", f"pipeline job show {id}")
    there = ", ".join(f"{desk.job.input.stem}.{each.name}{file.suffix}" for each in known)
    names = [f"{title}.{each.name}{file.suffix}" for each in possible]
    command = f"pipeline subtitles accept {shlex.quote(str(file.with_name(names[0])))} --job {id}"
    return UsageError(
        f"{id} has no subtitles called {file.name}; its subtitles are: {there}",
        f"call it {' or '.join(names)}, and then\n{command}",
    )
