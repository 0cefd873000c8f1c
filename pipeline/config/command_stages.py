"""``stages/NAME.yaml``: a stage that is a command, with the placeholders in its words.

What it declares of inputs, outputs and the like is as in the block of a stage in Python (``stages.py``).
"""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pipeline.config import services, shell_quotes
from pipeline.config.source import ConfigurationSource, Keys, load_yaml
from pipeline.envs.variables import COMPUTED
from pipeline.errors import did_you_mean
from pipeline.project import ProjectFolder
from pipeline.sdk import command_words
from pipeline.sdk.command_words import TemplateError, parse

PATTERN = "*?["  # in the declared name of an output that has no name of its own
SCHEMA = "command-stage"
FIRST_LINE = 4096  # bytes at most of the line that names an interpreter


@dataclass(frozen=True)
class CommandSpec:
    """What is started: words, or a text for a shell."""

    words: tuple[str, ...] = ()  # the program and its arguments; empty where there is a text for a shell
    shell: str = ""
    files: Mapping[str, Path] = field(default_factory=dict)  # as they are named, to their places
    variables: Mapping[str, str] = field(default_factory=dict)
    stdin: str = ""  # an input
    stdout: str = ""  # an output
    started: tuple[str, ...] = ()  # further programs, by name

    @property
    def programs(self) -> tuple[str, ...]:
        """The programs that it starts, by name or absolute path; none for a script of its own."""
        first = self.words[0] if self.words else command_words.SHELL[0]
        return tuple(dict.fromkeys([*([] if self.script else [first]), *self.started]))

    @property
    def interpreters(self) -> tuple[str, ...]:
        """What its own script needs to be started. Raises ``OSError``."""
        found = interpreter_of(self.script) if self.script else None
        return (found,) if found else ()

    @property
    def script(self) -> Path | None:
        """Its own file, where the first word is one."""
        first = parse(self.words[0]) if self.words else []
        return self.files.get(first[0][1]) if len(first) == 1 and first[0][0] == "file" else None


def read(file: Path, project: ProjectFolder) -> ConfigurationSource:
    """The file's content. Raises ``ConfigurationError`` where it can't be read or breaks the schema."""
    return load_yaml(file, project.root, SCHEMA, as_written=("command", "variables"))


def command_of(source: ConfigurationSource) -> CommandSpec:
    """The command in a stage's file. Raises ``ConfigurationError``, with file, line and key, where it is wrong."""
    table = source.value
    spec = CommandSpec(
        words=tuple(table.get("command", ())),
        shell=table.get("shell", ""),
        files={name: _script_file(source, index, name) for index, name in enumerate(table.get("files", ()))},
        variables=table.get("variables", {}),
        stdin=table.get("stdin", ""),
        stdout=table.get("stdout", ""),
        started=tuple(table.get("programs", ())),
    )
    for keys, text in _templates(spec):
        _check_text(source, keys, text, spec)
    _check_program(source, spec)
    _check_streams(source, spec)
    for name in spec.variables:
        if name in COMPUTED:
            raise source.error(("variables", name), "it is computed for each environment and can't be set")
    return spec


def interpreter_of(script: Path) -> str | None:
    """What the first line of a script names: a path, or the name that ``env`` looks for; ``None`` for other programs.

    Raises ``OSError``.
    """
    with script.open("rb") as file:
        line = file.readline(FIRST_LINE)
    if not line.startswith(b"#!"):
        return None
    named = os.fsdecode(line[2:]).split()
    if named and os.path.basename(named[0]) == "env":
        named = [word for word in named[1:] if not word.startswith("-") and "=" not in word]
    return next(iter(named), None)


def words_with(spec: CommandSpec, kind: str) -> Iterator[str]:
    """The names after ``{KIND.`` in words and text, which others can see in the list of processes."""
    for text in (*spec.words, *([spec.shell] if spec.shell else [])):
        yield from (name for found, name in parse(text) if found == kind)


def _templates(spec: CommandSpec) -> Iterator[tuple[Keys, str]]:
    yield from ((("command", index), word) for index, word in enumerate(spec.words))
    yield from ((("variables", name), text) for name, text in spec.variables.items())
    if spec.shell:
        yield ("shell",), spec.shell


def _script_file(source: ConfigurationSource, index: int, name: str) -> Path:
    keys, folder = ("files", index), source.path.parent
    file = Path(os.path.normpath(folder / name))
    if not file.is_relative_to(folder) or not Path(os.path.realpath(file)).is_relative_to(os.path.realpath(folder)):
        raise source.error(
            keys, f"{name!r} lies outside of {folder.name}/", f"copy it into {folder.name}/, and name that"
        )
    if not file.is_file():
        what = "is a folder; name the files in it" if file.is_dir() else "isn't there"
        raise source.error(keys, f"the file {folder.name}/{name} {what}", f"write {folder.name}/{name}")
    return file


