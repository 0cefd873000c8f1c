"""What a project uses by name: its own first, and then what comes with the tool, where nothing is written."""

import os
from pathlib import Path

import pytest

from pipeline import extensions
from pipeline.config import environments, model_locks, models, shared_modules, stages
from pipeline.config.catalog import Catalog
from pipeline.config.model_locks import LockedFile, ModelLock
from pipeline.config.paths import with_settings
from pipeline.errors import ConfigurationError, ExitCode
from pipeline.project import ProjectFolder
from tests.conftest import Sandbox, make_sandbox, offline

STAGE = """# /// script
# [tool.pipeline.stage]
# environment = "alpha"
# modules = ["shared"]
# [tool.pipeline.stage.outputs]
# out = "out.txt"
# ///
def run(stage): ...
"""


@pytest.fixture
def shipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Sandbox:
    """The set that comes with the tool."""
    made = make_sandbox(tmp_path / "shipped", tmp_path / "wheels")
    made.write("stages/modules/shared.py", "WHOSE = 'shipped'\n")
    made.write("stages/sharing.py", STAGE)
    made.write("config/models.yaml", model("one", "shipped") + model("two", "shipped"))
    made.workflow("common", "only: {uses: sharing}")
    monkeypatch.setattr(extensions, "FOLDER", made.root)
    return made


@pytest.fixture
def own(tmp_path: Path, shipped: Sandbox) -> Sandbox:
    made = Sandbox(tmp_path / "own")
    made.write("config/pipeline.yaml", "extends: media\n")
    return made


def folder(project: Sandbox) -> ProjectFolder:
    return with_settings(ProjectFolder(project.root))


def model(name: str, description: str) -> str:
    return f"{name}:\n  description: {description}\n  sources: [{{huggingface: owner/{name}}}]\n"


