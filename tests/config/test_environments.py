"""Environment files and their locks."""

import re
from pathlib import Path

import pytest

from pipeline.config.catalog import Catalog
from pipeline.config.environments import choose_variant, load
from pipeline.envs.definition import Definition
from pipeline.errors import ConfigurationError
from pipeline.project import ProjectFolder
from tests.conftest import Sandbox


def refusal(sandbox: Sandbox, text: str, name: str = "alpha") -> ConfigurationError:
    sandbox.write(f"config/environments/{name}.yaml", text)
    with pytest.raises(ConfigurationError) as refused:
        Catalog(ProjectFolder(sandbox.root)).environment(name)
    return refused.value


WRONG_FILES = [
    ("python: three\n", "1: python:"),
    ("python: 3.11\n", "1: python:"),
    ("imports: [quirk]\n", "1:"),
    ('python: ""\nimports: [quirk; rm]\n', "2: imports.0:"),
    ('python: ""\nrequirements: ../other.txt\n', "2: requirements:"),
    ('python: ""\nprovides:\n  ../ffmpeg: bin/ffmpeg\n', "3: provides.../ffmpeg:"),
    ('python: ""\nrequirements: a.txt\ninterpreter: x\n', "3: interpreter:"),
    ('python: ""\nvariants: {}\n', "2: variants:"),
    ('python: ""\nvariants: {cu: {requirements: a.txt}}\n', "2: variants.cu:"),
    ('python: ""\nrequirements: a.txt\nvariants: {cpu: {requirements: a.txt}}\n', "3: variants:"),
    ('python: ""\nsmoke: absent.py\n', "2: smoke:"),
    ('python: ""\nsmoke: ../out.py\n', "2: smoke:"),
    ('python: ""\nvariables: {PATH: x}\n', "2: variables.PATH:"),
    ('python: ""\nvariables: {PYTHONPATH: x}\n', "2: variables.PYTHONPATH:"),
    ('python: ""\nvariables:\n  A: "{cash}"\n', "3: variables.A:"),
    ('python: ""\nvariables: {A: 1}\n', "2: variables.A:"),
    ('python: ""\nvariables: {"A B": x}\n', "2: variables.A B:"),
    ('python: ""\ntools: [{sox: {version: --version}}]\n', "2: tools.0:"),
    ('pyhton: ""\n', "1: pyhton:"),
]


@pytest.mark.parametrize(("text", "where"), WRONG_FILES)
def test_a_wrong_file_is_refused_with_line_and_key(sandbox: Sandbox, text: str, where: str) -> None:
    assert refusal(sandbox, text).message.startswith(f"config/environments/alpha.yaml:{where} ")


def test_a_missing_lock_is_told_with_the_command_that_makes_it(sandbox: Sandbox) -> None:
    (sandbox.root / "requirements/alpha.lock").unlink()
    error = refusal(sandbox, 'python: ""\n')
    assert error.message.startswith("config/environments/alpha.yaml: ")
    assert "requirements/alpha.lock" in error.message
    assert error.next_step == "pipeline env lock alpha"


def test_a_name_that_no_job_could_carry_is_refused(sandbox: Sandbox) -> None:
    error = refusal(sandbox, 'python: ""\nrequirements: alpha.txt\n', name="Alpha One")
    assert error.message.startswith("config/environments/Alpha One.yaml:")


def test_two_environments_may_share_their_requirements(sandbox: Sandbox) -> None:
    sandbox.write("config/environments/gamma.yaml", 'python: ""\nrequirements: alpha.txt\n')
    catalog = Catalog(ProjectFolder(sandbox.root))
    assert catalog.environment("gamma").lock == catalog.environment("alpha").lock


def test_the_first_environment_that_provides_a_program_is_its_provider(sandbox: Sandbox) -> None:
    sandbox.write("config/environments/alpha.yaml", 'python: ""\nprovides: {tool: quirk.py}\n')
    catalog = Catalog(ProjectFolder(sandbox.root))
    provider = catalog.provider("tool")
    assert provider is not None
    assert provider.name == "alpha"
    assert catalog.provider("other") is None


def test_files_of_editors_and_file_managers_are_no_environments(sandbox: Sandbox) -> None:
    sandbox.write("config/environments/._alpha.yaml", "\x00")
    (sandbox.root / "config/environments/.#alpha.yaml").symlink_to("nowhere")
    assert Catalog(ProjectFolder(sandbox.root)).environment_names == ["alpha", "beta"]


def loaded(sandbox: Sandbox, text: str) -> Definition:
    sandbox.write("config/environments/alpha.yaml", text)
    return Catalog(ProjectFolder(sandbox.root)).environment("alpha")


def test_a_tool_may_have_the_command_that_installs_it(sandbox: Sandbox) -> None:
    definition = loaded(sandbox, 'python: ""\ntools: [ffmpeg, {apertium: apt-get install apertium}]\n')
    assert definition.tools == ("ffmpeg", "apertium")
    assert definition.tool_packages == (("apertium", "apt-get install apertium"),)


