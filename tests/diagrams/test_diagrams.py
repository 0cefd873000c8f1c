"""A workflow as text, as Mermaid and as a picture."""

from itertools import combinations
from pathlib import Path
from xml.etree import ElementTree

import pytest

from pipeline.config.catalog import Catalog
from pipeline.diagrams import graph, mermaid, rails, svg
from pipeline.diagrams.graph import GraphLine, GraphStage, StageGraph
from pipeline.diagrams.layers import layered
from pipeline.errors import ConfigurationError
from pipeline.project import ProjectFolder
from pipeline.references import JOB_INPUT
from pipeline.text import width
from tests.conftest import REPOSITORY, Sandbox

SHIPPED = Catalog(ProjectFolder(REPOSITORY))
SVG = "{http://www.w3.org/2000/svg}"


def drawn(name: str) -> StageGraph:
    return graph.of_workflow(SHIPPED.workflow(name), SHIPPED)


def of(*pairs: str) -> StageGraph:
    """From texts such as "a b": b needs a; "a ~b": b comes after a."""
    ends = [pair.split() for pair in pairs]
    names = dict.fromkeys(name.strip("~") for pair in ends for name in pair)
    lines = tuple(GraphLine(source, target.strip("~"), target.startswith("~")) for source, target in ends)
    return StageGraph("t", tuple(GraphStage(name, "" if name == JOB_INPUT else "env") for name in names), lines)


def test_rails_go_from_each_stage_to_those_that_need_it() -> None:
    assert rails.lines(of(f"{JOB_INPUT} a", "a b", "a c", "b d", f"{JOB_INPUT} d", "c e")) == [
        "○ job.input",
        "├─● a  [env]",
        "│ ├─● b  [env]",
        "│ └─│─● c  [env]",
        "└───┴─│─● d  [env]",
        "      └─● e  [env]",
    ]


def test_stages_that_nothing_connects_stand_below_each_other() -> None:
    alone = StageGraph("t", (GraphStage("a", "x"), GraphStage("b", "y")), ())
    assert rails.lines(alone) == ["● a  [x]", "● b  [y]"]


@pytest.mark.parametrize("name", SHIPPED.workflow_names)
def test_our_workflows_fit_into_a_terminal(name: str) -> None:
    lines = rails.lines(drawn(name))
    assert max(map(width, lines)) <= rails.COLUMNS
    for stage in drawn(name).stages:
        assert any(f" {stage.name}" in line for line in lines)


@pytest.mark.long
def test_a_long_chain_and_many_at_once_stay_narrow() -> None:
    chain = of(*(f"s{number} s{number + 1}" for number in range(60)))
    assert max(map(width, rails.lines(chain))) <= rails.COLUMNS
    wide = of(*(f"a m{number}" for number in range(20)), *(f"m{number} z" for number in range(20)))
    assert rails.lines(wide)[-1].endswith(" z  [env]")
    wider = of(*(f"a m{number}" for number in range(3000)), *(f"m{number} z" for number in range(3000)))
    assert rails.lines(wider)[-2:] == ["● z  [env]", "      after m0, m1, m2 and 2997 more"]
    for graph_of_many in (chain, wide, wider):
        assert max(map(width, rails.lines(graph_of_many))) <= rails.COLUMNS
        assert svg.text(graph_of_many).count("<text") >= len(graph_of_many.stages)


def test_fan_outs_conditions_environments_and_deliverables_are_told() -> None:
    text = "\n".join(rails.lines(drawn("subtitle")))
    for words in ("[whisper]", "once for each of $translation.whisper", "only when $burn_in", "delivers movie"):
        assert words in text


def test_mermaid_has_a_box_for_each_stage_and_a_line_for_each_need() -> None:
    stages = (
        GraphStage(JOB_INPUT),
        GraphStage("a", "env", condition='$x is "<b>"'),
        GraphStage("b", "env", each="a.list", delivered=("out",)),
    )
    lines = (GraphLine(JOB_INPUT, "a"), GraphLine("a", "b", is_order=True))
    assert mermaid.text(StageGraph("t", stages, lines)) == (
        "flowchart TD\n"
        '    s0(["job.input"])\n'
        '    s1["a<br/>[env]<br/>only when $x is #quot;#lt;b#gt;#quot;"]\n'
        '    s2[["b<br/>[env]<br/>once for each of a.list<br/>delivers out"]]\n'
        "    s0 --> s1\n"
        "    s1 -.-> s2\n"
        f"    classDef e0 fill:{mermaid.colour(0)},stroke:#555,color:#222\n"
        "    class s1,s2 e0\n"
        "    style s1 stroke-dasharray:5\n"
    )


