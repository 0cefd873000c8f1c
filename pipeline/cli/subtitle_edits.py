"""``pipeline subtitles accept``, ``edits`` and ``merge``: what a person has changed in a job's subtitles."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from pipeline.cli import completion, named_file, subtitle_translation, subtitle_words
from pipeline.cli.context import project, root_option
from pipeline.cli.value_types import NamedPath
from pipeline.errors import InputError, PipelineError, UsageError
from pipeline.jobs import beside_input, job_editor
from pipeline.jobs.hand_edits import HandEdits
from pipeline.jobs.job_editor import EditSource, JobEditor
from pipeline.jobs.store import JobStore
from pipeline.project import ProjectFolder
from pipeline.text import counted, printable

EDIT_FILES = (".yaml", ".yml")


@click.command()
@click.argument("file", type=NamedPath(path_type=Path))
@click.option("--job", metavar="ID", default="", shell_complete=completion.jobs, help="Default: the one FILE is of.")
@click.option("--by", default="", metavar="NAME", help="Who has edited it; default: your user name.")
@click.option("--run", "is_to_run", is_flag=True, help="Also run the job again: only what depends on the subtitles.")
@root_option
def accept(file: Path, job: str, by: str, is_to_run: bool) -> None:
    """Take the changes that you have made in FILE into the job's subtitles, in every format.

    FILE is a subtitle file that the job has delivered, edited in any program; or an edit file of "pipeline subtitles
    edits". What was recognised and translated stays as it is.
    """
    here, who = project(), by.strip() or job_editor.caller()
    if not file.is_file():
        step = "pipeline job list   has the jobs; pipeline job show JOB says where a job's files are"
        raise InputError(f"{file} is no file that is there", step)
    folder = JobStore(here.jobs).folder(job) if job else _folder_of(here, file)
    with job_editor.opened(folder) as desk:
        is_edit_file = file.suffix in EDIT_FILES
        is_new = _accept_edits(here, desk, file) if is_edit_file else _accept_file(here, desk, file, who)
        count = subtitle_translation.follow(here, desk)
    if is_new or count or is_to_run:
        go_on(here, folder, is_to_run)


@click.command()
@click.argument("id", shell_complete=completion.jobs)
@click.option("--output", "-o", type=NamedPath(path_type=Path), metavar="FILE", help="Write an edit file: FILE.yaml.")
@root_option
def edits(id: str, output: Path | None) -> None:
    """Show what people have changed in a job's subtitles, and where that clashes with what was made since."""
    from pipeline.config.catalog import Catalog
    from pipeline.films import subtitle_drafts, subtitle_edits

    here = project()
    with job_editor.opened(JobStore(here.jobs).folder(id)) as desk:
        entries = [
            _entry(desk, track, each)
            for track in subtitle_edits.tracks(desk)
            if track.stage in desk.job.loaded.edits
            for each in subtitle_edits.changes(desk, Catalog(here), track)
        ]
        drafts = [
            {"track": track.name, **each}
            for track in subtitle_edits.tracks(desk)
            for each in subtitle_drafts.changes(desk, Catalog(here), track)
        ]
        clashes = [each for event in desk.job.loaded.edits.values() for each in desk.about_of(event).get("clashes", [])]
        if output:
            _write(output, desk, [*entries, *drafts])
            click.echo(printable(f"{counted(len(entries) + len(drafts), 'change')} written to {output}"))
            return
        by_hand = HandEdits(desk.job)
        left = [by_hand.words(each) for each in by_hand.left()]
    for remark, each in [*(("", each) for each in entries), *(("draft ", each) for each in drafts)]:
        click.echo(printable(f"{remark}{each['track']} {subtitle_words.change(each, each['who'])}"))
    for each in clashes:
        click.echo(subtitle_words.clash(each))
    for text in left:
        click.echo(text)
    if drafts:
        click.echo("the draft isn't in the film yet: pipeline ui --edit")
    if not entries and not left and not drafts:
        click.echo("nobody has changed its subtitles")


@click.command()
@click.argument("id", shell_complete=completion.jobs)
@click.option("--by", default="", metavar="NAME", help="Who merges; default: your user name.")
@root_option
def merge(id: str, by: str) -> None:
    """Bring the changes that people have made in a job's subtitles into what its stages have made since.

    Where both say something else than before, the person's text stays, and "pipeline subtitles edits" shows the clash.
    """
    from pipeline.config.catalog import Catalog
    from pipeline.films import subtitle_edits

    here, who = project(), by.strip() or job_editor.caller()
    with job_editor.opened(JobStore(here.jobs).folder(id)) as desk:
        edited = [each for each in subtitle_edits.tracks(desk) if each.stage in desk.job.loaded.edits]
        left = [each for each in edited if not desk.is_current(each.stage)]
        if not left:
            raise UsageError(
                f"{desk.job.id} has no edited subtitles that must be merged", f"run-pipeline -j {desk.job.id}"
            )
        for track in left:
            found = subtitle_edits.merge(desk, Catalog(here), track)
            subtitle_edits.put(here, desk, track, found, who)
            tell(desk, track.name, found)
    click.echo(f"run-pipeline -j {desk.job.id}   goes on with them")


