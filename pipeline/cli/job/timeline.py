"""``pipeline job timeline``."""

import json
import sys
from pathlib import Path
from typing import Any

import click

from pipeline.cli import completion, terminal_size
from pipeline.cli.context import json_option, project, root_option
from pipeline.cli.drawing_options import format_option, give, output_option
from pipeline.cli.output import print_json
from pipeline.report import pages, timeline_text, trace
from pipeline.report.project_report import report_of
from pipeline.report.values import AttemptSpan, JobReport
from pipeline.values import plain

COLUMNS = 100  # where no terminal says how many it has


@click.command("timeline")
@click.argument("id", shell_complete=completion.jobs)
@format_option({"text": "a terminal", "svg": "a picture", "trace": "Perfetto and Chrome"})
@output_option
@json_option
@root_option
def command(id: str, form: str, output: Path | None, as_json: bool) -> None:
    """Show when each stage of a job waited, was started, ran and was committed."""
    found = report_of(project(), id)
    if as_json:
        print_json("job-timeline", {"attempts": [_plain(span) for span in found.attempts], "left_out": found.left_out})
    else:
        give(_drawn(found, form, _columns() if output is None else COLUMNS), output)


def _drawn(found: JobReport, form: str, columns: int) -> str:
    if form == "svg":
        return pages.timeline_svg(found)
    if form == "trace":
        return f"{json.dumps(trace.trace(found))}\n"
    return "".join(f"{line}\n" for line in timeline_text.lines(found, columns))


def _plain(span: AttemptSpan) -> dict[str, Any]:
    return {**plain(span), "phases": [plain(phase) for phase in span.phases]}


def _columns() -> int:
    from rich.console import Console

    if not sys.stdout.isatty():
        return COLUMNS
    return Console(_environ=terminal_size.variables(True)).width