def boxes(text: str) -> list[tuple[float, ...]]:
    """Left, upper, right and lower edge of each; of a fan-out, the one in front."""
    root = ElementTree.fromstring(text)  # our own
    found = [
        tuple(float(rect.attrib[name]) for name in ("x", "y", "width", "height"))
        for rect in root.iter(f"{SVG}rect")
        if "box" in rect.get("class", "")
    ]
    return [(x, y, x + wide, y + high) for x, y, wide, high in found]


@pytest.mark.parametrize("name", SHIPPED.workflow_names)
def test_the_boxes_of_a_picture_lie_apart_and_within_it(name: str) -> None:
    text = svg.text(drawn(name))
    root = ElementTree.fromstring(text)  # our own
    wide, high = float(root.attrib["width"]), float(root.attrib["height"])
    found = boxes(text)
    assert all(0 < left < right < wide and 0 < top < bottom < high for left, top, right, bottom in found)
    behind = 4.0  # pixels by which the second box of a fan-out is moved
    for one, other in combinations(found, 2):
        is_pair = abs(one[0] - other[0]) == behind and abs(one[1] - other[1]) == behind
        assert is_pair or one[2] <= other[0] or other[2] <= one[0] or one[3] <= other[1] or other[3] <= one[1]


def test_a_picture_needs_nothing_from_elsewhere() -> None:
    text = svg.text(drawn("subtitle"))
    assert text.count("http") == 1  # the name space
    assert "<script" not in text


def test_names_are_escaped() -> None:
    odd = StageGraph("<&>", (GraphStage("a", "<b>", condition="x < 1 & y"),), ())
    root = ElementTree.fromstring(svg.text(odd))  # our own
    assert [text.text for text in root.iter(f"{SVG}text")][1:] == ["[<b>]", "only when x < 1 & y"]


def test_lines_that_need_not_cross_do_not() -> None:
    layers = layered(of("a y", "b x", "a z")).layers
    order = [[slot.name for slot in layer] for layer in layers]
    assert order in ([["a", "b"], ["y", "z", "x"]], [["a", "b"], ["z", "y", "x"]], [["b", "a"], ["x", "y", "z"]])


def test_stages_that_wait_for_each_other_have_no_graph(sandbox: Sandbox) -> None:
    sandbox.workflow("circle", "noop: {after: [two]}\ntwo: {uses: noop, after: [noop]}")
    catalog = Catalog(ProjectFolder(sandbox.root))
    with pytest.raises(ConfigurationError, match="wait for each other"):
        graph.of_workflow(catalog.workflow("circle"), catalog)


def test_a_stage_that_is_not_there_is_told_with_its_place(sandbox: Sandbox) -> None:
    sandbox.workflow("gap", "noop: {after: [nop]}")
    catalog = Catalog(ProjectFolder(sandbox.root))
    with pytest.raises(ConfigurationError, match=r"gap\.yaml:\d+: stages.noop.after: no stage 'nop'; did you mean"):
        graph.of_workflow(catalog.workflow("gap"), catalog)


def test_the_command_draws_a_workflow_and_a_job(ready: Sandbox) -> None:
    ready.workflow("two", "first: {uses: noop}\nsecond: {uses: noop, after: [first]}")
    assert ready.give("pipeline", "workflow", "graph", "two").out == "● first  [alpha]\n└─● second  [alpha]\n"
    id = ready.prepare("two")
    assert ready.give("pipeline", "workflow", "graph", "--job", id).out == "● first  [alpha]\n└─● second  [alpha]\n"
    drawing = ready.root / "two.svg"
    assert ready.give("pipeline", "workflow", "graph", "two", "--format", "svg", "-o", drawing).out == f"{drawing}\n"
    assert drawing.read_text().startswith("<svg")
    data = ready.give("pipeline", "workflow", "graph", "two", "--json").data
    assert data["lines"] == [{"source": "first", "target": "second", "is_order": True}]
    assert ready.give("pipeline", "workflow", "graph", "two", "--format", "svg").out.startswith("<svg ")
    assert ready.give("pipeline", "workflow", "graph").code == 2
    assert Path(ready.root / "jobs" / id).is_dir()
