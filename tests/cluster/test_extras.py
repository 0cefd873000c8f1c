"""How what clusters need is installed."""

import shlex
import sys

import pytest

from pipeline.cluster.extras import install_command


@pytest.mark.parametrize(
    ("extra", "packages"),
    [
        ("dask", {"cryptography", "distributed"}),
        ("slurm", {"cryptography", "distributed", "dask-jobqueue"}),
        ("kubernetes", {"cryptography", "distributed", "kubernetes"}),
        ("ssh", {"cryptography", "distributed", "asyncssh"}),
    ],
)
def test_an_extra_is_its_packages_for_the_python_that_runs(extra: str, packages: set[str]) -> None:
    words = shlex.split(install_command(extra))
    assert words[:5] == ["uv", "pip", "install", "--python", sys.executable]
    assert {word.partition(">")[0] for word in words[5:]} == packages
