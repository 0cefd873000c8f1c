"""Translations that follow what was corrected in their original."""

import click

from pipeline.cli import subtitle_words
from pipeline.cli.context import project
from pipeline.jobs import job_editor
from pipeline.jobs.job_editor import JobEditor
from pipeline.jobs.store import JobStore
from pipeline.project import ProjectFolder
from pipeline.text import counted, printable


def catch_up(id: str) -> None:
    """Let the translations of a job follow what was corrected, and say what came of it."""
    here = project()
    with job_editor.opened(JobStore(here.jobs).folder(id)) as desk:
        count = follow(here, desk)
        if not count:
            click.echo(f"{desk.job.id}: no translation is behind its original")
            return
        click.echo(f"run-pipeline -j {desk.job.id}   adds the subtitles to the film again")


def follow(here: ProjectFolder, desk: JobEditor) -> int:
    """Let each translation follow what was corrected in the original; of one that can't, say what helps.

    Returns how many had something to follow.
    """
    from pipeline.config.catalog import Catalog
    from pipeline.films import followed_tracks, translated_tracks

    found = followed_tracks.follow_all(desk, Catalog(here))
    for each in found:
        name = each.track.name
        if isinstance(each, followed_tracks.TranslationBehind):
            click.echo(printable(f"the translation '{name}' doesn't follow yet: {each.error.message}"), err=True)
            click.echo(f"pipeline subtitles translate {desk.job.id}   tries again", err=True)
            continue
        what = counted(each.sentences, "sentence")
        words = f"{what} of '{name}' translated again, the rest stays as it is"
        taken_back = f"'{name}' is again as it was translated, as is its original"
        click.echo(printable(f"{desk.job.id}: {words if each.sentences else taken_back}"))
        subtitle_words.tell_clashes(each.edits.clashes)
        if each.lost:
            what = f"{counted(each.lost, 'change')} of the original couldn't be found in the translation '{name}'"
            click.echo(printable(f"{what}; look at it there"), err=True)
    for track in translated_tracks.without_source(desk):
        what = (
            f"the translation '{track.name}' was made from the sound, so what is corrected in the original isn't in it"
        )
        click.echo(printable(f"{what}; correct it there, too"), err=True)
    return len(found)
