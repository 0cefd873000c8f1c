"""What a new user does: open the link, prepare a job, look on, cancel it, run it again, read its log and its report."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.conftest import Sandbox

GATE = """# /// script
# [tool.pipeline.stage]
# environment = "alpha"
# inputs = ["file"]
# [tool.pipeline.stage.parameters]
# gate = ""
# [tool.pipeline.stage.outputs]
# file = "copy.txt"
# ///
import shutil, time
from pathlib import Path

def run(stage):
    print("<b>waiting</b> at the gate", flush=True)
    while not Path(stage.parameters["gate"]).exists():
        time.sleep(0.02)
    print("through", flush=True)
    shutil.copyfile(stage.input("file"), stage.output("file"))
"""
NAME = "<img src=x onerror=alert(1)>&.txt"


@pytest.fixture
def gate(ready: Sandbox) -> Path:
    """A file without which the workflow ``gated`` goes no further than its second stage."""
    ready.write("stages/gate.py", GATE)
    gate = ready.root / "gate"
    stages = f"first: {{uses: says}}\ngate: {{inputs: {{file: job.input}}, parameters: {{gate: {gate}}}}}"
    ready.workflow("gated", stages, "deliver: [gate.file]")
    return gate


def prepare(page: Page, sandbox: Sandbox) -> None:
    """Fill in the form of the first page, and arrive at the job's own."""
    file = sandbox.write(NAME, "some input\n")
    page.get_by_label("Path of a file").fill(str(file))
    page.get_by_label("Workflow").select_option("gated")
    page.get_by_role("button", name="Prepare and run").click()
    page.wait_for_url("**/jobs/job-*")


def test_a_new_user_s_journey(gate: Path, page: Page, ready: Sandbox) -> None:
    expect(page.get_by_text("No job has been prepared yet")).to_be_visible()
    prepare(page, ready)
    page.evaluate("window.sameDocument = true")
    row = page.get_by_role("row", name=re.compile("^gate "))
    expect(row).to_contain_text("running")

    row.get_by_role("button", name="log").click()
    log = page.locator("#log-text")
    expect(log).to_be_focused()
    expect(log).to_have_text("<b>waiting</b> at the gate\n")

    page.get_by_role("button", name="Cancel").click()
    expect(page.locator("#state")).to_have_text("cancelled")
    page.get_by_role("button", name=re.compile("^Run")).click()
    expect(page.locator("#state")).to_have_text("running")
    expect(page.get_by_role("button", name=re.compile("^Run"))).to_be_disabled()
    gate.touch()
    expect(page.locator("#state")).to_have_text("finished")
    expect(log).to_contain_text("through")
    expect(page.get_by_role("region", name="Files").get_by_role("link")).to_have_text(re.compile("copy"))
    expect(page.get_by_role("button", name="Cancel")).to_be_disabled()
    expect(row).to_contain_text("finished")
    assert page.evaluate("window.sameDocument"), "the page was loaded again"

    page.get_by_role("link", name="Report").click()
    expect(page.get_by_role("heading", name="Timeline")).to_be_visible()
    expect(page.get_by_text(NAME, exact=False).first).to_be_visible()


DROP = """([name, content]) => {
  const files = new DataTransfer();
  files.items.add(new File([content], name));
  const dropped = new DragEvent("drop", { dataTransfer: files, bubbles: true, cancelable: true });
  document.querySelector("main").dispatchEvent(dropped);
}"""


@pytest.mark.parametrize("way", ["dropped", "chosen"])
def test_a_file_that_is_dropped_or_chosen_is_copied_and_run(gate: Path, page: Page, ready: Sandbox, way: str) -> None:
    gate.touch()
    page.get_by_label("Workflow").select_option("gated")
    content = "x" * 3_000_000
    if way == "dropped":
        page.evaluate(DROP, ["my film.txt", content])
    else:
        page.get_by_label("choose one").set_input_files(
            {"name": "my film.txt", "mimeType": "text/plain", "buffer": content.encode()}
        )
    page.wait_for_url("**/jobs/job-*")
    expect(page.locator("#state")).to_have_text("finished")
    assert (ready.root / "uploads" / "my film.txt").read_text() == content


def test_what_cannot_be_prepared_is_told_with_the_command_that_mends_it(page: Page, sandbox: Sandbox) -> None:
    sandbox.workflow("waits", "says: {}")
    (sandbox.root / "venv").unlink()
    page.reload()
    page.get_by_label("Path of a file").fill(str(sandbox.write("a.txt", "a")))
    page.get_by_role("button", name="Prepare and run").click()
    expect(page.locator("#message")).to_contain_text("next: bootstrap")


def test_an_environment_s_state_changes_on_the_page(page: Page, ready: Sandbox, built: Sandbox) -> None:
    folder = ready.root / "venv"
    folder.unlink()
    folder.mkdir()
    page.get_by_role("link", name="Environments").click()
    row = page.get_by_role("row", name=re.compile("^alpha"))
    expect(row).not_to_contain_text("healthy")
    page.evaluate("window.sameDocument = true")
    for name in (".builds", "alpha"):
        (folder / name).symlink_to(built.root / "venv" / name)
    expect(row).to_contain_text("healthy")
    assert page.evaluate("window.sameDocument")
