"""Environment files and their locks."""

from pathlib import Path

import pytest

from pipeline.config.catalog import Catalog
from pipeline.config.environments import load
from pipeline.envs.definition import Definition
from pipeline.errors import ConfigurationError
from pipeline.project import Project
from tests.conftest import Sandbox


def refusal(sandbox: Sandbox, text: str, name: str = "alpha") -> ConfigurationError:
    sandbox.write(f"config/environments/{name}.yaml", text)
    with pytest.raises(ConfigurationError) as refused:
        Catalog(Project(sandbox.root)).environment(name)
    return refused.value


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("python: three\n", "alpha.yaml:1: python: 'three' isn't a range of versions such as >=3.10,<3.13"),
        ("python: 3.11\n", "alpha.yaml:1: python: 3.11 isn't of type string"),
        ("imports: [quirk]\n", "alpha.yaml:1: 'python' is missing"),
        ('python: ""\nimports: [quirk; rm]\n', "alpha.yaml:2: imports.0: 'quirk; rm' doesn't fit"),
        ('python: ""\nrequirements: ../other.txt\n', "alpha.yaml:2: requirements: '../other.txt' doesn't fit"),
        ('python: ""\nprovides:\n  ../ffmpeg: bin/ffmpeg\n', "alpha.yaml:3: provides.../ffmpeg: '../ffmpeg' isn't a"),
        (
            'python: ""\nrequirements: a.txt\ninterpreter: x\n',
            "alpha.yaml:3: interpreter: there is requirements as well",
        ),
        ('python: ""\nvariants: {}\n', "alpha.yaml:2: variants: it is empty"),
        ('python: ""\nvariants: {cu: {requirements: a.txt}}\n', "alpha.yaml:2: variants.cu: 'cu' isn't a valid name"),
        (
            'python: ""\nrequirements: a.txt\nvariants: {cpu: {requirements: a.txt}}\n',
            "alpha.yaml:3: variants: there is requirements as well",
        ),
        ('python: ""\nsmoke: absent.py\n', "alpha.yaml:2: smoke: there is no file absent.py"),
        ('python: ""\nsmoke: ../out.py\n', "alpha.yaml:2: smoke: '../out.py' lies outside the project"),
        ('python: ""\nvariables: {PATH: x}\n', "alpha.yaml:2: variables.PATH: this one is computed"),
        ('python: ""\nvariables: {PYTHONPATH: x}\n', "variables.PYTHONPATH: this one is computed"),
        (
            'python: ""\nvariables:\n  A: "{cash}"\n',
            "alpha.yaml:3: variables.A: {cash} stands for nothing; did you mean",
        ),
        ('python: ""\nvariables: {A: 1}\n', "alpha.yaml:2: variables.A: 1 isn't of type string; put it in quotes"),
        ('python: ""\nvariables: {"A B": x}\n', "'A B' isn't a valid name"),
        ('pyhton: ""\n', "alpha.yaml:1: pyhton: unknown key 'pyhton'; did you mean 'python'?"),
    ],
)
def test_a_wrong_file_is_told_with_line_and_key(sandbox: Sandbox, text: str, expected: str) -> None:
    assert expected in refusal(sandbox, text).message


def test_a_missing_lock_is_told_with_the_command_that_makes_it(sandbox: Sandbox) -> None:
    (sandbox.root / "requirements/alpha.lock").unlink()
    error = refusal(sandbox, 'python: ""\n')
    assert error.message == "config/environments/alpha.yaml: the lock requirements/alpha.lock isn't there"
    assert error.next_step == "pipeline env lock alpha"


def test_a_name_that_no_job_could_carry_is_refused(sandbox: Sandbox) -> None:
    error = refusal(sandbox, 'python: ""\nrequirements: alpha.txt\n', name="Alpha One")
    assert "config/environments/Alpha One.yaml" in error.message
    assert "lower-case" in error.message


def test_two_environments_may_share_their_requirements(sandbox: Sandbox) -> None:
    sandbox.write("config/environments/gamma.yaml", 'python: ""\nrequirements: alpha.txt\n')
    catalog = Catalog(Project(sandbox.root))
    assert catalog.environment("gamma").lock == catalog.environment("alpha").lock


def test_the_first_environment_that_provides_a_program_is_its_provider(sandbox: Sandbox) -> None:
    sandbox.write("config/environments/alpha.yaml", 'python: ""\nprovides: {tool: quirk.py}\n')
    catalog = Catalog(Project(sandbox.root))
    provider = catalog.provider("tool")
    assert provider is not None
    assert provider.name == "alpha"
    assert catalog.provider("other") is None


def test_files_of_editors_and_file_managers_are_no_environments(sandbox: Sandbox) -> None:
    sandbox.write("config/environments/._alpha.yaml", "\x00")
    (sandbox.root / "config/environments/.#alpha.yaml").symlink_to("nowhere")
    assert Catalog(Project(sandbox.root)).environment_names == ["alpha", "beta"]


def loaded(sandbox: Sandbox, text: str) -> Definition:
    sandbox.write("config/environments/alpha.yaml", text)
    return Catalog(Project(sandbox.root)).environment("alpha")


def test_a_tool_may_have_the_command_that_installs_it(sandbox: Sandbox) -> None:
    definition = loaded(sandbox, 'python: ""\ntools: [ffmpeg, {apertium: apt-get install apertium}]\n')
    assert definition.tools == ("ffmpeg", "apertium")
    assert definition.tool_packages == (("apertium", "apt-get install apertium"),)


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
    before = definition.promises()
    sandbox.write("smoke.py", "import quirk\n")
    assert definition.promises() != before


VARIANTS = """python: ""
variants:
  cpu: {requirements: alpha.txt}
  cu128: {requirements: beta.txt, index: https://index/cu128}
"""


def chosen(sandbox: Sandbox, accelerator: str, text: str = VARIANTS) -> Definition:
    sandbox.write("config/environments/alpha.yaml", text)
    return load(Project(sandbox.root), "alpha").chosen(lambda: accelerator)


def test_the_machine_picks_the_variant(sandbox: Sandbox) -> None:
    gpu, cpu = chosen(sandbox, "cu130"), chosen(sandbox, "cpu")
    assert (gpu.variant, gpu.index, gpu.locked.name) == ("cu128", "https://index/cu128", "beta.lock")
    assert (cpu.variant, cpu.index, cpu.locked.name) == ("cpu", "", "alpha.lock")


def test_a_machine_that_no_variant_suits_is_told_what_there_is(sandbox: Sandbox) -> None:
    text = 'python: ""\nvariants:\n  cu128: {requirements: beta.txt}\n'
    with pytest.raises(ConfigurationError) as refused:
        chosen(sandbox, "cpu", text)
    assert refused.value.message == (
        "config/environments/alpha.yaml:2: variants: there is none for this machine, whose accelerator is cpu; "
        "there are: cu128"
    )


def test_the_machine_is_asked_only_where_there_is_a_choice(sandbox: Sandbox) -> None:
    def refuse() -> str:
        raise AssertionError

    assert load(Project(sandbox.root), "alpha").chosen(refuse).variant == ""


def test_every_variant_has_a_lock_to_make(sandbox: Sandbox) -> None:
    sandbox.write("config/environments/alpha.yaml", VARIANTS)
    (sandbox.root / "requirements/beta.lock").unlink()
    variants = Catalog(Project(sandbox.root)).variants("alpha")
    assert [each.locked.name for each in variants] == ["alpha.lock", "beta.lock"]
