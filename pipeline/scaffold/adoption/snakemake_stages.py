"""A Snakemake rule as a stage that keeps the rule's command."""

import re
import textwrap
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any

from pipeline.config import shell_quotes
from pipeline.config.shell_quotes import HERE_DOCUMENT
from pipeline.scaffold.adoption.snakefile import Directive, Literal, SnakemakeRule, UnreadableRule
from pipeline.sdk import command_words
from pipeline.values import Struct

WILDCARD = re.compile(r"\{([A-Za-z_]\w*)(?:,[^{}]*)?\}")  # {sample}, or {sample,[a-z]+}
PLACEHOLDER = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")
QUOTED = re.compile(r"(['\"])(\{(?:input|output)[.\w\[\]]*\})\1")
WORD = re.compile(r"[A-Za-z0-9_.,:/=+@%-]+")  # which a shell reads as itself, so that it is the same in quotes
NAME = re.compile(r"[a-z][a-z0-9_]*")


class RuleFile(Struct, frozen=True):
    """An input or an output of a rule."""

    name: str  # in the stage
    path: str  # as the Snakefile has it, with wildcards
    line: int


class AdoptedStage(Struct, frozen=True):
    """What ``stages/NAME.yaml`` will hold, and what a workflow must know of it."""

    name: str
    line: int
    inputs: tuple[RuleFile, ...]
    outputs: tuple[RuleFile, ...]
    shell: str
    parameters: Mapping[str, Literal]
    conda: str  # the path of its environment's file as the Snakefile has it, or empty
    cpus: int | None
    unused: tuple[tuple[int, str], ...] = ()  # of ``params``: their line, and a name or value that no command has

    def content(self, environment: str) -> dict[str, Any]:
        """The stage's file as a value."""
        content: dict[str, Any] = {"environment": environment}
        if self.inputs:
            content["inputs"] = [each.name for each in self.inputs]
        if self.parameters:
            content["parameters"] = dict(self.parameters)
        content["outputs"] = {each.name: file_name(each.path) for each in self.outputs}
        if self.cpus is not None:
            content["resources"] = {"cpus": self.cpus}
        content["shell"] = self.shell
        return content


def stage_of(rule: SnakemakeRule) -> AdoptedStage:
    """Raises ``UnreadableRule`` for a rule that can't be a stage without guessing."""
    shell = rule.directives.get("shell")
    if shell is None:
        raise UnreadableRule(rule.line, f"rule {rule.name}: it has no 'shell:'")
    if not isinstance(shell.single, str):
        raise UnreadableRule(shell.line, f"rule {rule.name}: 'shell:' isn't one text")
    name = rule.name.lower()
    if not NAME.fullmatch(name) or name == "job":
        raise UnreadableRule(rule.line, f"rule {rule.name}: a stage can't have this name")
    inputs, outputs = _files(rule, "input"), (*_files(rule, "output"), *_files(rule, "log"))
    if not _files(rule, "output"):
        raise UnreadableRule(rule.line, f"rule {rule.name}: it has no 'output:'")
    _require_different_names(rule, outputs)
    translation = _Translation(rule, inputs, outputs)
    command = translation.text(shell)
    return AdoptedStage(
        name=name,
        line=rule.line,
        inputs=inputs,
        outputs=outputs,
        shell=command,
        parameters=translation.parameters,
        conda=_conda(rule),
        cpus=_cpus(rule),
        unused=translation.unused,
    )


def file_name(path: str) -> str:
    """An output's own name. A wildcard's name stands where its value would: ``bam/{sample}.bam`` is sample.bam."""
    return PurePosixPath(WILDCARD.sub(r"\1", path)).name


def _files(rule: SnakemakeRule, kind: str) -> tuple[RuleFile, ...]:
    directive = rule.directives.get(kind)
    if directive is None:
        return ()
    base = "log" if kind == "log" else "file"
    count = len(directive.unnamed)
    unnamed = [(base if count == 1 else f"{base}_{number}", path) for number, path in enumerate(directive.unnamed, 1)]
    return tuple(_file(rule, directive, name, path) for name, path in (*unnamed, *directive.named.items()))


def _file(rule: SnakemakeRule, directive: Directive, name: str, path: Literal) -> RuleFile:
    what = f"rule {rule.name}: {name} = {path!r}"
    if not isinstance(path, str) or not file_name(path):
        raise UnreadableRule(directive.line, f"{what} isn't a file's path")
    if not NAME.fullmatch(name):
        raise UnreadableRule(directive.line, f"{what}: a stage can't call a file so")
    if any(special in file_name(path) for special in "*?[]{}\\"):
        raise UnreadableRule(directive.line, f"{what} isn't one file")
    return RuleFile(name, path, directive.line)


