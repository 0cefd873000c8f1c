"""A job's timeline as rows of bars, for a terminal, as a picture and as a trace."""

import json
import xml.etree.ElementTree as ET

import pytest

from pipeline.report import pages
from pipeline.report.timeline import COLUMNS, MOST_ROWS, rows, ticks
from pipeline.report.timeline_text import lines
from pipeline.report.trace import trace
from pipeline.report.values import StageTotals
from pipeline.text import width
from tests.report.helpers import a_report, a_span, at


def stage(name: str, uses: str) -> StageTotals:
    numbers = {"finished": 1, "reused": 0, "failed": 0, "seconds": 1.0, "longest": 1.0, "longest_wait": 0.0}
    asked = {"cpu_seconds": None, "memory": None, "asked_cpus": 1, "asked_memory": None, "asked_gpus": 0}
    return StageTotals(stage=name, uses=uses, environment="alpha", state="finished", **numbers, **asked)  # type: ignore[arg-type]


def test_each_attempt_is_a_row_with_its_phases() -> None:
    (row,) = rows(a_report(a_span("one", 1, 4, ready=0.5, ran=3, attempt=2)))
    assert (row.label, row.seconds) == ("one (attempt 2)", 3)
    assert [(bar.kind, bar.begin, bar.end) for bar in row.bars] == [
        ("waited", 0.5, 1),
        ("ran", 1, 3),
        ("committed", 3, 4),
    ]


def test_many_attempts_share_the_rows_of_their_stages() -> None:
    many = [a_span(f"each_{index}", index, index + 1, planned="each") for index in range(MOST_ROWS)]
    found = rows(a_report(a_span("one", 0, 1), *many, stages=(stage("one", "one"), stage("each", "each"))))
    assert [(row.label, row.seconds) for row in found] == [("one (1)", 1), (f"each ({MOST_ROWS})", MOST_ROWS)]
    assert len(found[1].bars) == COLUMNS
    assert {bar.share for bar in found[1].bars} == {1}


def test_many_stages_of_one_file_share_a_row() -> None:
    spans = [a_span(f"s{index}", 0, 1) for index in range(MOST_ROWS + 1)]
    found = rows(a_report(*spans, stages=tuple(stage(span.stage, "noop") for span in spans)))
    assert [row.label for row in found] == [f"noop ({MOST_ROWS + 1})"]


@pytest.mark.parametrize("seconds", [0.0, 0.004, 1.0, 59.0, 3600.0, 10_000_000.0])
def test_an_axis_has_a_few_round_places(seconds: float) -> None:
    found = ticks(seconds)
    assert found[0] == 0
    assert found[-1] <= seconds
    assert len(found) <= 10


@pytest.mark.parametrize("columns", [40, 80, 200])
def test_a_terminal_s_lines_fit(columns: int) -> None:
    report = a_report(a_span("早い段階" * 12, 0, 2), a_span("two\x1b[31m", 2, 9, ready=1, ran=8, state="failed"))
    found = list(lines(report, columns))[:-1]
    assert all(width(line) <= max(columns, 59) for line in found)
    assert not any("\x1b" in line for line in found)
    assert "x" in found[1]


def test_a_terminal_has_what_each_stage_does_where_that_is_clear_and_has_room() -> None:
    titles = {"cut_en": "Make subtitles in English", "mux": "Put it together", "again": "Put it together"}
    spans = [a_span(name, 0, 2, title=title, attempt=2) for name, title in titles.items()]
    spans.append(a_span("write", 0, 2, title="Write " + "very " * 20 + "much"))
    report = a_report(*spans)
    assert [line.split("  ")[0].rstrip(" █") for line in list(lines(report, 100))[:4]] == [
        "Make subtitles in English (attempt 2)",
        "mux (attempt 2)",
        "again (attempt 2)",
        "write",
    ]
    assert next(lines(report, 60)).startswith("cut_en (attempt 2)")
    assert rows(report)[0].label == "cut_en (attempt 2)"


def test_a_picture_has_what_each_stage_does_and_the_name_that_commands_take_in_its_tip() -> None:
    picture = ET.fromstring(pages.timeline_svg(a_report(a_span("cut_en", 0, 2, title="Make subtitles in English"))))
    labels = ["".join(each.itertext()) for each in picture.iter("{http://www.w3.org/2000/svg}text")]
    tips = ["".join(each.itertext()) for each in picture.iter("{http://www.w3.org/2000/svg}title")]
    assert "Make subtitles in English" in labels
    assert any(tip.startswith("cut_en: ") for tip in tips)


def test_a_picture_is_xml_with_names_escaped() -> None:
    picture = ET.fromstring(pages.timeline_svg(a_report(a_span("<b>&\x01", 0, 2))))
    texts = ["".join(each.itertext()) for each in picture.iter("{http://www.w3.org/2000/svg}text")]
    assert "<b>&\\x01" in texts


def test_a_trace_has_an_event_for_each_attempt_and_phase_in_lanes_that_do_not_overlap() -> None:
    spans = (a_span("one", 0, 2, ran=1.5), a_span("two", 1, 3), a_span("three", 2, 4))
    found = json.loads(json.dumps(trace(a_report(*spans))))["traceEvents"]
    attempts = {each["name"]: each for each in found if each.get("cat") == "stage"}
    assert [(each["ts"], each["dur"], each["tid"]) for each in attempts.values()] == [
        (0, 2_000_000, 1),
        (1_000_000, 2_000_000, 2),
        (2_000_000, 2_000_000, 1),
    ]
    assert {each["name"] for each in found if each.get("cat") == "phase"} == {"ran", "committed"}


ON_NODES = (a_span("one", 0, 2, node="alpha"), a_span("two", 0, 3, node="beta"), a_span("three", 2, 4, node="beta"))


def test_a_trace_of_a_cluster_has_a_process_for_each_node() -> None:
    found = trace(a_report(*ON_NODES))["traceEvents"]
    names = {each["pid"]: each["args"]["name"] for each in found if each["ph"] == "M"}
    lanes = {each["name"]: (names[each["pid"]], each["tid"]) for each in found if each.get("cat") == "stage"}
    assert lanes["one"] == (f"run 1: {at(0)}, alpha", 1)
    assert lanes["two"] == (f"run 1: {at(0)}, beta", 1)
    assert lanes["three"] == (f"run 1: {at(0)}, beta", 2)
    assert [each["args"]["node"] for each in found if each.get("cat") == "stage"] == ["alpha", "beta", "beta"]


def test_a_timeline_of_a_cluster_names_the_node_of_each_attempt() -> None:
    found = list(lines(a_report(*ON_NODES), 80))
    assert [line.split()[:2] for line in found[:3]] == [["one", "alpha"], ["two", "beta"], ["three", "beta"]]
    assert all(width(line) <= 80 for line in found)
    picture = ET.fromstring(pages.timeline_svg(a_report(*ON_NODES)))
    texts = ["".join(each.itertext()) for each in picture.iter("{http://www.w3.org/2000/svg}text")]
    assert texts.count("beta") == 2
