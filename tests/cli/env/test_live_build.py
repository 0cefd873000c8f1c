"""What the commands that read a build's packages say where there is no build of ours."""

import pytest

from pipeline.errors import ExitCode
from tests.conftest import Sandbox


def test_an_environment_that_is_not_built_is_named_with_the_command_that_builds_it(
    sandbox: Sandbox, spawning: None
) -> None:
    for command in ("sbom", "licenses"):
        done = sandbox.give("pipeline", "env", command, "alpha")
        assert (done.code, done.next_step) == (ExitCode.NOT_READY, "bootstrap --env alpha")


@pytest.mark.parametrize("command", ["sbom", "licenses"])
def test_an_external_environment_is_refused_with_a_command_of_its_own(
    sandbox: Sandbox, spawning: None, command: str
) -> None:
    sandbox.write("config/environments/alpha.yaml", "interpreter: theirs\n")
    done = sandbox.run("pipeline", "env", command, "alpha")
    assert (done.code, done.next_step) == (2, f"{sandbox.root}/theirs/bin/python -m pip list")