def _require_different_names(rule: SnakemakeRule, outputs: tuple[RuleFile, ...]) -> None:
    for key in ("name", "path"):
        found = [file_name(each.path) if key == "path" else each.name for each in outputs]
        if repeated := next((each for each in found if found.count(each) > 1), None):
            raise UnreadableRule(rule.line, f"rule {rule.name}: two of its outputs would be called {repeated}")


def _conda(rule: SnakemakeRule) -> str:
    directive = rule.directives.get("conda")
    if directive is None:
        return ""
    if isinstance(directive.single, str) and directive.single.endswith((".yaml", ".yml")):
        return directive.single
    raise UnreadableRule(directive.line, f"rule {rule.name}: 'conda:' isn't the path of a .yaml file")


def _cpus(rule: SnakemakeRule) -> int | None:
    directive = rule.directives.get("threads")
    if directive is None:
        return None
    if isinstance(directive.single, int) and not isinstance(directive.single, bool) and directive.single > 0:
        return directive.single
    raise UnreadableRule(directive.line, f"rule {rule.name}: 'threads:' isn't a number")


def _without_margin(text: str) -> str:
    """A here-document's lines are data, and stay as they are."""
    return text.rstrip() if HERE_DOCUMENT in text else textwrap.dedent(text).strip()


class _Translation:
    """Snakemake's placeholders into ours, and ``params`` into parameters where a shell reads both in the same way."""

    def __init__(self, rule: SnakemakeRule, inputs: tuple[RuleFile, ...], outputs: tuple[RuleFile, ...]) -> None:
        self._rule = rule
        logs = tuple(each for each in outputs if each in _files(rule, "log"))
        self._files = {"input": inputs, "output": tuple(each for each in outputs if each not in logs), "log": logs}
        self.parameters: dict[str, Literal] = {}
        self._params = rule.directives.get("params", Directive(rule.line))
        self._used: set[str] = set()  # of these

    @property
    def unused(self) -> tuple[tuple[int, str], ...]:
        """The ``params`` that the translated text doesn't have: their line, and their names, or values where they have
        none."""
        names = (name for name in self._params.named if name not in self._used)
        return tuple((self._params.line, each) for each in (*map(str, self._params.unnamed), *names))

    def text(self, shell: Directive) -> str:
        self._line = shell.line
        text = QUOTED.sub(r"\2", _without_margin(str(shell.single)))  # what is filled in is quoted anyway
        found = "".join(self._parts(text))
        if placeholder := shell_quotes.quoted_placeholder(command_words.parse(found)):
            raise self._refusal(f"{{{placeholder}}} stands in quotes, where it would be quoted twice")
        return found

    def _parts(self, text: str) -> Iterator[str]:
        position = 0
        for match in PLACEHOLDER.finditer(text):
            yield text[position : match.start()]
            position = match.end()
            if match[0] in ("{{", "}}"):
                yield match[0]
            elif match[1] is None:
                raise self._refusal("a brace in 'shell:' isn't closed")
            else:
                yield self._placeholder(match[1])
        yield text[position:]

    def _placeholder(self, inside: str) -> str:
        inside = inside.removesuffix(":q")  # quoted
        kind, _, name = inside.partition(".")
        index = re.fullmatch(r"(input|output|log)\[(\d+)\]", inside)
        if inside == "threads":
            return "{cpus}"
        if index and int(index[2]) < len(self._files[index[1]]):
            return self._shown(index[1], self._files[index[1]][int(index[2])])
        if self._files.get(inside):
            return " ".join(self._shown(inside, each) for each in self._files[inside])
        if kind in self._files and (file := next((each for each in self._files[kind] if each.name == name), None)):
            return self._shown(kind, file)
        if kind == "params" and name in self._params.named:
            self._used.add(name)
            return self._parameter(name, self._params.named[name])
        raise self._refusal(f"{{{inside}}} in 'shell:' isn't read")

    def _shown(self, kind: str, file: RuleFile) -> str:
        return f"{{{'input' if kind == 'input' else 'output'}.{file.name}}}"

    def _parameter(self, name: str, value: Literal) -> str:
        """Snakemake fills it in as it is, and we as one word: it is a parameter where these are the same."""
        text = str(value)
        if WORD.fullmatch(text) and not isinstance(value, bool) and NAME.fullmatch(name):
            self.parameters[name] = value
            return f"{{parameter.{name}}}"
        if WILDCARD.search(text):
            raise self._refusal(f"{{params.{name}}} has a wildcard")
        return text.replace("{", "{{").replace("}", "}}")

    def _refusal(self, reason: str) -> UnreadableRule:
        return UnreadableRule(self._line, f"rule {self._rule.name}: {reason}")
