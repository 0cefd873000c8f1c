"""A stage's key: each part that counts, and nothing that doesn't."""

import os
from pathlib import Path
from typing import Any

import pytest

from pipeline.errors import ConfigurationError, ExitCode
from pipeline.jobs.job import PlannedJob
from pipeline.jobs.plan import PlannedService, PlannedStage
from pipeline.jobs.records import Key, Output, Result
from pipeline.jobs.results import Results
from pipeline.project import ProjectFolder
from pipeline.run.fanout import members
from pipeline.run.stage_key import StageKeys, changed_parts
from pipeline.values import plain, replace
from tests.conftest import Sandbox
from tests.jobs.helpers import a_plan, a_stage

OTHER = "sha256:" + "1" * 64
MODELS = {"tiny": "sha256:" + "2" * 64}


@pytest.fixture
def project(sandbox: Sandbox) -> ProjectFolder:
    return ProjectFolder(sandbox.root)


def result(digest: str) -> Result:
    return Result(1, "key", {"file": Output(Path("/somewhere/copy.txt"), digest, 1, 1)}, 0.5)


def key(project: ProjectFolder, planned: PlannedStage, results: dict[str, Result] | None = None, **changes: Any) -> Key:
    job, known = PlannedJob(project.jobs / "one", a_plan(**{"models": MODELS, **changes})), Results()
    for name, each in (results or {}).items():
        known.add(name, each)
    return StageKeys(project, job, known).of(planned)


def parts(
    project: ProjectFolder, planned: PlannedStage, results: dict[str, Result] | None = None, **changes: Any
) -> Any:
    return key(project, planned, results, **changes).parts


def test_the_language_and_time_zone_count_and_other_variables_do_not(project: ProjectFolder) -> None:
    def with_variables(**caller: str) -> Key:
        return StageKeys(project, PlannedJob(project.jobs / "one", a_plan()), Results(), caller).of(a_stage("a"))

    usual = with_variables(LANG="C.UTF-8", TZ="UTC", AWS_SECRET_ACCESS_KEY="a", OMP_NUM_THREADS="1", HOME="/a")
    assert with_variables(LANG="C.UTF-8", TZ="UTC", AWS_SECRET_ACCESS_KEY="b", OMP_NUM_THREADS="2", HOME="/b") == usual
    assert changed_parts(usual.parts, with_variables(LANG="C.UTF-8", TZ="CET").parts) == ["locale"]
    assert changed_parts(usual.parts, with_variables(LANG="de_DE.UTF-8", TZ="UTC").parts) == ["locale"]


def test_with_the_whole_environment_all_counts_but_what_tells_terminals_apart(project: ProjectFolder) -> None:
    def inherited(**caller: str) -> Any:
        job = PlannedJob(project.jobs / "one", a_plan(inherits_environment=True))
        return StageKeys(project, job, Results(), caller).of(a_stage("a")).parts["inherited"]

    assert inherited(MODE="1", SSH_TTY="1", PWD="/a") == inherited(MODE="1", SSH_TTY="2", PWD="/b")
    assert inherited(MODE="1") != inherited(MODE="2")


def test_a_passed_variable_counts_by_a_digest_that_cannot_be_guessed(project: ProjectFolder) -> None:
    def passed(**caller: str) -> Any:
        job = PlannedJob(project.jobs / "one", a_plan())
        return StageKeys(project, job, Results(), caller).of(a_stage("a", passed=["TOKEN"])).parts["passed"]["TOKEN"]

    assert passed(TOKEN="a") == passed(TOKEN="a") != passed(TOKEN="b")
    assert passed() is None
    before = passed(TOKEN="a")
    (project.jobs / ".salt").unlink()  # another project has another one
    assert passed(TOKEN="a") != before


def test_the_same_stage_has_the_same_key(project: ProjectFolder) -> None:
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
def test_each_part_of_the_plan_counts_and_is_named(project: ProjectFolder, changes: dict[str, Any], part: str) -> None:
    before, now = key(project, a_stage("a")), key(project, a_stage("a", **changes))
    assert before.digest != now.digest
    assert part in changed_parts(before.parts, now.parts)


def test_the_name_of_the_stage_in_the_job_does_not_count_where_the_stage_cannot_see_it(project: ProjectFolder) -> None:
    assert key(project, a_stage("a")) == key(project, a_stage("b"))


