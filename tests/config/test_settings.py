"""The project's settings: what they are without a word, and what is refused."""

import pytest

from pipeline.config import settings
from pipeline.errors import ConfigurationError
from pipeline.project import Project
from tests.conftest import Sandbox


def limit(sandbox: Sandbox, line: str) -> int:
    sandbox.write("config/pipeline.yaml", f"grace_seconds: 1\n{line}\n")
    return settings.load(Project(sandbox.root)).cache_limit


@pytest.mark.parametrize(
    ("line", "size"),
    [("", 20 << 30), ("cache_limit: 500 MB", 500_000_000), ("cache_limit: 4096", 4096), ("cache_limit: 0", 0)],
)
def test_the_limit_of_the_store_is_a_size(sandbox: Sandbox, line: str, size: int) -> None:
    assert limit(sandbox, line) == size


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("cache_limit: 20 apples", "'20 apples' isn't a size; write a number and one of B, kB, "),
        ("cache_limit: -1", "-1 is less than the minimum of 0"),
        ("cache_limit: true", "True isn't of type string or integer"),
        ("cache_limit: 1.5", "1.5 isn't of type string or integer"),
    ],
)
def test_what_is_no_limit_is_refused_with_its_line(sandbox: Sandbox, line: str, why: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        limit(sandbox, line)
    assert refused.value.message.startswith(f"config/pipeline.yaml:2: cache_limit: {why}")


def test_environments_have_no_limit_unless_one_is_given(sandbox: Sandbox) -> None:
    assert settings.load(Project(sandbox.root)).environments_limit is None
    sandbox.write("config/pipeline.yaml", "environments_limit: 2 KiB\n")
    assert settings.load(Project(sandbox.root)).environments_limit == 2048


def test_packages_become_files_of_their_own_unless_somebody_would_rather_save_room(sandbox: Sandbox) -> None:
    assert settings.load(Project(sandbox.root)).link_mode == "auto"
    sandbox.write("config/pipeline.yaml", "link_mode: hardlink\n")
    assert settings.load(Project(sandbox.root)).link_mode == "hardlink"


@pytest.mark.parametrize("name", ["cpu", "cu118", "cu128", "rocm6.2", "rocm", "xpu", "mps"])
def test_an_accelerator_can_be_named(sandbox: Sandbox, name: str) -> None:
    sandbox.write("config/pipeline.yaml", f"accelerator: {name}\n")
    assert settings.load(Project(sandbox.root)).accelerator == name


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("link_mode: symlink", "link_mode: 'symlink' is none of these; there are: auto, hardlink"),
        ("accelerator: gpu", "accelerator: 'gpu' doesn't fit"),
        ("accelerator: 128", "accelerator: 128 isn't of type string; put it in quotes"),
    ],
)
def test_a_word_that_is_none_is_refused_with_its_line(sandbox: Sandbox, line: str, why: str) -> None:
    sandbox.write("config/pipeline.yaml", f"grace_seconds: 1\n{line}\n")
    with pytest.raises(ConfigurationError) as refused:
        settings.load(Project(sandbox.root))
    assert refused.value.message.startswith(f"config/pipeline.yaml:2: {why}")