def _check_text(source: ConfigurationSource, keys: Keys, text: str, spec: CommandSpec) -> None:
    try:
        parts = parse(text)
    except TemplateError as error:
        near = did_you_mean(error.placeholder, _known(source, spec)) if error.placeholder else ""
        raise source.error(keys, f"{error}{near}") from error
    if "\0" in text:
        raise source.error(keys, "it contains a NUL character")
    is_alone = len(parts) == 1 and keys[0] == "command"
    for kind, name in parts:
        if kind:
            _check_placeholder(source, keys, (kind, name), spec)
            if not is_alone and keys != ("shell",):
                _check_single(source, keys, (kind, name))
    if keys == ("shell",) and (placeholder := shell_quotes.quoted_placeholder(parts)):
        raise source.error(keys, f"{{{placeholder}}} stands in quotes; it is quoted already, so leave these out")


def _known(source: ConfigurationSource, spec: CommandSpec) -> list[str]:
    named = {
        "input": source.value.get("inputs", ()),
        "output": source.value.get("outputs", {}),
        "parameter": source.value.get("parameters", {}),
        "model": [*source.value.get("models", ()), *source.value.get("optional_models", ())],
        "file": spec.files,
        "service": source.value.get("services", ()),
    }
    own = (f"{kind}.{name}" for kind, names in named.items() for name in names)
    return [*own, *command_words.ALONE, *services.placeholders(source)]


def _check_placeholder(source: ConfigurationSource, keys: Keys, part: tuple[str, str], spec: CommandSpec) -> None:
    kind, name = part
    shown = ".".join(filter(None, part))
    known = _known(source, spec)
    if shown not in known:
        named = f" '{name}'" if name else ""
        raise source.error(keys, f"the stage has no {kind}{named}, for {{{shown}}}{did_you_mean(shown, known)}")
    if kind == command_words.TOKEN and keys[0] != "variables":
        message = "every user of the machine can see the words of a command"
        raise source.error(keys, message, "put {token} into 'variables', where the program reads it")
    if kind == "output" and _is_pattern(source.value["outputs"][name]):
        pattern = source.value["outputs"][name]
        raise source.error(keys, f"the output '{name}' ({pattern}) has no name yet; write {{output_folder}}/NAME")


def _check_single(source: ConfigurationSource, keys: Keys, part: tuple[str, str]) -> None:
    """A list can't be a part of a word. Its default shows that it is one."""
    kind, name = part
    if kind == "parameter" and isinstance(source.value["parameters"][name], list):
        message = f"{{parameter.{name}}} is a list, so it must be a word by itself"
        raise source.error(keys, message, f'write "{{parameter.{name}}}" as a word of its own')


def _check_program(source: ConfigurationSource, spec: CommandSpec) -> None:
    for index, name in enumerate(spec.started):
        _check_name(source, ("programs", index), name)
    if spec.words:
        parts = parse(spec.words[0])
        if any(kind for kind, _ in parts) and spec.script is None:
            message = "the program must be written out, or be a file of the stage: {file.NAME}"
            raise source.error(("command", 0), message)
        if spec.script is None:
            _check_name(source, ("command", 0), spec.words[0])


def _check_name(source: ConfigurationSource, keys: Keys, name: str) -> None:
    if not name.strip():
        raise source.error(keys, "it is empty, and must be a program's name")
    if ("/" in name or "\\" in name) and not os.path.isabs(name):
        message = f"{name!r} depends on the folder in which it is started"
        raise source.error(keys, f"{message}; name a script of your own in 'files', and write {{file.NAME}}")


def _check_streams(source: ConfigurationSource, spec: CommandSpec) -> None:
    outputs, inputs = source.value.get("outputs", {}), source.value.get("inputs", ())
    if spec.stdin and spec.stdin not in inputs:
        raise source.error(("stdin",), f"the stage has no input '{spec.stdin}'{did_you_mean(spec.stdin, list(inputs))}")
    if not spec.stdout:
        return
    if spec.stdout not in outputs:
        near = did_you_mean(spec.stdout, list(outputs))
        raise source.error(("stdout",), f"the stage has no output '{spec.stdout}'{near}")
    if str(outputs[spec.stdout]).endswith("/"):
        raise source.error(("stdout",), f"the output '{spec.stdout}' ({outputs[spec.stdout]}) is a folder")
    if outputs[spec.stdout].endswith("/"):
        raise source.error(("stdout",), f"the output '{spec.stdout}' is a folder, and a program's output is one file")
    if _is_pattern(outputs[spec.stdout]):
        raise source.error(("stdout",), f"the output '{spec.stdout}' ({outputs[spec.stdout]}) has no name of its own")


def _is_pattern(declared: Any) -> bool:
    return any(special in str(declared) for special in PATTERN)
