"""``pipeline subtitles find``, ``replace`` and ``speaker``: all subtitles of a job at once."""

import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from pipeline.cli import completion, subtitle_edits, subtitle_words
from pipeline.cli.context import json_option, project, root_option
from pipeline.cli.output import print_json
from pipeline.errors import ExitCode, UsageError
from pipeline.jobs import job_editor
from pipeline.jobs.job_editor import JobEditor
from pipeline.jobs.store import JobStore
from pipeline.project import ProjectFolder
from pipeline.text import counted, printable

if TYPE_CHECKING:
    from pipeline.films.track_search import TrackChange

REGEX = click.option("--regex", is_flag=True, help="It is a regular expression of Python.")
IGNORE_CASE = click.option("--ignore-case", "-i", is_flag=True, help="Large and small letters are the same.")
TRACK = click.option("--track", "tracks", multiple=True, metavar="NAME", help="Such as en or en.forced; default: all.")
BY = click.option("--by", default="", metavar="NAME", help="Who makes the change; default: your user name.")
RUN = click.option("--run", "is_to_run", is_flag=True, help="Also run the job again: only what depends on it.")
DRY_RUN = click.option("--dry-run", is_flag=True, help="Only show what would change.")


@click.command()
@click.argument("id", shell_complete=completion.jobs)
@click.argument("text")
@REGEX
@IGNORE_CASE
@TRACK
@json_option
@root_option
def find(id: str, text: str, regex: bool, ignore_case: bool, tracks: tuple[str, ...], as_json: bool) -> None:
    """Find TEXT in a job's subtitles, in all languages. A space of it may also be the end of a line.

    Exit code 1: it is nowhere.
    """
    from pipeline.films import track_search
    from pipeline.subtitles.text_search import TextPattern

    here = project()
    _require_text(text)
    pattern = TextPattern(text, regex, not ignore_case)
    with job_editor.opened(JobStore(here.jobs).folder(id)) as desk:
        found = track_search.find(desk, here, track_search.named_tracks(desk, tracks), pattern)
    if as_json:
        print_json("subtitles-find", [{"track": each.track, **each.cue.told} for each in found])
    for each in () if as_json else found:
        click.echo(printable(f"{each.track} {_spoken(each.cue.told)}"))
    sys.exit(ExitCode.OK if found else ExitCode.FINDINGS)


@click.command()
@click.argument("id", shell_complete=completion.jobs)
@click.argument("text")
@click.argument("replacement")
@REGEX
@IGNORE_CASE
@TRACK
@BY
@RUN
@DRY_RUN
@root_option
def replace(  # a command's options
    id: str,
    text: str,
    replacement: str,
    regex: bool,
    ignore_case: bool,
    tracks: tuple[str, ...],
    by: str,
    is_to_run: bool,
    dry_run: bool,
) -> None:
    r"""Put REPLACEMENT in the place of TEXT in a job's subtitles, in all languages and formats.

    With --regex, \1 and \g<NAME> in REPLACEMENT are groups of the expression.
    """
    from pipeline.films import track_search
    from pipeline.subtitles.text_search import TextPattern

    here = project()
    _require_text(text)
    pattern = TextPattern(text, regex, not ignore_case, replacement)
    folder = JobStore(here.jobs).folder(id)
    with job_editor.opened(folder) as desk:
        named = track_search.named_tracks(desk, tracks)
        changes = [track_search.replaced(desk, here, track, pattern) for track in named]
        _change(here, desk, changes, by, dry_run)
    if any(each.passages for each in changes) and not dry_run:
        subtitle_edits.go_on(here, folder, is_to_run)


@click.command()
@click.argument("id", shell_complete=completion.jobs)
@click.argument("name")
@click.argument("new_name")
@TRACK
@BY
@RUN
@DRY_RUN
@root_option
def speaker(  # a command's options
    id: str, name: str, new_name: str, tracks: tuple[str, ...], by: str, is_to_run: bool, dry_run: bool
) -> None:
    """Call the speaker NAME NEW_NAME in all of a job's subtitles. An empty NEW_NAME is nobody's."""
    from pipeline.films import track_search

    here = project()
    folder = JobStore(here.jobs).folder(id)
    with job_editor.opened(folder) as desk:
        named = track_search.named_tracks(desk, tracks)
        _change(here, desk, track_search.renamed(desk, here, named, name, new_name), by, dry_run)
    if not dry_run:
        subtitle_edits.go_on(here, folder, is_to_run)


def _change(here: ProjectFolder, desk: JobEditor, changes: "Sequence[TrackChange]", by: str, dry_run: bool) -> None:
    from pipeline.cli import subtitle_translation
    from pipeline.config.catalog import Catalog
    from pipeline.films import track_search

    who, found = by.strip() or job_editor.caller(), [each for each in changes if each.passages]
    if not found:
        click.echo(f"{desk.job.id}: nothing is found, so nothing changes")
    elif dry_run:
        for track, passage in ((each.track, passage) for each in found for passage in each.passages):
            click.echo(printable(f"{track.name} {subtitle_words.change(passage, who)}"))
        click.echo(f"{desk.job.id}: {counted(sum(len(each.passages) for each in found), 'cue')} would change")
    else:
        for each in found:
            subtitle_edits.tell(desk, each.track.name, track_search.apply(desk, Catalog(here), each, who))
        subtitle_translation.follow(here, desk)


def _require_text(text: str) -> None:
    if not text.strip():
        raise UsageError("there is no text to look for", "pipeline subtitles find --help")


def _spoken(told: Mapping[str, Any]) -> str:
    who = f"{told['speaker']}: " if told.get("speaker") else ""
    return f"{subtitle_words.at({'before': [told], 'after': []})}: {who}{' | '.join(told['text'].splitlines())}"
