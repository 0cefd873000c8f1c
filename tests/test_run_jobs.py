"""Several jobs, fan-outs and parts of jobs through the real commands, in real environments."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import Result, Sandbox
from tests.jobs.helpers import prepared
from tests.test_process import alive, eventually

HEAD = '# /// script\n# [tool.pipeline.stage]\n# environment = "alpha"\n# inputs = ["file"]\n'
MEETS = f"""{HEAD}# [tool.pipeline.stage.parameters]
# word = ""
# [tool.pipeline.stage.resources]
# cpus = 0.5
# ///
import time


def run(stage):
    folder = stage.work.parents[4]  # that of all jobs
    (folder / f"met-{{stage.parameters['word']}}").touch()
    end = time.monotonic() + 60
    while len(list(folder.glob("met-*"))) < 2:
        if time.monotonic() > end:
            raise TimeoutError("nobody else is here")
        time.sleep(0.01)
"""
SPLITS = f"""{HEAD}# [tool.pipeline.stage.outputs]
# list = "list.json"
# ///
import json


def run(stage):
    words = stage.input("file").read_text().split()
    stage.output("list").write_text(json.dumps([{{"word": word}} for word in words]))
"""
MEETING = "meets: {inputs: {file: job.input}, parameters: {word: $word}}"
FAN_OUT = """
splits: {inputs: {file: job.input}}
word: {for_each: splits.list, parameters: {word: $each.word}}
counted: {for_each: splits.list, inputs: {file: "word[$each].file"}}
join: {inputs: {files: counted.file}}
"""


@pytest.fixture
def project(ready: Sandbox) -> Sandbox:
    ready.write("stages/meets.py", MEETS)
    ready.write("stages/splits.py", SPLITS)
    ready.workflow("meeting", MEETING, "parameters:\n  word: {type: string}")
    ready.workflow("fan_out", FAN_OUT, "deliver: [join.file]")
    ready.workflow("chain", "copy: {inputs: {file: job.input}}\ncounted: {inputs: {file: copy.file}}")
    return ready


def contents(root: Path) -> dict[str, tuple[int, bytes]]:
    """Everything in a folder, with the time of its last change."""
    return {
        str(path.relative_to(root)): (path.lstat().st_mtime_ns, path.read_bytes() if path.is_file() else b"")
        for path in sorted(root.rglob("*"))
    }


def states(project: Sandbox, *ids: str) -> list[str]:
    return [project.give("pipeline", "job", "show", id, "--json").data["state"] for id in ids]


def test_two_jobs_run_side_by_side(project: Sandbox) -> None:
    one, two = (prepared(project, "meeting", word=word).id for word in ("a", "b"))
    done = project.run("run-pipeline", "-j", one, "-j", two)
    assert done.code == 0, done.err
    assert f"{one} meets: " in done.err
    assert f"{two} meets: " in done.err


def test_all_jobs_that_are_left_run_at_once(project: Sandbox) -> None:
    over = prepared(project, "chain").id
    project.run("run-pipeline", "-j", over)
    given_up = prepared(project, "chain").id
    project.give("pipeline", "job", "cancel", given_up)
    one, two = (prepared(project, "meeting", word=word).id for word in ("a", "b"))
    done = project.run("run-pipeline", "--all-prepared")
    assert done.code == 0, done.err
    assert states(project, over, given_up, one, two) == ["finished", "cancelled", "finished", "finished"]
    assert over not in done.err
    nothing = project.run("run-pipeline", "--all-prepared")
    assert (nothing.code, nothing.next_step) == (2, "pipeline job list")


def test_a_job_that_fails_leaves_the_other_and_is_told(project: Sandbox) -> None:
    project.workflow("bad", "fails: {}\nnoop: {after: [fails]}")
    bad, good = prepared(project, "bad").id, prepared(project, "chain").id
    done = project.run("run-pipeline", "-j", bad, "-j", good)
    assert done.code == 4
    assert re.match(rf"{bad}: .*'fails'.*'alpha'", done.error)
    assert re.search(rf"{bad} noop: .*fails", done.err)
    assert states(project, bad, good) == ["failed", "finished"]


def test_two_jobs_that_fail_are_both_told(project: Sandbox) -> None:
    project.workflow("bad", "fails: {}")
    one, two = prepared(project, "bad").id, prepared(project, "bad").id
    done = project.run("run-pipeline", "-j", one, "-j", two)
    assert done.code == 4
    assert all(re.search(rf"{id}: .*'fails'", done.error) for id in (one, two))
    assert done.next_step == f"run-pipeline -j {one} -j {two}"


def test_a_list_makes_stages_and_they_are_joined_in_order(project: Sandbox) -> None:
    project.write("input.txt", "delta alpha gamma beta\n")
    id = prepared(project, "fan_out").id
    done = project.run("run-pipeline", "-j", id)
    assert done.code == 0, done.err
    joined = (project.job(id) / "output/input.joined.txt").read_text()
    assert joined == "".join(f"{word}\ncounted\n" for word in ("delta", "alpha", "gamma", "beta"))
    rows = project.give("pipeline", "job", "show", id, "--json").data["stages"]
    assert [row["name"] for row in rows if row["name"].startswith("word")] == [
        "word",
        *(f"word_{number:04d}" for number in range(1, 5)),
    ]
    assert {row["state"] for row in rows} == {"finished"}
    assert project.give("pipeline", "job", "logs", id, "counted_0003").out == "ran\n"
    assert project.give("pipeline", "job", "logs", id, "counted").out.count("ran\n") == 4
    why = project.give("pipeline", "job", "why", id, "counted", "--json").data
    assert [row["stage"] for row in why] == [f"counted_{number:04d}" for number in range(1, 5)]


def test_a_list_of_nothing_is_joined_to_nothing(project: Sandbox) -> None:
    project.write("input.txt", "\n")
    id = prepared(project, "fan_out").id
    assert project.run("run-pipeline", "-j", id).code == 0
    assert (project.job(id) / "output/input.joined.txt").read_bytes() == b""
    assert states(project, id) == ["finished"]


def test_another_job_takes_what_one_has_made_and_says_from_where(project: Sandbox) -> None:
    one, two = prepared(project, "chain").id, prepared(project, "chain").id
    project.run("run-pipeline", "-j", one)
    done = project.run("run-pipeline", "-j", two)
    assert done.code == 0, done.err
    assert re.search(rf"copy: .*{one}", done.err)
    why = project.give("pipeline", "job", "why", two, "--json").data
    assert [(row["stage"], row["what"]) for row in why] == [("copy", "taken"), ("counted", "taken")]


def test_why_names_what_changed(project: Sandbox) -> None:
    head = "parameters:\n  word: {type: string}"
    project.workflow("spoken", "word: {parameters: {word: $word}}", head)
    one, two = (prepared(project, "spoken", word=word).id for word in ("hello", "goodbye"))
    project.run("run-pipeline", "-j", one, "-j", two)
    first, second = project.give("pipeline", "job", "why", two, "word").out.splitlines()
    assert re.match(rf"word: .*{one}", first)
    assert all(word in second for word in ("word", "hello", "goodbye"))
    assert 'parameters.word: "hello" -> "goodbye"' in project.give("pipeline", "job", "why", two, "-v").out
    unknown = project.give("pipeline", "job", "why", two, "wrod")
    assert (unknown.code, "'word'" in unknown.error) == (2, True)


def test_a_dry_run_tells_and_writes_nothing(project: Sandbox) -> None:
    done, fresh = prepared(project, "chain").id, prepared(project, "fan_out").id
    project.run("run-pipeline", "-j", done)
    before = contents(project.root)
    for job, *options in ((done,), (fresh,), (fresh, "--force"), (done, "--until", "copy"), (done, "--verify")):
        told = project.run("run-pipeline", "-j", job, "--dry-run", *options)
        assert told.code == 0, told.err
        assert "copy" in told.out or "splits" in told.out
        assert contents(project.root) == before, options


def verdicts(told: Result) -> dict[str, str]:
    rows = [line.split() for line in told.out.splitlines()]
    return {row[0]: row[2] for row in rows if "alpha" in row}


def test_a_dry_run_tells_what_the_run_then_does(project: Sandbox) -> None:
    id = prepared(project, "chain").id
    project.run("run-pipeline", "-j", id)
    stage = project.root / "stages/counted.py"
    stage.write_text(stage.read_text() + "\n# a word more\n")
    told = project.run("run-pipeline", "-j", id, "--dry-run")
    assert verdicts(told) == {"copy": "reuse", "counted": "run"}
    assert re.search(r"counted .*code", told.out)
    done = project.run("run-pipeline", "-j", id)
    assert re.search(r"counted: .*code", done.err)
    started = [event["stage"] for event in project.events(id) if event["event"] == "stage_started"]
    assert started == ["copy", "counted", "counted"]


def test_a_part_of_a_job_is_run_and_then_the_rest(project: Sandbox) -> None:
    id = prepared(project, "chain").id
    refused = project.run("run-pipeline", "-j", id, "--only", "counted")
    assert (refused.code, refused.next_step) == (2, f"run-pipeline -j {id} --until copy")
    assert project.run("run-pipeline", "-j", id, "--until", "copy").code == 0
    assert states(project, id) == ["partial"]
    project.run("run-pipeline", "-j", id, "--from", "counted")
    assert project.run("run-pipeline", "-j", id).code == 0
    assert states(project, id) == ["finished"]


@pytest.fixture
def sleeping(project: Sandbox) -> Iterator[tuple[str, list[int]]]:
    """A job that is being run beside another one, with the processes of its stage."""
    project.workflow("long", "sleeps: {}\nnoop: {after: [sleeps]}")
    project.write("stages/waits.py", MEETS.replace("< 2", "< 1").replace("met-*", "go-*"))
    project.workflow("beside", "waits: {inputs: {file: job.input}}")
    id, beside = prepared(project, "long").id, prepared(project, "beside").id
    child = project.start("run-pipeline", "-j", id, "-j", beside)
    pids = project.job(id) / "stages/sleeps/1/outputs/pids.txt"
    try:
        assert eventually(pids.exists)
        yield id, [int(pid) for pid in pids.read_text().split()]
        (project.root / "jobs/go-on").touch()
        _, told = child.communicate(timeout=90)
        assert child.returncode == 130, told
        assert f"error: {id} " in told.decode()
        assert states(project, beside) == ["finished"]
    finally:
        child.kill()
        child.communicate()


def test_a_job_is_cancelled_while_it_runs_and_the_other_goes_on(
    project: Sandbox, sleeping: tuple[str, list[int]]
) -> None:
    id, pids = sleeping
    done = project.give("pipeline", "job", "cancel", id)
    assert (done.code, done.out.partition(":")[0]) == (0, id), done.err
    assert eventually(lambda: not any(map(alive, pids)))
    rows = project.give("pipeline", "job", "show", id, "--json").data
    assert (rows["state"], [(row["name"], row["state"]) for row in rows["stages"]]) == (
        "cancelled",
        [("sleeps", "failed"), ("noop", "waiting")],
    )


def test_a_job_that_nobody_runs_is_cancelled_and_can_be_gone_on_with(project: Sandbox) -> None:
    id = prepared(project, "chain").id
    assert project.give("pipeline", "job", "cancel", id).code == 0
    again = project.give("pipeline", "job", "cancel", id)
    assert (again.code, again.next_step) == (2, f"pipeline job show {id}")
    assert project.run("run-pipeline", "-j", id).code == 0
    assert project.give("pipeline", "job", "cancel", id).code == 2
    assert states(project, id) == ["finished"]


def test_a_stage_that_takes_too_long_is_ended_with_all_that_it_started(project: Sandbox) -> None:
    project.workflow("slow", "sleeps: {timeout_seconds: 3}")
    id = prepared(project, "slow").id
    done = project.run("run-pipeline", "-j", id)
    assert done.code == 4
    assert "3 s" in done.error


def test_a_stage_that_fails_once_is_tried_again(project: Sandbox) -> None:
    body = """def run(stage):
    mark = stage.input("file").with_name("tried")
    if not mark.exists():
        mark.touch()
        raise RuntimeError("the first time")
