"""What a running stage sees of the caller's variables."""

import json

import pytest

from tests.conftest import Sandbox


def variables_of(sandbox: Sandbox, id: str, stage: str = "report_alpha") -> dict[str, str]:
    report = (sandbox.job(id) / f"stages/{stage}/1/outputs/report.json").read_text()
    found: dict[str, str] = json.loads(report)["variables"]
    return found


@pytest.mark.usefixtures("ended_workers")
@pytest.mark.parametrize("start", ["cold", "worker"])
@pytest.mark.parametrize("place", ["stage", "workflow", "environment"])
def test_a_stage_gets_a_variable_that_it_asks_for_by_name(ready: Sandbox, place: str, start: str) -> None:
    stage = ready.root / "stages/report_alpha.py"
    own = '# pass = ["TOKEN"]\n' if place == "stage" else ""
    block = f'{own}# start = ["{start}"]\n# [tool.pipeline.stage.outputs]'
    stage.write_text(stage.read_text().replace("# [tool.pipeline.stage.outputs]", block))
    if place == "environment":
        ready.write("config/environments/alpha.yaml", 'python: ">=3.11"\nimports: [quirk]\npass: [TOKEN]\n')
    ready.workflow("tested", f"report_alpha: {{{'pass: [TOKEN]' if place == 'workflow' else ''}}}\nreport_beta: {{}}")
    id = ready.prepare("tested")
    assert ready.run("run-pipeline", "-j", id, variables={"TOKEN": "t0p", "OTHER": "x"}).code == 0
    assert variables_of(ready, id)["TOKEN"] == "t0p"
    assert "OTHER" not in variables_of(ready, id)
    assert "TOKEN" not in variables_of(ready, id, "report_beta")
    written = b"".join(file.read_bytes() for file in ready.job(id).rglob("*.json*") if file.name != "report.json")
    assert b"t0p" not in written


def test_another_value_of_a_passed_variable_is_another_result(ready: Sandbox) -> None:
    ready.workflow("tested", "report_alpha: {pass: [TOKEN]}")
    id = ready.prepare("tested")
    for token, counts in (("one", 1), ("one", 1), ("two", 2)):
        assert ready.run("run-pipeline", "-j", id, variables={"TOKEN": token}).code == 0
        assert len(list((ready.job(id) / "stages/report_alpha").iterdir())) == counts
    assert "TOKEN" in ready.give("pipeline", "job", "why", id).out


def test_a_job_may_inherit_the_whole_environment_and_says_so(ready: Sandbox) -> None:
    ready.workflow("tested", "report_alpha: {}")
    id = ready.prepare("tested", "--inherit-environment")
    assert json.loads((ready.job(id) / "job.json").read_text())["inherits_environment"] is True
    assert "--inherit-environment" in ready.give("pipeline", "job", "show", id).out
    assert ready.run("run-pipeline", "-j", id, variables={"OTHER": "x"}).code == 0
    assert variables_of(ready, id)["OTHER"] == "x"


def test_a_stage_that_asks_for_more_than_its_job_knows_says_which_command_prepares_it_again(ready: Sandbox) -> None:
    ready.workflow("tested", "report_alpha: {}")
    id = ready.prepare("tested")
    stage = ready.root / "stages/report_alpha.py"
    block = '# pass = ["TOKEN"]\n# [tool.pipeline.stage.outputs]'
    text = stage.read_text().replace("# [tool.pipeline.stage.outputs]", block)
    stage.write_text(text.replace("report = {", 'os.environ["TOKEN"]\n    report = {'))
    done = ready.run("run-pipeline", "-j", id, variables={"TOKEN": "t0p"})
    assert done.code == 4
    assert "variable 'TOKEN'" in done.error
    assert done.next_step.startswith("prepare-job ")
