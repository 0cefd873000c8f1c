"""Whole jobs whose stages run on nodes with folders of their own."""

from tests.cluster.driver.helpers import Nodes


def test_stages_run_on_nodes_and_their_results_are_here(nodes: Nodes) -> None:
    sandbox = nodes.sandbox
    sandbox.workflow(
        "w",
        "copy: {inputs: {file: job.input}}\nagain: {uses: copy, inputs: {file: copy.file}}",
        head="deliver: [again.file]",
    )
    id = sandbox.prepare("w")
    outcomes = nodes.run(id)
    assert outcomes[id].error is None
    assert [path.read_text() for path in outcomes[id].delivered] == ["some input\n"]
    started = [event for event in sandbox.events(id) if event["event"] == "stage_started"]
    assert {event["node"] for event in started} <= {"node1", "node2"}
    assert len(started) == 2
