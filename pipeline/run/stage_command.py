"""A command stage when its job runs: what it starts, and what of that is in the stage's key."""

from functools import cache

from pipeline.config.command_stages import CommandSpec
from pipeline.config.stages import load as load_stage
from pipeline.digests import sha256_of_bytes, sha256_of_file, tagged_digest
from pipeline.errors import ConfigurationError
from pipeline.project import ProjectFolder
from pipeline.run.command_files import RUNNER, WORDS
from pipeline.run.invocation_file import CommandInvocation
from pipeline.values import Struct


class StageCommand(Struct, frozen=True):
    """Read once in a run."""

    digest: str  # of its words, the content of its own files, and the code that fills in the placeholders
    programs: tuple[str, ...]
    invocation: CommandInvocation


def load(project: ProjectFolder, uses: str) -> StageCommand:
    """Raises ``ConfigurationError`` where the stage's file, or one that it names, can't be read or is wrong."""
    return of_spec(load_stage(project, uses).command or CommandSpec())


def of_spec(spec: CommandSpec) -> StageCommand:
    """Raises ``ConfigurationError`` where a file that it names can't be read."""
    started = {"words": spec.words, "shell": spec.shell, "stdin": spec.stdin, "stdout": spec.stdout}
    parts = {**started, "variables": spec.variables, "files": _digests(spec), "runner": _runner_digest()}
    return StageCommand(
        digest=tagged_digest("command", parts),
        programs=(*spec.programs, *spec.interpreters),
        invocation=CommandInvocation(
            words=list(spec.words),
            shell=spec.shell,
            files={name: str(path) for name, path in spec.files.items()},
            variables=dict(spec.variables),
            stdin=spec.stdin,
            stdout=spec.stdout,
        ),
    )


def _digests(spec: CommandSpec) -> dict[str, str]:
    try:
        return {name: sha256_of_file(path) for name, path in spec.files.items()}
    except OSError as error:
        raise ConfigurationError(f"{error.filename} can't be read: {error.strerror}") from error


@cache
def _runner_digest() -> str:
    return sha256_of_bytes(b"".join(file.read_bytes() for file in (RUNNER, WORDS)))