"""
    project.write("stages/flaky.py", f"{HEAD}# ///\n{body}")
    stages = "flaky: {inputs: {file: job.input}, retries: {attempts: 2, backoff: 0.01}}"
    project.workflow("flaky", stages)
    id = prepared(project, "flaky").id
    done = project.run("run-pipeline", "-j", id)
    assert done.code == 0, done.err
    assert re.search(r"flaky: .*RuntimeError: the first time", done.err)
    attempts = [path.name for path in (project.job(id) / "stages/flaky").iterdir()]
    assert attempts == ["2"]


def test_an_id_given_twice_is_one_job(project: Sandbox) -> None:
    id = prepared(project, "chain").id
    assert project.run("run-pipeline", "-j", id, "-j", "latest").code == 0
    assert json.dumps(project.events(id)).count("run_started") == 1


COUNTS = f"""{HEAD}# [tool.pipeline.stage.outputs]
# file = "out.txt"
# ///
import time


def run(stage):
    with (stage.work.parents[4] / "runs").open("a") as runs:  # in the folder of all jobs
        runs.write("one\\n")
    time.sleep(2)
    stage.output("file").write_text("made")
"""


def test_two_runs_that_need_the_same_result_at_once_make_it_once(ready: Sandbox) -> None:
    ready.write("stages/counts.py", COUNTS)
    ready.workflow("counts", "counts: {inputs: {file: job.input}}")
    ids = [prepared(ready, "counts").id for _ in range(2)]
    runs = [ready.start("run-pipeline", "-j", id) for id in ids]
    said = [run.communicate(timeout=90)[1].decode() for run in runs]
    assert [run.returncode for run in runs] == [0, 0], said
    assert (ready.root / "jobs/runs").read_text() == "one\n"
    assert states(ready, *ids) == ["finished", "finished"]