def test_the_name_counts_for_a_stage_that_reads_it(project: ProjectFolder) -> None:
    project.stage_file("copy").write_text("def run(stage):\n    print(stage.name)\n")
    before = parts(project, a_stage("a"))
    assert before["name"] == "a"
    assert changed_parts(before, parts(project, a_stage("b"))) == ["name"]


def test_the_name_counts_for_a_stage_with_a_module_that_reads_it(project: ProjectFolder) -> None:
    project.modules.mkdir()
    (project.modules / "shared.py").write_text("def title(stage):\n    return stage . name\n")
    before, now = (parts(project, a_stage(name, modules=["shared"])) for name in ("a", "b"))
    assert changed_parts(before, now) == ["name"]


def test_an_order_that_a_stage_sees_counts(project: ProjectFolder) -> None:
    values = ({"x": 1, "y": 2}, {"y": 2, "x": 1})
    before, now = (parts(project, a_stage("a", parameters={"m": value})) for value in values)
    assert changed_parts(before, now) == ["parameters"]


@pytest.mark.parametrize(
    ("before", "now", "changed"),
    [
        ("/films/film.mp4", "/films/other.mp4", []),
        ("/films/film.mp4", "/elsewhere/film.mp4", []),
        ("/films/film.dat", "/films/film.mp4", ["input_names"]),
        ("/films/film.mp4", "/films/film", ["input_names"]),
        ("/films/Mr. Smith", "/films/Mrs. Smith", []),
        ("/films/films.tar.gz", "/films/films.gz", ["input_names"]),
    ],
)
def test_of_the_inputs_name_only_its_suffix_counts(
    project: ProjectFolder, before: str, now: str, changed: list[str]
) -> None:
    described = a_plan().input
    keys = (parts(project, a_stage("a"), input=replace(described, path=path)) for path in (before, now))
    assert changed_parts(*keys) == changed


def test_the_names_of_earlier_stages_outputs_count(project: ProjectFolder) -> None:
    planned, path = a_stage("b", needs=["a"], inputs={"file": ["a.file"]}), Path("/somewhere")
    results = [Result(1, "key", {"file": Output(path / name, "blake3:00", 1, 1)}, 0.5) for name in ("en.srt", "fr.srt")]
    before, now = (parts(project, planned, {"a": each}) for each in results)
    assert changed_parts(before, now) == ["input_names"]
    assert now["input_names"] == {"file": ["fr.srt"]}


def test_the_name_of_a_model_which_its_folder_shows_counts(project: ProjectFolder) -> None:
    models = {**MODELS, "same": MODELS["tiny"]}
    before, now = (parts(project, a_stage("a", models={"m": name}), models=models) for name in ("tiny", "same"))
    assert changed_parts(before, now) == ["model_names"]


def test_one_byte_of_the_stage_s_source_counts(project: ProjectFolder) -> None:
    before = parts(project, a_stage("a"))
    with project.stage_file("copy").open("a") as file:
        file.write("\n")
    assert changed_parts(before, parts(project, a_stage("a"))) == ["source"]


def test_the_time_of_the_stage_s_source_does_not_count(project: ProjectFolder) -> None:
    before = parts(project, a_stage("a"))
    os.utime(project.stage_file("copy"), (1, 1))
    assert changed_parts(before, parts(project, a_stage("a"))) == []


def test_the_environment_s_key_counts(project: ProjectFolder) -> None:
    before = parts(project, a_stage("a"))
    now = parts(project, a_stage("a"), environment_keys={"alpha": OTHER})
    assert changed_parts(before, now) == ["environment"]


def test_the_content_of_the_input_counts_and_its_place_does_not(project: ProjectFolder) -> None:
    described = a_plan().input
    before = parts(project, a_stage("a"))
    assert (
        changed_parts(before, parts(project, a_stage("a"), input=replace(described, path="/moved/other.mp4", size=5)))
        == []
    )
    assert changed_parts(before, parts(project, a_stage("a"), input=replace(described, digest=OTHER))) == ["inputs"]


def test_the_content_of_an_earlier_stage_s_output_counts(project: ProjectFolder) -> None:
    planned = a_stage("b", needs=["a"], inputs={"file": ["a.file"]})
    before, now = (parts(project, planned, {"a": result(digest)}) for digest in ("blake3:00", "blake3:11"))
    assert changed_parts(before, now) == ["inputs"]
    assert before["inputs"] == {"file": ["blake3:00"]}


def test_the_runner_that_a_stage_sees_counts(project: ProjectFolder) -> None:
    assert parts(project, a_stage("a"))["stagekit"].startswith("sha256:")