def test_a_tool_may_have_the_words_by_which_it_gives_its_version(sandbox: Sandbox) -> None:
    tools = "[{sox: {install: apt-get install sox, version: [--version]}}, {mytool: {version: [-v]}}]"
    definition = loaded(sandbox, f'python: ""\ntools: {tools}\n')
    assert definition.tools == ("sox", "mytool")
    assert definition.tool_packages == (("sox", "apt-get install sox"),)
    assert dict(definition.tool_versions) == {"sox": ("--version",), "mytool": ("-v",)}


def test_folders_from_before_are_found_from_the_project_and_from_home(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    definition = loaded(sandbox, 'python: ""\nlegacy: [old/venv, ../beside, ~/envs/x, /opt/env]\n')
    assert definition.legacy == (
        sandbox.root / "old/venv",
        sandbox.root.parent / "beside",
        tmp_path / "envs/x",
        Path("/opt/env"),
    )


def test_an_environment_of_somebody_else_has_no_lock_and_needs_no_range(sandbox: Sandbox) -> None:
    definition = loaded(sandbox, "interpreter: ~/conda/envs/speech\nimports: [torch]\n")
    assert definition.interpreter == Path("~/conda/envs/speech").expanduser()
    assert (definition.lock, definition.requirements, definition.python) == (None, None, "")


def test_variables_and_a_smoke_script_are_what_a_build_must_prove(sandbox: Sandbox) -> None:
    sandbox.write("smoke.py", "")
    definition = loaded(sandbox, 'python: ""\nsmoke: smoke.py\nvariables: {B: "{models}/x", A: y}\n')
    assert definition.smoke == sandbox.root / "smoke.py"
    assert definition.variables == (("A", "y"), ("B", "{models}/x"))
    before = definition.acceptance_criteria()
    sandbox.write("smoke.py", "import quirk\n")
    assert definition.acceptance_criteria() != before


VARIANTS = """python: ""
variants:
  cpu: {requirements: alpha.txt}
  cu128: {requirements: beta.txt, index: https://index/cu128}
"""


def chosen(sandbox: Sandbox, accelerator: str, text: str = VARIANTS) -> Definition:
    sandbox.write("config/environments/alpha.yaml", text)
    return load(ProjectFolder(sandbox.root), "alpha").for_machine(lambda: accelerator)


def test_the_machine_picks_the_variant(sandbox: Sandbox) -> None:
    gpu, cpu = chosen(sandbox, "cu130"), chosen(sandbox, "cpu")
    assert (gpu.variant, gpu.index, gpu.locked.name) == ("cu128", "https://index/cu128", "beta.lock")
    assert (cpu.variant, cpu.index, cpu.locked.name) == ("cpu", "", "alpha.lock")


def test_a_machine_that_no_variant_suits_is_told_what_there_is(sandbox: Sandbox) -> None:
    text = 'python: ""\nvariants:\n  cu128: {requirements: beta.txt}\n'
    with pytest.raises(ConfigurationError) as refused:
        chosen(sandbox, "cpu", text)
    assert refused.value.message.startswith("config/environments/alpha.yaml:2: variants: ")
    assert {"cpu", "cu128"} <= set(re.findall(r"\w+", refused.value.message))


def test_the_machine_is_asked_only_where_there_is_a_choice(sandbox: Sandbox) -> None:
    def refuse() -> str:
        raise AssertionError

    assert load(ProjectFolder(sandbox.root), "alpha").for_machine(refuse).variant == ""


def test_every_variant_has_a_lock_to_make(sandbox: Sandbox) -> None:
    sandbox.write("config/environments/alpha.yaml", VARIANTS)
    (sandbox.root / "requirements/beta.lock").unlink()
    variants = Catalog(ProjectFolder(sandbox.root)).variants("alpha")
    assert [each.locked.name for each in variants] == ["alpha.lock", "beta.lock"]


@pytest.mark.parametrize(
    ("accelerator", "variants", "expected"),
    [
        ("cu128", ["cpu", "cu121", "cu128"], "cu128"),
        ("cu128", ["cpu", "cu118", "cu126", "cu130"], "cu126"),
        ("cu128", ["cpu", "cu92", "cu130"], "cu92"),
        ("cu128", ["cpu", "cu130"], "cpu"),
        ("cu128", ["cu130"], None),
        ("cpu", ["cpu", "cu128"], "cpu"),
        ("cpu", ["cu128"], None),
        ("mps", ["cpu", "mps"], "mps"),
        ("mps", ["cpu"], "cpu"),
        ("rocm6.4", ["cpu", "rocm6.3", "cu128"], "cpu"),
    ],
)
def test_the_nearest_variant_that_the_machine_can_run_is_chosen(
    accelerator: str, variants: list[str], expected: str | None
) -> None:
    assert choose_variant(accelerator, variants) == expected
