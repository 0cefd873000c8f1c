"""``pipeline subtitles recognise`` and ``translate``: a few seconds of a film, or one cue, done again."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from pipeline.cli import completion, subtitle_translation, subtitle_words
from pipeline.cli.context import json_option, project, root_option
from pipeline.cli.output import print_json
from pipeline.errors import UsageError
from pipeline.jobs import job_editor
from pipeline.jobs.job import load
from pipeline.jobs.job_editor import JobEditor
from pipeline.jobs.store import JobStore
from pipeline.project import ProjectFolder
from pipeline.text import printable
from pipeline.values import plain

CLOCK = re.compile(r"(?:(?:(\d+):)?(\d{1,2}):)?(\d+(?:[.,]\d+)?)")
Proposing = Callable[[JobEditor, Any], Any]  # of a job and the catalog, the proposal


class ClockTime(click.ParamType[float]):
    """Seconds, from what a player shows: 1:02:03.5, 2:03 or 3.5."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        if isinstance(value, float):
            return value
        found = CLOCK.fullmatch(str(value).strip())
        if not found:
            self.fail(f"{value!r} is no time such as 1:02:03.5", param, ctx)
        hours, minutes, seconds = (float((part or "0").replace(",", ".")) for part in found.groups())
        return 3600 * hours + 60 * minutes + seconds


def span_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """What is to be done again, and whether it counts then."""
    for option in (
        click.option("--from", "begin", type=ClockTime(), metavar="TIME", help="Where it begins, such as 0:12:03."),
        click.option("--to", "end", type=ClockTime(), metavar="TIME", help="Where it ends."),
        click.option("--cue", type=click.IntRange(1), metavar="N", help="Instead of times: the number of a cue."),
        click.option("--model", default="", metavar="NAME", shell_complete=completion.models, help="Another model."),
        click.option("--accept", "accepts", is_flag=True, help="Take what comes of it into the subtitles."),
        click.option("--by", default="", metavar="NAME", help="Who accepts it; default: your user name."),
    ):
        command = option(command)
    return command


@click.command()
@click.argument("id", shell_complete=completion.jobs)
@span_options
@click.option("--language", default="", metavar="CODE", help="The language that is spoken there; default: the film's.")
@click.option("--prompt", default="", metavar="TEXT", help="Names and words that are expected there (Whisper only).")
@json_option
@root_option
def recognise(id: str, as_json: bool, accepts: bool, by: str, **asked: Any) -> None:
    """Recognise a few seconds of a job's film again, and show what the subtitles would be.

    It is done by the job's own stage, on that part of the sound alone.
    """
    from pipeline.films import proposals, translated_tracks

    def propose(desk: JobEditor, catalog: Any) -> Any:
        track = translated_tracks.original(desk)
        if track is None:
            raise UsageError(f"{desk.job.id} has no subtitles of what was said", f"pipeline job show {desk.job.id}")
        wish = proposals.Wish(asked["model"], asked["language"], asked["prompt"])
        return proposals.recognise(desk, catalog, _span(desk, track, asked), wish)

    _propose(id, propose, as_json, by if accepts else None)


@click.command()
@click.argument("id", shell_complete=completion.jobs)
@span_options
@click.option(
    "--track", default="", metavar="NAME", help="The translation, such as es; needed where there are several."
)
@json_option
@root_option
def translate(id: str, as_json: bool, accepts: bool, by: str, **asked: Any) -> None:
    """Translate again: what was corrected in the original, or with --cue or --from and --to, these sentences.

    Without a cue or times, all sentences that were corrected in the original and not translated since. "pipeline
    subtitles accept" does that by itself; this is for a translator that couldn't work then.
    """
    from pipeline.films import proposals, translated_tracks

    if asked["cue"] is None and asked["begin"] is None and asked["end"] is None:
        subtitle_translation.catch_up(id)
        return

    def propose(desk: JobEditor, catalog: Any) -> Any:
        known = [each.track for each in translated_tracks.translations(desk)]
        track = proposals.track_named(desk, asked["track"], known)
        return proposals.translate(desk, catalog, track.name, _span(desk, track, asked), proposals.Wish(asked["model"]))

    _propose(id, propose, as_json, by if accepts else None)


@click.command()
@click.argument("id", shell_complete=completion.jobs)
@root_option
def proxy(id: str) -> None:
    """Make a small copy of a job's film that every browser plays, for "pipeline ui", and print its path.

    It takes a fraction of the film's length, and lies in the project's cache. Nothing else uses it.
    """
    from pipeline.films import proxies

    here = project()
    click.echo(printable(str(proxies.make(here, load(JobStore(here.jobs).folder(id))))))


def _span(desk: JobEditor, track: Any, asked: dict[str, Any]) -> tuple[float, float]:
    from pipeline.films import proposals

    if asked["cue"] is not None:
        return proposals.times_of_cue(desk, track, asked["cue"])
    if asked["begin"] is None or asked["end"] is None:
        raise UsageError("say which part: --cue N, or --from TIME and --to TIME", "pipeline subtitles recognise --help")
    return asked["begin"], asked["end"]


def _propose(id: str, propose: Proposing, as_json: bool, by: str | None) -> None:
    """``by``: who accepts it, empty for the user who asks; ``None`` where it is only shown."""
    from pipeline.config.catalog import Catalog

    here = project()
    folder, catalog = JobStore(here.jobs).folder(id), Catalog(here)
    proposal = propose(JobEditor(load(folder)), catalog)
    changed = by is not None and _accepted(here, folder, catalog, proposal, by.strip() or job_editor.caller())
    if as_json:
        print_json("subtitles-proposal", {**plain(proposal), "accepted": changed})
        return
    for each in proposal.passages:
        click.echo(printable(f"{proposal.track} {subtitle_words.change(each, proposal.model)}"))
    if not proposal.passages:
        click.echo(
            printable(f"{folder.name}: {proposal.model} says the same again in the subtitles '{proposal.track}'")
        )
    elif changed:
        click.echo(f"run-pipeline -j {folder.name}   adds the subtitles to the film again")
    else:
        click.echo("nothing is changed; the same command with --accept does it")


def _accepted(here: ProjectFolder, folder: Path, catalog: Any, proposal: Any, who: str) -> bool:
    from pipeline.films import proposals

    with job_editor.opened(folder) as desk:
        changed = proposals.accept(desk, catalog, proposal, who)
        if changed and proposal.kind == "recognise":
            subtitle_translation.follow(here, desk)
    return changed
