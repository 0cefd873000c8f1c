"""How the stages of a Snakefile's rules are connected: by the paths that one rule writes and another one reads."""

import re
from collections.abc import Mapping, Sequence

from pipeline.references import JOB_INPUT
from pipeline.scaffold.adoption.snakefile import UnreadableRule
from pipeline.scaffold.adoption.snakemake_stages import WILDCARD, AdoptedStage, RuleFile
from pipeline.values import Struct

NO_WORKFLOW = "no workflow is written"


class RuleOutput(Struct, frozen=True):
    reference: str  # STAGE.OUTPUT
    path: str
    line: int


def content(stages: Sequence[AdoptedStage], targets: Sequence[str]) -> dict[str, object]:
    """The workflow's file as a value. ``targets``: paths that are wanted in the end.

    Raises ``UnreadableRule`` where it isn't sure which rule makes an input, and where a job would have several inputs.
    """
    makers = _makers(stages)
    read = [file for stage in stages for file in stage.inputs]
    sources = {_form(file.path): file for file in read if _form(file.path) not in makers}
    for file in sources.values():
        _require_source(file, makers)
    if len(sources) > 1:
        listed = ", ".join(file.path for file in sources.values())
        first = next(iter(sources.values()))
        raise UnreadableRule(first.line, f"{NO_WORKFLOW}: a job has one input, and these come from no rule: {listed}")
    used = {_form(file.path) for file in read}
    wanted = {name for path in targets if (name := _target(path, makers))}
    last = [output.reference for form, output in makers.items() if form not in used]
    delivered = [output.reference for output in makers.values() if output.reference in wanted]
    return {
        "input": "file",
        "stages": {stage.name: _entry(stage, makers) for stage in stages},
        "deliver": delivered or last,
    }


def _makers(stages: Sequence[AdoptedStage]) -> dict[str, RuleOutput]:
    """By the form of what they write."""
    makers: dict[str, RuleOutput] = {}
    for stage in stages:
        for file in stage.outputs:
            output = RuleOutput(f"{stage.name}.{file.name}", file.path, file.line)
            if makers.setdefault(_form(file.path), output) is not output:
                raise UnreadableRule(file.line, f"{NO_WORKFLOW}: several rules make {file.path}")
    return makers


def _form(path: str) -> str:
    """A path without the names of its wildcards, which each rule chooses for itself."""
    return WILDCARD.sub("{}", path)


def _require_source(file: RuleFile, makers: Mapping[str, RuleOutput]) -> None:
    """A path that a rule could make with some value of its wildcards isn't surely one from outside."""
    example = WILDCARD.sub("x", file.path)
    for output in makers.values():
        if _matches(example, output.path):
            maker = output.reference.partition(".")[0]
            raise UnreadableRule(file.line, f"{NO_WORKFLOW}: {file.path} may be one of what {maker} makes")


def _target(path: str, makers: Mapping[str, RuleOutput]) -> str | None:
    if _form(path) in makers:
        return makers[_form(path)].reference
    found = [output.reference for output in makers.values() if _matches(path, output.path)]
    return found[0] if len(found) == 1 else None


def _matches(path: str, pattern: str) -> bool:
    parts = [re.escape(part) for part in re.split(WILDCARD.pattern.replace("(", "(?:", 1), pattern)]
    return re.fullmatch(".+".join(parts), path) is not None


def _entry(stage: AdoptedStage, makers: Mapping[str, RuleOutput]) -> dict[str, object]:
    references = {file.name: makers.get(_form(file.path)) for file in stage.inputs}
    inputs = {name: output.reference if output else JOB_INPUT for name, output in references.items()}
    return {"inputs": inputs} if inputs else {}
