"""``pipeline job show``: what each stage does, in a person's words, and its name for other commands."""

import pytest

from pipeline.jobs.events import AnyEvent, AttemptFailed, RunFailed, RunStarted, StageStarted
from tests.conftest import Sandbox
from tests.jobs.helpers import DIGEST, a_stage, record, stored


@pytest.mark.parametrize(("title", "is_told"), [("Copy the film", True), ("", False)])
def test_what_a_stage_does_stands_before_its_name(sandbox: Sandbox, title: str, is_told: bool) -> None:
    job = stored(sandbox.root / "jobs", stages=[a_stage("copy", title=title)])
    shown = sandbox.give("pipeline", "job", "show", job.id)
    assert shown.code == 0, shown.err
    row = next(line.split() for line in shown.out.splitlines() if " copy " in line)
    assert ("what it does" in shown.out) is is_told
    assert row[: len(title.split()) + 1] == [*title.split(), "copy"]
    assert sandbox.give("pipeline", "job", "show", job.id, "--json").data["stages"][0]["title"] == title


@pytest.mark.parametrize("node", ["alpha", ""])
def test_only_a_job_of_a_cluster_has_a_column_for_nodes(sandbox: Sandbox, node: str) -> None:
    job = stored(sandbox.root / "jobs", stages=[a_stage("copy")])
    lost = AttemptFailed("copy", 1, 1.0, "it can't be reached any more", "node lost")
    record(job, RunStarted(), StageStarted("copy", 1, DIGEST, node=node), lost, RunFailed("a stage failed"))
    shown = sandbox.give("pipeline", "job", "show", job.id)
    head = next(line.split() for line in shown.out.splitlines() if "attempt" in line)
    assert ("node" in head) is bool(node)
    assert "node lost; it can't be reached any more" in shown.out
    stage = sandbox.give("pipeline", "job", "show", job.id, "--json").data["stages"][0]
    assert (stage["node"], stage["kind"]) == (node, "node lost")


def test_why_says_the_node_and_the_class_of_the_failure(sandbox: Sandbox) -> None:
    job = stored(sandbox.root / "jobs", stages=[a_stage("copy"), a_stage("twin")])
    events: list[AnyEvent] = [RunStarted()]
    for stage, node in (("copy", "beta"), ("twin", "alpha")):
        lost = AttemptFailed(stage, 1, 1.0, "it can't be reached any more", "node lost")
        events += [StageStarted(stage, 1, DIGEST, node=node), lost]
    record(job, *events, RunFailed("two stages failed"))
    said = sandbox.give("pipeline", "job", "why", job.id)
    assert said.out == "copy, twin: failed on alpha, beta (node lost): it can't be reached any more\n"
