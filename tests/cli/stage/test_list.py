"""``pipeline stage list`` and ``show``."""

from tests.conftest import Sandbox

HEAD = "environment: alpha\ninputs: [text]\nparameters: {word: x, many: []}\noutputs: {result: r.txt}\n"


def test_stages_of_both_kinds_are_listed_and_a_wrong_one_hides_none(sandbox: Sandbox) -> None:
    sandbox.write("stages/upper.yaml", f"description: Makes it large\n{HEAD}command: [tr, a-z, A-Z]\n")
    sandbox.write("stages/wrong.yaml", "command: [x]\n")
    rows = {row["name"]: row for row in sandbox.give("pipeline", "stage", "list", "--json").data}
    assert (rows["upper"]["kind"], rows["upper"]["description"]) == ("command", "Makes it large")
    assert (rows["noop"]["kind"], rows["noop"]["problem"]) == ("python", None)
    assert rows["word"]["description"] == "Writes a parameter, under a name made from it"
    assert "stages/wrong.yaml" in rows["wrong"]["problem"]
    shown = sandbox.give("pipeline", "stage", "list")
    assert shown.code == 0
    assert "Makes it large" in shown.out


def test_a_stage_is_shown_with_all_that_it_declares(sandbox: Sandbox) -> None:
    sandbox.write("stages/upper.yaml", f"{HEAD}command: [tr, 'a z', A-Z]\n")
    data = sandbox.give("pipeline", "stage", "show", "upper", "--json").data
    assert data["inputs"] == ["text"]
    assert [(each["name"], each["type"]) for each in data["parameters"]] == [("word", "text"), ("many", "a list")]
    assert data["outputs"] == {"result": "r.txt"}
    shown = sandbox.give("pipeline", "stage", "show", "upper").out
    assert "tr 'a z' A-Z" in shown
    assert "r.txt" in shown


def test_an_unknown_stage_is_told(sandbox: Sandbox) -> None:
    done = sandbox.give("pipeline", "stage", "show", "nop")
    assert (done.code, done.next_step) == (2, "pipeline stage list")
