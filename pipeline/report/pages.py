"""Makes pages and pictures from templates. Everything that is filled in is escaped."""

from base64 import b64encode
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.report.timeline import Row, names, rows, ticks
from pipeline.report.totals import by_file
from pipeline.report.values import PHASES, JobReport
from pipeline.templates import environment, shown_seconds
from pipeline.values import encode

if TYPE_CHECKING:
    from jinja2 import Template

TEMPLATES = Path(__file__).with_name("templates")
WIDTH = 1000.0  # of a timeline's bars, in the picture's own units
LINE = 18.0  # of a row
LONGEST_NAME = 32  # columns beside a row
LISTED = 200  # attempts that stand in the page itself, and stages; other attempts are listed by its script


def html(report: JobReport, graph: str = "") -> str:
    """One page that needs nothing else: no network, no other file. ``graph``: a picture of the stages, as SVG."""
    return _template("report.html").render(
        report=report,
        stages=report.stages if len(report.stages) <= LISTED else by_file(report.stages),
        graph=b64encode(graph.encode()).decode(),
        timeline=_timeline(report),
        listed=report.attempts[:LISTED],
        attempts=_compact(report),
    )


def timeline_svg(report: JobReport) -> str:
    """The timeline alone, as a picture that needs nothing else."""
    return _template("timeline.svg").render(report=report, timeline=_timeline(report), alone=True)


def _template(name: str) -> "Template":
    made = environment(TEMPLATES)
    made.globals["PHASES"] = PHASES
    return made.get_template(name)


def _timeline(report: JobReport) -> dict[str, Any]:
    found = rows(report)
    scale = WIDTH / report.seconds if report.seconds else 0.0
    return {
        "rows": [
            (row, name, LINE * index, _boxes(row, scale))
            for index, (row, name) in enumerate(zip(found, names(found, LONGEST_NAME, LONGEST_NAME), strict=True))
        ],
        "ticks": [(tick * scale, shown_seconds(tick) if tick else "0") for tick in ticks(report.seconds)],
        "runs": [run.begin * scale for run in report.runs[1:]],
        "width": WIDTH,
        "height": LINE * len(found),
        "line": LINE,
    }


def _boxes(row: Row, scale: float) -> list[tuple[float, float, str, float]]:
    """Of each bar: where it begins, its width, its kind and how filled it is."""
    return [
        (round(bar.begin * scale, 2), round(max(0.8, (bar.end - bar.begin) * scale), 2), bar.kind, bar.share)
        for bar in row.bars
    ]


def _compact(report: JobReport) -> str:
    """The attempts for the page's script, without field names: a page of ten thousand stays below 3 MB."""
    values = [
        (
            each.shown,
            each.environment,
            each.attempt,
            each.state,
            round(each.begin, 3),
            round(each.begin - each.ready, 3),
            round(each.seconds, 3),
            each.cpu_seconds,
            each.memory,
            each.reason or each.because,
            each.node,
        )
        for each in report.attempts
    ]
    # What would end a script element, or begin a comment in it, stands there as an escape of JSON.
    return encode(values).decode().replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
