"""A graph in the language of Mermaid, which many viewers of Markdown draw: https://mermaid.js.org/syntax/flowchart.html."""

from colorsys import hls_to_rgb

from pipeline.diagrams.graph import GraphStage, StageGraph

ESCAPED = {"&": "#amp;", '"': "#quot;", "<": "#lt;", ">": "#gt;", "`": "#96;", "#": "#35;"}
GOLDEN_ANGLE = 0.381966  # of a whole turn: many steps of it meet no earlier one


def text(graph: StageGraph) -> str:
    """Stages of one environment have one colour; a fan-out has double sides, and what depends on a condition dashes."""
    names = {stage.name: f"s{number}" for number, stage in enumerate(graph.stages)}
    classes = {environment: f"e{number}" for number, environment in enumerate(graph.environments)}
    lines = ["flowchart TD"]
    lines += [f"    {names[stage.name]}{_box(stage)}" for stage in graph.stages]
    for line in graph.lines:
        arrow = "-.->" if line.is_order else "-->"
        lines.append(f"    {names[line.source]} {arrow} {names[line.target]}")
    for number, (environment, name) in enumerate(classes.items()):
        members = ",".join(names[stage.name] for stage in graph.stages if stage.environment == environment)
        lines += [f"    classDef {name} fill:{colour(number)},stroke:#555,color:#222", f"    class {members} {name}"]
    lines += [f"    style {names[stage.name]} stroke-dasharray:5" for stage in graph.stages if stage.condition]
    return "\n".join(lines) + "\n"


def colour(number: int) -> str:
    """A light one, on which dark words can be read; as different from its neighbours as a circle allows."""
    red, green, blue = hls_to_rgb(number * GOLDEN_ANGLE % 1, 0.88, 0.6)
    return f"#{round(red * 255):02x}{round(green * 255):02x}{round(blue * 255):02x}"


def _box(stage: GraphStage) -> str:
    parts = [stage.name, *([f"[{stage.environment}]"] if stage.environment else []), *stage.notes]
    label = '"' + "<br/>".join(map(_escaped, parts)) + '"'
    if stage.is_input:
        return f"([{label}])"
    return f"[[{label}]]" if stage.each else f"[{label}]"


def _escaped(words: str) -> str:
    return "".join(ESCAPED.get(character, character) for character in words)
