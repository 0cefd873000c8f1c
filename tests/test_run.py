"""Running jobs through the real commands, in real environments."""

import json

from tests.conftest import Sandbox


def test_two_environments_hold_different_versions_of_one_package_in_one_job(ready: Sandbox) -> None:
    ready.workflow("both", "report_alpha: {}\nreport_beta: {after: [report_alpha]}")
    id = ready.prepare("both")
    done = ready.run("run-pipeline", "-j", id)
    assert done.code == 0, done.err
    reports = {
        name: json.loads((ready.job(id) / f"stages/report_{name}/1/outputs/report.json").read_text())
        for name in ("alpha", "beta")
    }
    assert reports["alpha"]["quirk"] == "1.0"
    assert reports["beta"]["quirk"] == "2.0"
