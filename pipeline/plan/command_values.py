"""Whether the values that a workflow gives a command stage can stand where its placeholders are."""

from collections.abc import Collection, Mapping
from typing import Any

from pipeline.config.command_stages import CommandSpec, words_with
from pipeline.config.workflows import StageUse, WorkflowSpec
from pipeline.sdk.command_words import parse


def check(
    workflow: WorkflowSpec,
    use: StageUse,
    command: CommandSpec,
    parameters: Mapping[str, Any],
    secrets: Collection[str],
) -> None:
    """Raises ``ConfigurationError`` for a list in the middle of a word, and for a secret that others could see."""
    keys, file = ("stages", use.id, "parameters"), f"stages/{use.uses}.yaml"
    for name in words_with(command, "parameter"):
        if name in secrets:
            message = "a secret in a command's words stands in the list of processes, which others can see"
            step = f"write variables: {{{name.upper()}: '{{parameter.{name}}}'}} into {file}, for the command to read"
            raise workflow.source.error((*keys, name), message, step)
    for text in (*command.words, *command.variables.values()):
        for name in _in_the_middle(text, text in command.words):
            if isinstance(parameters.get(name), list):
                message = f"it is a list, and {file} has {{parameter.{name}}} in the middle of a word: {text}"
                raise workflow.source.error((*keys, name), message)


def _in_the_middle(text: str, is_word: bool) -> list[str]:
    """The parameters that aren't a word by themselves."""
    parts = parse(text)
    return [name for kind, name in parts if kind == "parameter" and not (is_word and len(parts) == 1)]
