"""Environment files and their locks."""

import pytest

from pipeline.errors import ConfigurationError
from pipeline.project import Project
from pipeline.spec.catalog import Catalog
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
