"""A stage's key: each part that counts, and nothing that doesn't."""

import os
from pathlib import Path
from typing import Any

import pytest

from pipeline.errors import ConfigurationError, ExitCode
from pipeline.jobs.job import Job
from pipeline.jobs.plan import PlannedStage
from pipeline.jobs.records import Key, Output, Result
from pipeline.jobs.results import Results
from pipeline.project import Project
from pipeline.run.fanout import members
from pipeline.run.stage_key import StageKeys, changed_parts
from pipeline.values import replace
from tests.conftest import Sandbox
from tests.jobs.helpers import a_plan, a_stage

OTHER = "sha256:" + "1" * 64
MODELS = {"tiny": "sha256:" + "2" * 64}


@pytest.fixture
def project(sandbox: Sandbox) -> Project:
    return Project(sandbox.root)


def result(digest: str) -> Result:
    return Result(1, "key", {"file": Output(Path("/somewhere/copy.txt"), digest, 1, 1)}, 0.5)


def key(project: Project, planned: PlannedStage, results: dict[str, Result] | None = None, **changes: Any) -> Key:
    job, known = Job(project.jobs / "one", a_plan(models=MODELS, **changes)), Results()
    for name, each in (results or {}).items():
        known.add(name, each)
    return StageKeys(project, job, known).of(planned)


def parts(project: Project, planned: PlannedStage, results: dict[str, Result] | None = None, **changes: Any) -> Any:
    return key(project, planned, results, **changes).parts


def test_the_same_stage_has_the_same_key(project: Project) -> None:
    assert key(project, a_stage("a")) == key(project, a_stage("a"))


@pytest.mark.parametrize(
    ("changes", "part"),
    [
        ({"parameters": {"rate": 2}}, "parameters"),
        ({"models": {"m": "tiny"}}, "models"),
        ({"outputs": {"file": "other.txt"}}, "outputs"),
        ({"inputs": {"file": ["job.input", "job.input"]}}, "inputs"),
        ({"uses": "join"}, "stage"),
        ({"ensure": {"file": {"non_empty": True}}}, "ensure"),
    ],
)
def test_each_part_of_the_plan_counts_and_is_named(project: Project, changes: dict[str, Any], part: str) -> None:
    before, now = key(project, a_stage("a")), key(project, a_stage("a", **changes))
    assert before.digest != now.digest
    assert part in changed_parts(before.parts, now.parts)


def test_the_name_of_the_stage_in_the_job_does_not_count(project: Project) -> None:
    assert key(project, a_stage("a")) == key(project, a_stage("b"))


def test_one_byte_of_the_stage_s_source_counts(project: Project) -> None:
    before = parts(project, a_stage("a"))
    with project.stage_file("copy").open("a") as file:
        file.write("\n")
    assert changed_parts(before, parts(project, a_stage("a"))) == ["source"]


def test_the_time_of_the_stage_s_source_does_not_count(project: Project) -> None:
    before = parts(project, a_stage("a"))
    os.utime(project.stage_file("copy"), (1, 1))
    assert changed_parts(before, parts(project, a_stage("a"))) == []


def test_the_environment_s_key_counts(project: Project) -> None:
    before = parts(project, a_stage("a"))
    now = parts(project, a_stage("a"), environment_keys={"alpha": OTHER})
    assert changed_parts(before, now) == ["environment"]


def test_the_content_of_the_input_counts_and_its_place_does_not(project: Project) -> None:
    described = a_plan().input
    before = parts(project, a_stage("a"))
    assert changed_parts(before, parts(project, a_stage("a"), input=replace(described, path="/moved", size=5))) == []
    assert changed_parts(before, parts(project, a_stage("a"), input=replace(described, digest=OTHER))) == ["inputs"]


def test_the_content_of_an_earlier_stage_s_output_counts(project: Project) -> None:
    planned = a_stage("b", needs=["a"], inputs={"file": ["a.file"]})
    before, now = (parts(project, planned, {"a": result(digest)}) for digest in ("blake3:00", "blake3:11"))
    assert changed_parts(before, now) == ["inputs"]
    assert before["inputs"] == {"file": ["blake3:00"]}


