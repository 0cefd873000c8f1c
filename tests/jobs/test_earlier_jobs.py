"""Jobs that were made before plans and events were typed values: read to the same, and their results found again."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from pipeline.files import read_json
from pipeline.jobs.job import PlannedJob, load
from pipeline.jobs.plan import Plan
from pipeline.jobs.records import Output, Result
from pipeline.jobs.results import Results
from pipeline.project import ProjectFolder
from pipeline.run import fanout, stage_key
from pipeline.run.programs import Programs
from pipeline.run.stage_key import StageKeys
from pipeline.values import decode, plain
from tests.conftest import FIXTURES, Sandbox

EARLIER = FIXTURES / "earlier"
JOBS = sorted(folder.name for folder in EARLIER.iterdir() if folder.is_dir())


@pytest.fixture(params=JOBS)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def job_of(tmp_path: Path, name: str) -> PlannedJob:
    """The job, in a folder of its id."""
    folder = tmp_path / "jobs" / read_json(EARLIER / name / "job.json")["job_id"]
    shutil.copytree(EARLIER / name, folder)
    return load(folder)


def test_they_have_every_event() -> None:
    journals = [(EARLIER / name / "journal.jsonl").read_bytes() for name in JOBS]
    lines = [json.loads(line) for journal in journals for line in journal.splitlines()]
    assert len({line["event"] for line in lines}) == 12
    assert {"warnings", "about", "adopted", "taken", "because", "kind", "exit_code", "again"} <= set().union(*lines)


def test_a_journal_tells_the_same_state(tmp_path: Path, name: str) -> None:
    found = plain(job_of(tmp_path, name).state())
    stages = found["stages"].values()
    kinds = {stage.pop("kind") for stage in stages}
    assert {stage.pop("node") for stage in stages} <= {""}
    assert found == {**read_json(EARLIER / name / "state.json"), "edits": {}}
    assert any(kinds) == any(stage["status"] == "failed" for stage in stages)


def test_a_plan_says_the_same(tmp_path: Path, name: str) -> None:
    document = read_json(EARLIER / name / "job.json")
    assert plain(job_of(tmp_path, name).plan) == document


def test_without_a_name_that_is_no_text_it_is_read_alike(name: str) -> None:
    """Which msgspec's own reader takes: the numbers are the same, whole or not."""
    data = (EARLIER / name / "job.json").read_bytes().replace(rb"\udce9", b"e")
    read = plain(decode(data, Plan))
    assert read == json.loads(data)
    stages = zip(read["stages"], json.loads(data)["stages"], strict=True)
    assert all(repr(one["parameters"]) == repr(other["parameters"]) for one, other in stages)


def test_their_stages_have_keys_that_stay(sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A change here means that every stage of every project runs again: it belongs into the changelog."""
    monkeypatch.setattr(stage_key, "_sdk_digest", lambda: "sha256:" + "5" * 64)  # what runs a stage may change
    monkeypatch.setattr(Programs, "_from_path", lambda *_: "blake3:" + "6" * 64)  # which are this machine's
    for file, text in {"stages/copy.py": "# copy\n", "stages/join.py": "# join\n"}.items():
        sandbox.write(file, text)
    sandbox.write("stages/modules/shared.py", "SHARED = 1\n")
    job, expected = job_of(tmp_path, "everything"), read_json(EARLIER / "everything/keys.json")
    keys = StageKeys(ProjectFolder(sandbox.root), job, Results())
    assert {**_keys_of(job, keys, expected["items"]), "loaded rich": keys.loaded_source(job.stages[1])} == (
        expected["keys"]
    )


def _keys_of(job: PlannedJob, keys: StageKeys, items: list[Any]) -> dict[str, str]:
    """By stage and member of a fan-out, where all have run."""
    found = {}
    for stage in job.stages:
        members = fanout.members(stage, items) if stage.for_each else [stage]
        for member in members:
            found[member.name] = keys.of(member).digest
            keys.results.add(member.name, _result(member.name, *stage.outputs))
        if stage.for_each:
            keys.results.gather(stage.name, [member.name for member in members])
    return found


def _result(name: str, *outputs: str) -> Result:
    return Result(1, "key", {each: Output(Path("/x"), f"blake3:{name}", 1, 1) for each in outputs}, 0.5)