def test_a_part_that_an_older_record_lacks_is_a_changed_one() -> None:
    assert changed_parts({}, {"source": "x"}) == ["source"]


def test_a_stage_file_that_is_gone_is_told_with_what_to_do(project: ProjectFolder) -> None:
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
def test_how_a_stage_is_run_does_not_count(project: ProjectFolder, changes: dict[str, Any]) -> None:
    assert key(project, a_stage("a")).digest == key(project, a_stage("a", **changes)).digest


def test_a_member_of_a_fan_out_has_the_key_of_the_same_stage_by_itself(project: ProjectFolder) -> None:
    (member,) = members(a_stage("a", for_each="b.list", parameters={"rate": "$each"}), [16000])
    assert key(project, member) == key(project, a_stage("a", parameters={"rate": 16000}))


def test_a_run_sees_one_version_of_a_stage_file(project: ProjectFolder) -> None:
    job = PlannedJob(project.jobs / "one", a_plan())
    keys = StageKeys(project, job, Results())
    before = keys.of(a_stage("a"))
    project.stage_file("copy").write_text("# another\n")
    assert keys.of(a_stage("a")) == before


def test_the_order_of_a_fan_outs_members_counts(project: ProjectFolder) -> None:
    job = PlannedJob(project.jobs / "one", a_plan())
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


def test_a_variable_that_a_person_set_counts_for_the_stages_of_its_environment(project: ProjectFolder) -> None:
    planned = a_stage("a")
    plain = key(project, planned)
    own = {planned.environment: {"LEVEL": "{cache}/1"}}
    assert changed_parts(plain.parts, parts(project, planned, environment_variables=own)) == ["variables"]
    assert key(project, planned, environment_variables={"other": {"LEVEL": "1"}}) == plain


def test_the_content_of_a_shared_module_counts_and_is_named(project: ProjectFolder) -> None:
    project.modules.mkdir()
    file = project.modules / "shared.py"
    file.write_text("")
    planned = a_stage("a", modules=["shared"])
    before = parts(project, planned)
    file.write_text("# another\n")
    assert changed_parts(before, parts(project, planned)) == ["modules"]


def test_a_shared_module_changes_what_is_loaded(project: ProjectFolder) -> None:
    project.modules.mkdir()
    file = project.modules / "shared.py"

    def loaded(text: str, *modules: str) -> str:
        file.write_text(text)
        keys = StageKeys(project, PlannedJob(project.jobs / "one", a_plan()), Results())
        return keys.loaded_source(a_stage("a", modules=list(modules)))

    assert loaded("", "shared") != loaded("# another", "shared")
    assert loaded("") == loaded("# another")


def test_the_schema_of_an_output_counts_by_its_content(project: ProjectFolder) -> None:
    stage = a_stage("a", ensure={"file": {"schema": "config/schemas/a.json"}})
    (project.root / "config/schemas").mkdir(parents=True)
    keys = [key(project, stage)]
    for content in ("{}", '{"type": "object"}'):
        (project.root / "config/schemas/a.json").write_text(content)
        keys.append(key(project, stage))
    assert len({each.digest for each in keys}) == 3
    assert changed_parts(keys[1].parts, keys[2].parts) == ["schemas"]
    assert "schemas" not in parts(project, a_stage("a"))


def with_service(project: ProjectFolder, **changes: Any) -> Key:
    """The key of a stage that uses a service."""
    server = PlannedService(a_stage("server", **changes))
    return key(project, a_stage("ask", services={"api": "server"}), services=[plain(server)])


def test_all_that_decides_what_a_service_answers_is_in_the_key_of_who_uses_it(project: ProjectFolder) -> None:
    before = with_service(project, parameters={"voice": "a"})
    assert with_service(project, parameters={"voice": "a"}) == before
    assert before.digest != key(project, a_stage("ask")).digest
    changed = [
        with_service(project, parameters={"voice": "b"}),
        with_service(project, parameters={"voice": "a"}, models={"weights": "tiny"}),
    ]
    (project.stages / "copy.py").write_text("# another\n")
    changed.append(with_service(project, parameters={"voice": "a"}))
    assert len({each.digest for each in (before, *changed)}) == 4
    assert changed_parts(before.parts, changed[0].parts) == ["services"]


def test_where_a_service_is_counts_no_more_than_a_place(project: ProjectFolder) -> None:
    assert not {"url", "token", "port"} & with_service(project).parts["services"]["api"].keys()
