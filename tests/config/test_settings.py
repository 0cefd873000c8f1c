"""The project's settings: what they are without a word, and what is refused."""

import pytest

from pipeline.config import settings
from pipeline.errors import ConfigurationError
from pipeline.project import ProjectFolder
from tests.conftest import Sandbox


def limit(sandbox: Sandbox, line: str) -> int:
    sandbox.write("config/pipeline.yaml", f"grace_seconds: 1\n{line}\n")
    return settings.load(ProjectFolder(sandbox.root)).cache_limit


@pytest.mark.parametrize(
    ("line", "size"),
    [("", 20 << 30), ("cache_limit: 500 MB", 500_000_000), ("cache_limit: 4096", 4096), ("cache_limit: 0", 0)],
)
def test_the_limit_of_the_store_is_a_size(sandbox: Sandbox, line: str, size: int) -> None:
    assert limit(sandbox, line) == size


WRONG = [
    ("cache_limit: 20 apples", "cache_limit"),
    ("cache_limit: -1", "cache_limit"),
    ("cache_limit: true", "cache_limit"),
    ("cache_limit: 1.5", "cache_limit"),
    ("link_mode: symlink", "link_mode"),
    ("accelerator: gpu", "accelerator"),
    ("accelerator: 128", "accelerator"),
    ("workers: {memory: much}", "workers.memory"),
]


def refusal(sandbox: Sandbox, line: str) -> ConfigurationError:
    sandbox.write("config/pipeline.yaml", f"grace_seconds: 1\n{line}\n")
    with pytest.raises(ConfigurationError) as refused:
        settings.load(ProjectFolder(sandbox.root))
    return refused.value


@pytest.mark.parametrize(("line", "key"), WRONG)
def test_a_value_that_is_none_is_refused_with_line_and_key(sandbox: Sandbox, line: str, key: str) -> None:
    assert refusal(sandbox, line).message.startswith(f"config/pipeline.yaml:2: {key}: ")


def test_environments_have_no_limit_unless_one_is_given(sandbox: Sandbox) -> None:
    assert settings.load(ProjectFolder(sandbox.root)).environments_limit is None
    sandbox.write("config/pipeline.yaml", "environments_limit: 2 KiB\n")
    assert settings.load(ProjectFolder(sandbox.root)).environments_limit == 2048


def test_packages_become_files_of_their_own_unless_somebody_would_rather_save_room(sandbox: Sandbox) -> None:
    assert settings.load(ProjectFolder(sandbox.root)).link_mode == "auto"
    sandbox.write("config/pipeline.yaml", "link_mode: hardlink\n")
    assert settings.load(ProjectFolder(sandbox.root)).link_mode == "hardlink"


@pytest.mark.parametrize("name", ["cpu", "cu118", "cu128", "rocm6.2", "rocm", "xpu", "mps"])
def test_an_accelerator_can_be_named(sandbox: Sandbox, name: str) -> None:
    sandbox.write("config/pipeline.yaml", f"accelerator: {name}\n")
    assert settings.load(ProjectFolder(sandbox.root)).accelerator == name


def test_a_whole_number_of_tasks_with_a_point_is_an_integer(sandbox: Sandbox) -> None:
    sandbox.write("config/pipeline.yaml", "workers: {tasks: 20.0}\n")
    tasks = settings.load(ProjectFolder(sandbox.root)).workers.tasks
    assert (tasks, type(tasks)) == (20, int)
