"""A project of a Snakefile's rules: their environments, stages, and a workflow where one can be written."""

from collections.abc import Sequence
from pathlib import Path

import yaml

from pipeline.config.source import read_text
from pipeline.errors import ConfigurationError
from pipeline.scaffold import definitions
from pipeline.scaffold.adoption import conda_files, snakefile, snakemake_workflow
from pipeline.scaffold.adoption.snakefile import SnakemakeRule, UnreadableRule
from pipeline.scaffold.adoption.snakemake_stages import AdoptedStage, stage_of
from pipeline.scaffold.adoption.values import AdoptedProject, LeftOut
from pipeline.scaffold.editor_schemas import LINE
from pipeline.scaffold.new_files import NewFile

PLAIN = "plain"  # the environment of rules that name none
WORKFLOW = "snakefile"


class _Dumper(yaml.SafeDumper):
    """A text of several lines stays so."""


def _text_node(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Dumper.add_representer(str, _text_node)


def adopted(path: Path, shown_as: str) -> AdoptedProject:
    """Raises ``ConfigurationError`` for a file that can't be read at all."""
    content = snakefile.read(read_text(path, shown_as), shown_as)
    left = list(content.left_out)
    stages, targets = _stages(content.rules, shown_as, left)
    environments = _Environments(path.parent, left)
    names = {each.name: environments.of(each, shown_as) for each in stages}
    is_whole = all(names.values()) and not content.hides_outputs and len(stages) == _makers(content.rules)
    stages = [each for each in stages if names[each.name]]
    files = [_yaml(f"stages/{each.name}.yaml", "command-stage", each.content(names[each.name])) for each in stages]
    workflow = _workflow(stages, targets, shown_as, left) if stages and is_whole else None
    if stages and not is_whole:
        left.append(LeftOut(shown_as, 1, "no workflow is written: an input may come from what is left out here"))
    every = (*environments.files, *files, *([workflow] if workflow else []))
    return AdoptedProject(
        every, tuple(sorted(left)), tuple(environments.with_requirements), WORKFLOW if workflow else ""
    )


def _makers(rules: Sequence[SnakemakeRule]) -> int:
    """How many rules make a file."""
    return sum("output" in rule.directives for rule in rules)


def _stages(rules: Sequence[SnakemakeRule], shown_as: str, left: list[LeftOut]) -> tuple[list[AdoptedStage], list[str]]:
    """Those that can be read, and the files that rules without a command ask for."""
    stages: dict[str, AdoptedStage] = {}
    targets: list[str] = []
    for rule in rules:
        if "input" in rule.directives and not {"output", "shell"} & set(rule.directives):
            asked = rule.directives["input"]  # such as "all": it makes nothing, and says what is wanted
            targets += [str(each) for each in (*asked.unnamed, *asked.named.values())]
            continue
        left += [
            LeftOut(shown_as, line, f"rule {rule.name}: '{noted}:' isn't taken over") for line, noted in rule.noted
        ]
        try:
            stage = stage_of(rule)
        except UnreadableRule as error:
            left.append(LeftOut(shown_as, *error.left_out))
            continue
        left += [
            LeftOut(shown_as, line, f"rule {rule.name}: the command doesn't use '{each}' of 'params:'")
            for line, each in stage.unused
        ]
        if stages.setdefault(stage.name, stage) is not stage:
            left.append(LeftOut(shown_as, rule.line, f"rule {rule.name}: there is a stage {stage.name} already"))
    return list(stages.values()), targets


class _Environments:
    """An environment for each conda file, and one without packages for rules that name none."""

    def __init__(self, folder: Path, left: list[LeftOut]) -> None:
        self._folder, self._left = folder, left
        self._names: dict[str, str] = {}  # by the path of the conda file; empty where it can't be one
        self.files: list[NewFile] = []
        self.with_requirements: list[str] = []

    def of(self, stage: AdoptedStage, shown_as: str) -> str:
        """The name of the stage's environment; empty where it can't be read."""
        if stage.conda not in self._names:
            try:
                self._names[stage.conda] = self._made(stage.conda)
            except ConfigurationError as error:
                self._left.append(LeftOut(shown_as, stage.line, f"rule {stage.name}: {error.message}"))
                self._names[stage.conda] = ""
        elif not self._names[stage.conda]:
            self._left.append(LeftOut(shown_as, stage.line, f"rule {stage.name}: {stage.conda} can't be read"))
        return self._names[stage.conda]

    def _made(self, conda: str) -> str:
        name = _environment_name(conda, set(self._names.values()))
        if not conda:
            self._add(name, conda_files.CondaEnvironment("", (), ()), "")
            return name
        environment, left = conda_files.read(self._folder / conda, conda)
        self._add(name, environment, conda)
        self._left += left
        return name

    def _add(self, name: str, environment: conda_files.CondaEnvironment, conda: str) -> None:
        range_ = environment.python or definitions.ANY_PYTHON
        requirements, definition = definitions.environment(name, range_, environment.requirements)
        if environment.conda_packages:
            definition = NewFile(definition.path, definition.content + _conda_words(name, environment, conda))
        self.files += [requirements, definition]
        if environment.requirements:
            self.with_requirements.append(name)
        else:
            self.files.append(NewFile(f"requirements/{name}.lock", f"# locked for Python {range_}\n".encode()))


def _environment_name(conda: str, taken: set[str]) -> str:
    """Raises ``ConfigurationError`` where the file's own name can't be one."""
    name = Path(conda).stem.lower() if conda else PLAIN
    if not definitions.FORMS["environment"][0].fullmatch(name) or name in taken:
        raise ConfigurationError(f"no environment can be called {name!r}, after {conda}")
    return name


def _conda_words(name: str, environment: conda_files.CondaEnvironment, conda: str) -> bytes:
    lines = [
        "# None of conda's packages is installed here. Their programs are on PATH, or conda makes the environment:",
        f"#   conda env create --prefix envs/{name} --file {conda}",
        f"# and 'interpreter: envs/{name}' stands here in place of 'python'.",
        *(f"#   {package}" for package in environment.conda_packages),
    ]
    return "".join(f"{line}\n" for line in lines).encode()


def _workflow(
    stages: Sequence[AdoptedStage], targets: Sequence[str], shown_as: str, left: list[LeftOut]
) -> NewFile | None:
    try:
        content = snakemake_workflow.content(stages, targets)
    except UnreadableRule as error:
        left.append(LeftOut(shown_as, *error.left_out))
        return None
    return _yaml(f"config/workflows/{WORKFLOW}.yaml", "workflow", content)


def _yaml(path: str, schema: str, content: object) -> NewFile:
    up = "../" * path.count("/")
    place = f"{up}config/.schemas" if path.startswith("stages/") else "../.schemas"
    text = yaml.dump(content, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=10_000)
    return NewFile(path, f"{LINE}{place}/{schema}.json\n{text}".encode())