def test_the_runner_that_a_stage_sees_counts(project: Project) -> None:
    assert parts(project, a_stage("a"))["stagekit"].startswith("sha256:")


def test_a_part_that_an_older_record_lacks_is_a_changed_one() -> None:
    assert changed_parts({}, {"source": "x"}) == ["source"]


def test_a_stage_file_that_is_gone_is_told_with_what_to_do(project: Project) -> None:
    project.stage_file("copy").unlink()
    with pytest.raises(ConfigurationError, match=r"stages/copy\.py") as refused:
        parts(project, a_stage("a"))
    assert refused.value.exit_code == ExitCode.USAGE
    assert refused.value.next_step == "put stages/copy.py back"


@pytest.mark.parametrize(
    "changes",
    [
        {"start": ["worker", "cold"]},
        {"timeout_seconds": 5},
        {"expected_seconds": 5},
        {"cache": False},
        {"resources": {"cpus": 2}},
        {"retries": {"attempts": 3}},
    ],
)
def test_how_a_stage_is_run_does_not_count(project: Project, changes: dict[str, Any]) -> None:
    assert key(project, a_stage("a")).digest == key(project, a_stage("a", **changes)).digest


def test_a_member_of_a_fan_out_has_the_key_of_the_same_stage_by_itself(project: Project) -> None:
    (member,) = members(a_stage("a", for_each="b.list", parameters={"rate": "$each"}), [16000])
    assert key(project, member) == key(project, a_stage("a", parameters={"rate": 16000}))


def test_a_run_sees_one_version_of_a_stage_file(project: Project) -> None:
    job = Job(project.jobs / "one", a_plan())
    keys = StageKeys(project, job, Results())
    before = keys.of(a_stage("a"))
    project.stage_file("copy").write_text("# another\n")
    assert keys.of(a_stage("a")) == before


def test_the_order_of_a_fan_outs_members_counts(project: Project) -> None:
    job = Job(project.jobs / "one", a_plan())
    planned = a_stage("b", needs=["a"], inputs={"file": ["a.file"]})

    def gathered(*names: str) -> Any:
        results = Results()
        for name in names:
            results.add(name, result(f"blake3:{name}"))
        results.gather("a", names)
        return StageKeys(project, job, results).of(planned).parts["inputs"]

    assert gathered("a_0001", "a_0002") == {"file": ["blake3:a_0001", "blake3:a_0002"]}
    assert gathered("a_0002", "a_0001") == {"file": ["blake3:a_0002", "blake3:a_0001"]}
    assert gathered() == {"file": []}


def test_a_variable_that_a_person_set_counts_for_the_stages_of_its_environment(project: Project) -> None:
    planned = a_stage("a")
    plain = key(project, planned)
    own = {planned.environment: {"LEVEL": "{cache}/1"}}
    assert changed_parts(plain.parts, parts(project, planned, environment_variables=own)) == ["variables"]
    assert key(project, planned, environment_variables={"other": {"LEVEL": "1"}}) == plain


def test_the_content_of_a_shared_module_counts_and_is_named(project: Project) -> None:
    project.modules.mkdir()
    file = project.modules / "shared.py"
    file.write_text("")
    planned = a_stage("a", modules=["shared"])
    before = parts(project, planned)
    file.write_text("# another\n")
    assert changed_parts(before, parts(project, planned)) == ["modules"]


def test_a_shared_module_changes_what_is_loaded(project: Project) -> None:
    project.modules.mkdir()
    file = project.modules / "shared.py"

    def loaded(text: str, *modules: str) -> str:
        file.write_text(text)
        keys = StageKeys(project, Job(project.jobs / "one", a_plan()), Results())
        return keys.loaded_source(a_stage("a", modules=list(modules)))

    assert loaded("", "shared") != loaded("# another", "shared")
    assert loaded("") == loaded("# another")