def everything_in(root: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def test_names_are_those_of_both(own: Sandbox) -> None:
    own.write("config/environments/mine.yaml", 'python: ">=3.11"\n')
    own.write("stages/mine.py", STAGE)
    catalog = Catalog(folder(own))
    assert {"alpha", "beta", "mine"} <= set(catalog.environment_names)
    assert {"sharing", "mine"} <= set(catalog.stage_names)
    assert catalog.workflow_names == ["common"]
    assert set(catalog.models) == {"one", "two"}


def test_without_the_word_a_project_has_only_its_own(own: Sandbox) -> None:
    own.write("config/pipeline.yaml", "grace_seconds: 1\n")
    assert Catalog(folder(own)).environment_names == []


def test_what_comes_with_the_tool_is_a_project_without_more(shipped: Sandbox) -> None:
    shipped.write("config/pipeline.yaml", "extends: media\n")
    assert folder(shipped).extended is None


@pytest.mark.parametrize(
    "text",
    [
        "extends: media\n",
        "extends: media # its own\n",
        '"extends": "media"\n',
        "{extends: media}",
        "shared: true\nextends: media",
    ],
)
def test_the_word_may_be_written_in_each_form_of_yaml(own: Sandbox, shipped: Sandbox, text: str) -> None:
    own.write("config/pipeline.yaml", text)
    assert folder(own).extended == shipped.root


def test_an_unknown_set_is_refused_with_its_line(own: Sandbox) -> None:
    own.write("config/pipeline.yaml", "grace_seconds: 1\nextends: medai\n")
    with pytest.raises(ConfigurationError, match=r"config/pipeline\.yaml:2: extends: .*did you mean 'media'"):
        folder(own)


def test_a_plain_line_needs_no_yaml(own: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.config.source.load_yaml", None)
    assert folder(own).extended is not None


def test_of_one_name_the_project_s_own_is_used(own: Sandbox, shipped: Sandbox) -> None:
    own.write("config/environments/alpha.yaml", 'python: ">=3.12"\ndescription: mine\n')
    own.write("requirements/alpha.txt", "quirk\n")
    own.write("stages/sharing.py", STAGE)
    own.write("config/models.yaml", model("two", "mine"))
    catalog = Catalog(folder(own))
    assert catalog.declared_environment("alpha").description == "mine"
    assert catalog.declared_environment("alpha").locked == own.root / "requirements/alpha.lock"
    assert catalog.stage("sharing").file == own.root / "stages/sharing.py"
    assert [catalog.models[name].description for name in ("one", "two")] == ["shipped", "mine"]


def test_requirements_of_the_project_come_with_its_own_lock(own: Sandbox, shipped: Sandbox) -> None:
    own.write("requirements/alpha.txt", "quirk\n")
    definition = Catalog(folder(own)).declared_environment("alpha")
    assert definition.requirements == own.root / "requirements/alpha.txt"
    assert definition.locked == own.root / "requirements/alpha.lock"
    assert Catalog(folder(own)).declared_environment("beta").locked == shipped.root / "requirements/beta.lock"


def test_a_stage_that_comes_with_the_tool_gets_no_module_of_the_project(own: Sandbox, shipped: Sandbox) -> None:
    own.write("stages/modules/shared.py", "WHOSE = 'mine'\n")
    own.write("stages/mine.py", STAGE)
    project = folder(own)
    found = {
        name: shared_modules.locate(project.owner(project.stage_file(name)), "shared") for name in ("sharing", "mine")
    }
    assert found == {
        "sharing": shipped.root / "stages/modules/shared.py",
        "mine": own.root / "stages/modules/shared.py",
    }


def test_a_module_of_the_tool_serves_the_project_s_stages(own: Sandbox, shipped: Sandbox) -> None:
    own.write("stages/mine.py", STAGE)
    assert stages.load(folder(own), "mine").modules == ("shared",)
    assert shared_modules.locate(folder(own), "shared") == shipped.root / "stages/modules/shared.py"


def test_a_stage_has_one_key_wherever_the_tool_stands(own: Sandbox, shipped: Sandbox, tmp_path: Path) -> None:
    before = shared_modules.read(folder(own), "shared").digest
    (tmp_path / "shipped").rename(tmp_path / "elsewhere")
    moved = ProjectFolder(own.root, extended=tmp_path / "elsewhere")
    assert shared_modules.read(moved, "shared").digest == before


def test_a_model_is_locked_in_the_project(own: Sandbox, shipped: Sandbox) -> None:
    before = everything_in(shipped.root)
    lock = ModelLock("owner/one", "a" * 40, {"model.bin": LockedFile("b" * 64, 3)})
    model_locks.write(folder(own), "one", lock)
    assert models.load(folder(own))["one"].is_locked
    assert (own.root / "requirements/models/one.lock").is_file()
    assert everything_in(shipped.root) == before


def test_a_lock_that_comes_with_the_tool_is_not_written(own: Sandbox, shipped: Sandbox) -> None:
    before = everything_in(shipped.root)
    done = own.give("pipeline", "env", "lock", "alpha", "--upgrade")
    assert done.code == ExitCode.USAGE
    for command in done.next_step.splitlines()[:-1]:
        assert os.system(command) == 0  # as a person types it
    assert Catalog(folder(own)).environment("alpha").locked == own.root / "requirements/alpha.lock"
    assert own.give("pipeline", "env", "lock", "alpha", "--check").code == 0
    assert everything_in(shipped.root) == before


def test_lists_say_where_each_comes_from(own: Sandbox) -> None:
    own.write("config/environments/beta.yaml", 'python: ">=3.11"\n')
    listed = own.give("pipeline", "env", "list", "--json").data
    assert {row["name"]: row["from"] for row in listed} == {"alpha": "media", "beta": "project"}
    (workflow,) = own.give("pipeline", "workflow", "list", "--json").data
    assert (workflow["name"], workflow["from"]) == ("common", "media")
    own.write("stages/noop.py", STAGE)
    stages = {row["name"]: row["from"] for row in own.give("pipeline", "stage", "list", "--json").data}
    assert (stages["noop"], stages["sharing"]) == ("project", "media")


def test_an_error_in_a_file_of_the_tool_names_it_in_full(own: Sandbox, shipped: Sandbox) -> None:
    wrong = shipped.write("config/environments/alpha.yaml", "pyton: 3\n")
    with pytest.raises(ConfigurationError, match=str(wrong)):
        environments.load(folder(own), "alpha")


def test_a_job_of_the_tool_s_stages_is_prepared(own: Sandbox, shipped: Sandbox, spawning: None) -> None:
    own.write("input.txt", "some input\n")
    done = own.give("prepare-job", own.root / "input.txt", "--workflow", "common")
    assert done.code == ExitCode.NOT_READY
    assert "bootstrap --env alpha" in done.next_step


def test_an_environment_that_comes_with_the_tool_is_carried_in_a_bundle(
    own: Sandbox, shipped: Sandbox, tmp_path: Path, spawning: None
) -> None:
    file = tmp_path / "alpha.tar"
    done = own.give("pipeline", "env", "bundle", "alpha", "-o", file, variables=offline(tmp_path))
    assert done.code == 0, done.err
    bare = Sandbox(tmp_path / "bare")
    bare.write("config/pipeline.yaml", "grace_seconds: 1\n")
    before = everything_in(own.root / "config") | everything_in(shipped.root)
    for project in (own, bare):
        placed = project.give("bootstrap", "--from-bundle", file, variables=offline(tmp_path))
        assert placed.code == 0, placed.err
    assert everything_in(own.root / "config") | everything_in(shipped.root) == before
    assert not (own.root / "requirements").exists()
    assert (bare.root / "requirements/alpha.lock").is_file()


def test_an_environment_that_comes_with_the_tool_is_built_and_explained(
    own: Sandbox, shipped: Sandbox, tmp_path: Path, spawning: None
) -> None:
    before = everything_in(shipped.root)
    assert own.give("bootstrap", "--env", "alpha", variables=offline(tmp_path)).code == 0
    for words in (
        ("env", "test", "alpha"),
        ("env", "sbom", "alpha"),
        ("env", "licenses", "alpha"),
        ("doctor", "--deep"),
    ):
        done = own.give("pipeline", *words)
        assert done.code == 0, done.err
    told = own.give("pipeline", "env", "explain", "alpha", "beta", variables=offline(tmp_path))
    assert told.code == 0, told.err
    assert own.give("pipeline", "env", "plan", variables=offline(tmp_path)).code == 0
    assert everything_in(shipped.root) == before


@pytest.mark.parametrize(("project", "tool"), [("p", "p/.venv/lib/shipped"), ("checkout/p", "checkout")])
def test_a_file_belongs_to_the_nearest_of_the_two(tmp_path: Path, project: str, tool: str) -> None:
    found = ProjectFolder(tmp_path / project, extended=tmp_path / tool)
    assert not found.is_extended(tmp_path / project / "stages/mine.py")
    assert found.is_extended(tmp_path / tool / "stages/theirs.py")


def test_all_that_is_built_is_what_the_project_defines_itself(own: Sandbox, tmp_path: Path, spawning: None) -> None:
    own.write("config/environments/mine.yaml", 'python: ">=3.11"\nrequirements: beta.txt\n')
    done = own.give("bootstrap", "--all", variables=offline(tmp_path))
    assert done.code == 0, done.err
    assert {path.name for path in (own.root / "venv").iterdir() if path.is_symlink()} == {"mine"}


def test_a_program_comes_from_the_project_s_own_environment_before_others(own: Sandbox, shipped: Sandbox) -> None:
    text = 'python: ">=3.11"\nrequirements: beta.txt\nprovides: {tool: quirk}\n'
    shipped.write("config/environments/alpha.yaml", text)
    assert (provider := Catalog(folder(own)).provider("tool")) is not None
    assert provider.name == "alpha"
    own.write("config/environments/own.yaml", text)
    assert (provider := Catalog(folder(own)).provider("tool")) is not None
    assert provider.name == "own"
