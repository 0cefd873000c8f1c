"""The page: one file that needs nothing else, with every text escaped."""

import json
import re
from html.parser import HTMLParser

import pytest

from pipeline.jobs.service_uses import ServiceUse
from pipeline.report import pages
from pipeline.report.totals import by_node, totals
from pipeline.report.values import JobComparison, ReportedDifference, ReportedFailure, ReportedFile, ReportedReason
from tests.jobs.helpers import a_stage
from tests.report.helpers import a_report, a_span

HOSTILE = "</script><script>alert(1)</script><!--\u2028"


class Elements(HTMLParser):
    """All elements of a page, with what a script element holds."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        if self.found and self.found[-1][0] == "script":
            self.scripts.append(data)


def hostile_page() -> str:
    return pages.html(
        a_report(
            a_span(HOSTILE, 0, 1, environment=HOSTILE, reason=HOSTILE, state="failed"),
            input=HOSTILE,
            parameters={"name": HOSTILE},
            notes=(HOSTILE,),
            services=(
                ServiceUse(
                    name=HOSTILE,
                    uses=HOSTILE,
                    environment=HOSTILE,
                    users=(HOSTILE,),
                    failures=(HOSTILE,),
                    last_lines=(HOSTILE,),
                ),
            ),
            decisions=(HOSTILE,),
            reasons=(ReportedReason((HOSTILE,), 1, "ran", HOSTILE, (HOSTILE,)),),
            failures=(
                ReportedFailure(stage=HOSTILE, kind=HOSTILE, reason=HOSTILE, log=HOSTILE, last_lines=(HOSTILE,)),
            ),
            files=(
                ReportedFile(HOSTILE, HOSTILE, 1, HOSTILE, (HOSTILE,)),
                ReportedFile("gone", "gone", None, None, ()),
            ),
            comparison=JobComparison(HOSTILE, (ReportedDifference("parameter", HOSTILE, HOSTILE, None),), ()),
        )
    )


def test_nothing_that_a_job_says_becomes_a_part_of_the_page() -> None:
    elements = Elements(hostile_page())
    assert [tag for tag, _ in elements.found].count("script") == 2
    assert not any("alert(1)" in script and "<" in script for script in elements.scripts[:1])
    data = json.loads(elements.scripts[0])
    assert data[0][0] == HOSTILE


def test_the_page_asks_for_nothing_from_elsewhere() -> None:
    page = pages.html(a_report(a_span()))
    elements = Elements(page)
    sources = [
        value for _, attrs in elements.found for name, value in attrs.items() if name in {"src", "href", "action"}
    ]
    assert sources == []
    assert not re.search(r"@import|url\(", page)
    assert any(attrs.get("http-equiv") == "Content-Security-Policy" for _, attrs in elements.found)


def test_a_job_that_never_ran_has_a_page() -> None:
    page = pages.html(a_report(state="prepared", next="run-pipeline -j job-20260101-somebody-0001", runs=()))
    assert "run-pipeline -j job-20260101-somebody-0001" in page
    assert "<script" not in page


@pytest.mark.long
def test_ten_thousand_attempts_stay_below_three_megabytes() -> None:
    spans = [a_span(f"stage_{index}", index * 0.01, index * 0.01 + 0.02) for index in range(10_000)]
    stages = totals([a_stage(span.stage, uses="noop") for span in spans], {}, spans)
    assert len(pages.html(a_report(*spans, stages=tuple(stages))).encode()) < 3_000_000


def heads(page: str) -> list[str]:
    table = page[page.index('id="attempts"') :]
    return re.findall(r'<button type="button">([^<]+)<', table[: table.index("</thead>")])


def test_only_a_job_of_a_cluster_has_a_column_and_a_table_for_nodes() -> None:
    here, spans = pages.html(a_report(a_span())), [a_span(node=HOSTILE)]
    there = pages.html(a_report(*spans, nodes=tuple(by_node(spans))))
    assert "node" not in heads(here)
    assert 'id="nodes"' not in here
    assert heads(there)[:3] == ["stage", "environment", "node"]
    assert 'id="nodes"' in there
    assert json.loads(Elements(there).scripts[0])[0][10] == HOSTILE
    assert [tag for tag, _ in Elements(there).found].count("script") == 2
