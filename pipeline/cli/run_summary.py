"""The table at the end of a run: each film with its languages, how good they are, and where its subtitles are."""

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.cells import cell_len

from pipeline.cli import handler, result_quality, terminal_size
from pipeline.jobs import model_notes
from pipeline.jobs.job import PlannedJob
from pipeline.jobs.state import JobState
from pipeline.media.subtitles import SUFFIXES
from pipeline.run.observer import JobOutcome
from pipeline.text import printable, shortened

PIPE_WIDTH = 10_000  # whole lines for grep and cut
FILM_WIDTH = 28
DONE = "finished"
GAP = 3  # between two columns


@dataclass(frozen=True)
class FilmRow:
    film: str
    job: str
    result: str
    languages: str
    quality: str  # of its subtitles
    about: str  # what a person should know, or why there is nothing
    where: str


COLUMNS = {
    "film": "input",
    "job": "job",
    "result": "result",
    "languages": "languages",
    "quality": "quality",
    "where": "where",
    "about": "about",
}


def rows(jobs: Sequence[PlannedJob], outcomes: Mapping[str, JobOutcome]) -> list[FilmRow]:
    return [_row(job, outcomes[job.id]) for job in jobs if job.id in outcomes]


def show(found: Sequence[FilmRow]) -> None:
    """Prints the table to the standard error. No line of it is longer than the terminal is wide."""
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    is_terminal = sys.stderr.isatty()
    console = Console(
        file=sys.stderr,
        width=None if is_terminal else PIPE_WIDTH,
        highlight=False,
        _environ=terminal_size.variables(is_terminal),
    )
    widths = fitted(found, console.width)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name, width in widths.items():
        table.add_column(COLUMNS[name], width=width, no_wrap=True, overflow="ellipsis")
    for row in found:
        table.add_row(*(Text(shortened(getattr(row, name), width)) for name, width in widths.items()))
    console.print(table)


def fitted(found: Sequence[FilmRow], width: int) -> dict[str, int]:
    """The columns that are shown, each with its width: what says least goes first where there is no room."""
    wanted = {
        name: max(map(cell_len, (head, *(getattr(row, name) for row in found)))) for name, head in COLUMNS.items()
    }
    widths = {name: each for name, each in wanted.items() if any(getattr(row, name) for row in found)}
    if _total(widths) > width:
        widths["film"] = min(widths["film"], FILM_WIDTH)
    are_alike = all(row.result == DONE for row in found)
    for name in ("job", *(["result"] if are_alike else []), "about", "quality", "languages"):
        if name in widths and _total(widths) > width:
            room = width - _total({each: size for each, size in widths.items() if each != name})
            if name == "about" and room >= len("about") + GAP:
                widths[name] = room - GAP
            else:
                del widths[name]
    if _total(widths) > width:
        others = _total({name: size for name, size in widths.items() if name != "where"})
        widths["where"] = max(len("where"), width - others - GAP)
    return widths


def _total(widths: Mapping[str, int]) -> int:
    return sum(widths.values()) + GAP * len(widths)


def _row(job: PlannedJob, outcome: JobOutcome) -> FilmRow:
    name = printable(job.input.name)
    if outcome.error:
        error = handler.known(outcome.error) or outcome.error
        message = getattr(error, "message", str(error)).removeprefix(f"{job.id}: ")
        return FilmRow(name, job.id, "not finished", "", "", printable(message.partition("\n")[0]), "")
    if outcome.partial:
        return FilmRow(name, job.id, "did a part", "", "", "what was asked for", "")
    result = "was finished already" if outcome.unchanged else DONE
    languages = ", ".join(dict.fromkeys(_languages(job, outcome.delivered)))
    where = _shown_place(_place(job, outcome.delivered))
    quality = printable("; ".join(result_quality.lines(job, job.state())))
    return FilmRow(name, job.id, result, languages, quality, printable(_about(job, job.state())), where)


def _languages(job: PlannedJob, delivered: Sequence[Path]) -> Iterator[str]:
    """What the names of subtitle files say: ``film.es.srt``."""
    for path in delivered:
        if path.suffix in SUFFIXES:
            yield path.name.removeprefix(f"{job.input.stem}.").removesuffix(path.suffix).removesuffix(".karaoke")


def _place(job: PlannedJob, delivered: Sequence[Path]) -> Path:
    """Beside the input where something was put there."""
    if job.plan.beside and any(job.input.with_name(path.name).exists() for path in delivered):
        return job.input.parent
    return job.output


def _shown_place(folder: Path) -> str:
    """From the current folder where that is shorter."""
    try:
        relative = os.path.relpath(folder)
    except (OSError, ValueError):  # the current folder is gone, or on another drive
        relative = str(folder)
    return printable(min(relative, str(folder), key=len))


def _about(job: PlannedJob, state: JobState) -> str:
    """What is known of the results: notes before the engines that made them."""
    told = [stage.committed.about for stage in state.stages.values() if stage.committed]
    notes = [note for about in told for note in about.get("notes") or () if isinstance(note, str)]
    notes += model_notes.of_job(job, state) or ()
    engines = [about["engine"] for about in told if isinstance(about.get("engine"), str)]
    return "; ".join(dict.fromkeys(notes or engines))