def go_on(here: ProjectFolder, folder: Path, is_to_run: bool) -> None:
    """Run the job, or say how."""
    if not is_to_run:
        click.echo(f"run-pipeline -j {folder.name}   adds the subtitles to the film again")
        return
    from pipeline.cli import runner
    from pipeline.run.execution import Options

    runner.run(here, [folder], Options())


def _folder_of(here: ProjectFolder, file: Path) -> Path:
    """The job that has delivered the file, into its output folder or beside the film. Raises ``UsageError``."""
    store, place = JobStore(here.jobs), file.resolve()
    if here.jobs.resolve() in place.parents:
        return store.folder(place.relative_to(here.jobs.resolve()).parts[0])
    found = []
    for id in store.ids():
        try:
            job = store.find(id)
        except (PipelineError, OSError):
            continue
        if (
            job.plan.beside is not None
            and job.input.parent.resolve() == place.parent
            and file.name in job.loaded.delivered
        ):
            found.append(job)
    if not found:
        raise UsageError(f"no job has delivered {file}; name it with --job ID", "pipeline job list")
    return max(found, key=lambda job: job.plan.created_at).folder


def _accept_file(here: ProjectFolder, desk: JobEditor, file: Path, who: str) -> bool:
    """Whether anything has changed."""
    from pipeline.cli import track_of_file
    from pipeline.config.catalog import Catalog
    from pipeline.films import subtitle_edits

    track, before = track_of_file.track_of(desk, file), beside_input.signature(file)
    subtitle_edits.require_current(desk, track.stage)
    source = EditSource.of(file)
    found = subtitle_edits.accept(desk, Catalog(here), track, file)
    is_new = subtitle_edits.put(here, desk, track, found, who, source) is not None
    beside_input.take(desk.job, file, before)
    if is_new:
        tell(desk, track.name, found)
    else:
        click.echo(printable(f"{desk.job.id}: {file} changes nothing in the subtitles '{track.name}'"))
    return is_new


def _accept_edits(here: ProjectFolder, desk: JobEditor, file: Path) -> bool:
    """Whether anything has changed."""
    from pipeline.config.catalog import Catalog
    from pipeline.films import subtitle_edits
    from pipeline.jobs import edit_file

    by_track, is_new = edit_file.read(file, desk.job), False
    if not by_track:
        click.echo(printable(f"{desk.job.id}: {file} has no change"))
    known = {track.name: track for track in subtitle_edits.tracks(desk)}
    if unknown := [name for name in by_track if name not in known]:
        raise InputError(
            f"{file} changes the subtitles '{unknown[0]}', which {desk.job.id} doesn't have: {', '.join(known)}"
        )
    for name in by_track:
        subtitle_edits.require_current(desk, known[name].stage)
    for name, entries in by_track.items():
        found = subtitle_edits.apply(desk, Catalog(here), known[name], entries)
        people = ", ".join(dict.fromkeys(str(each["who"]) for each in entries))
        if subtitle_edits.put(here, desk, known[name], found, people, EditSource.of(file)) is None:
            click.echo(printable(f"{desk.job.id}: {file} changes nothing in the subtitles '{name}'"))
        else:
            is_new = True
            tell(desk, name, found)
    return is_new


def tell(desk: JobEditor, name: str, found: Any) -> None:
    """What has changed in a track, and what that breaks."""
    id, count = desk.job.id, counted(len(found.edits), "change")
    removed = [each for each in found.edits if not each["after"]]
    gone = sum(len(each["before"]) for each in removed)
    told = f"; {counted(gone, 'cue')} removed, the first one {subtitle_words.at(removed[0])}" if removed else ""
    click.echo(printable(f"{id}: {count} in the subtitles '{name}'{told}"))
    subtitle_words.tell_clashes(found.clashes)
    own = {cue["start"] for each in found.edits for cue in each["after"]}
    for each in found.violations:
        if each["at_s"] in own:
            what = f"{each['measured']:g} {each['unit']}, allowed are {each['allowed']:g}"
            click.echo(f"rule {each['rule']} at {each['at_s']:g} s: {what}", err=True)


def _entry(desk: JobEditor, track: Any, change: Mapping[str, Any]) -> dict[str, Any]:
    """With who has made it: the last one whose edit has these cues."""
    events = desk.edits_of(track.stage)
    makers = [each for each in events if any(_is_of(own, change) for own in desk.about_of(each).get("edits", []))]
    maker = next((each for each in reversed(makers) if each.source), events[-1])  # a merge has no file of a person
    return {"track": track.name, "who": maker.who, "at": maker.at, "before": change["before"], "after": change["after"]}


def _is_of(own: Mapping[str, Any], change: Mapping[str, Any]) -> bool:
    """Whether an edit of ``own`` has left what ``change`` has now. Of removed cues only the time is left."""
    if own["after"] or change["after"]:
        return bool(own["after"] == change["after"])
    return any(
        cue["start"] < gone["end"] and gone["start"] < cue["end"] for cue in own["before"] for gone in change["before"]
    )


def _write(path: Path, desk: JobEditor, entries: Sequence[Mapping[str, Any]]) -> None:
    from pipeline.jobs import edit_file

    named_file.write(path, edit_file.text(desk.job, entries), flush=True)
