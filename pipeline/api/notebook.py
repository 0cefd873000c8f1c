"""How a job shows itself in a notebook: a table of its stages, then what it has delivered."""

import contextlib
import os
import sys
import time
from collections.abc import Sequence
from html import escape
from typing import Any
from urllib.parse import quote

from pipeline.api.outputs import JobOutputs
from pipeline.errors import PipelineError
from pipeline.jobs import items, overview
from pipeline.jobs.job import PlannedJob, load
from pipeline.jobs.state import StageState, StageStatus
from pipeline.jobs.summary import KILLED, summary
from pipeline.text import printable

MOST = 200  # stages that are shown; of more, the first ones and a line about the rest
PAUSE = 0.25  # seconds between two updates of a live table at least


def table(job: PlannedJob) -> str:
    """As HTML. All texts are escaped."""
    about, state = summary(job), job.state()
    shown = items.shown_names(job, state)
    rows = overview.stages(job, state)
    cells = [_cells(shown.get(stage.name, stage.name), known, about.state == KILLED) for stage, known in rows[:MOST]]
    head = f"<b>{_html(job.id)}</b>: {_html(job.plan.workflow)}, {_html(about.state)}, input {_html(job.input.name)}"
    rest = f"<div>and {len(rows) - MOST} more stages</div>" if len(rows) > MOST else ""
    return f"<div>{head}{_rows(('stage', 'state', 'time', 'remark'), cells)}{rest}{_delivered(job)}</div>"


def _cells(name: str, known: StageState, killed: bool) -> tuple[str, ...]:
    taken = known.committed is not None and known.status is StageStatus.FINISHED and known.committed.taken
    state = KILLED if killed and known.status is StageStatus.RUNNING else known.status.value
    remark = "; ".join(filter(None, [known.reason, f"taken from {taken}" if taken else None, *known.warnings]))
    return name, state, "" if known.seconds is None else f"{known.seconds:.1f} s", remark


def _rows(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    head = "".join(f"<th>{_html(each)}</th>" for each in columns)
    body = "".join("<tr>" + "".join(f"<td>{_html(each)}</td>" for each in row) + "</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _delivered(job: PlannedJob) -> str:
    outputs = JobOutputs(job, job.state())
    links = [
        f'<li>{_html(name)}: <a href="file://{escape(quote(os.fsencode(each.path)))}">{_html(each.path.name)}</a>,'
        f" {each.size} bytes</li>"
        for name, each in outputs.items()
    ]
    return f"<ul>{''.join(links)}</ul>" if links else ""


def _html(text: str) -> str:
    return escape(printable(text))


class LiveTable:
    """A table that a notebook shows and that is replaced as the job goes on."""

    def __init__(self, job: PlannedJob, handle: Any, page: Any) -> None:
        """``handle``: IPython's display handle; ``page``: its class for HTML."""
        self._job = job
        self._handle = handle
        self._page = page
        self._shown_at = time.monotonic()

    def update(self, at_once: bool = False) -> None:
        """Show how the job stands, unless that was shown just now."""
        if not at_once and time.monotonic() - self._shown_at < PAUSE:
            return
        self._shown_at = time.monotonic()
        with contextlib.suppress(PipelineError, OSError):  # the run itself tells what is wrong
            self._handle.update(self._page(table(load(self._job.folder))))


def live_table(job: PlannedJob) -> LiveTable | None:
    """A table in the notebook that this process is the kernel of; ``None`` elsewhere."""
    if _shell() is None:
        return None
    display = sys.modules["IPython"].display
    handle = display.display(display.HTML(table(job)), display_id=True)
    return None if handle is None else LiveTable(job, handle, display.HTML)


def cell() -> int | None:
    """The number of the cell that runs now; ``None`` outside of a notebook."""
    return getattr(_shell(), "execution_count", None)


def _shell() -> Any:
    """IPython's, where it is a notebook's kernel. IPython is never imported: where it isn't loaded, there is none."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    return shell if getattr(shell, "kernel", None) is not None else None
