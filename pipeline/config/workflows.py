"""``config/workflows/NAME.yaml``: which stages, with what, in which order follows from the inputs."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pipeline import policy
from pipeline.config.caller_variables import passed_names
from pipeline.config.conditions import Condition, conditions
from pipeline.config.source import ConfigurationSource, load_yaml, require_name
from pipeline.project import ProjectFolder
from pipeline.sizes import parse_size

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_]*")
TYPES: Mapping[str, type | tuple[type, ...]] = {
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "language": str,
    "model": str,
    "audio_track": str,
    "subtitles": str,
    "glossary": str,
    "quality": str,  # of the models among which one is chosen: one of QUALITIES
    "duration": str,  # such as 30m; its value is in seconds
    "secret": str,  # env:VARIABLE, file:PATH or prompt; the value is read when the job runs
}
MEMBERS = {"languages": "language", "words": "string"}  # types whose values are lists, and the type of what is in them
QUALITIES = ("fast", "balanced", "best")
AUTO = "auto"  # the value of a parameter for a model that is chosen for each job
RESERVED = ("each", "input")  # $each and $input have a meaning in every workflow

# What a value of each type is, for people.
KINDS_OF_VALUES: Mapping[str, str] = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "language": "a language code such as en",
    "languages": "a list of language codes such as en,es",
    "words": "a list of words",
    "model": "a model's name",
    "audio_track": "the number of an audio track",
    "subtitles": "a subtitle file, or the number or language of a track",
    "glossary": "the name of a glossary file",
    "quality": "a quality",
    "duration": "a time such as 90, 30min or 2h",
    "secret": "a source of a secret",
}


@dataclass(frozen=True)
class ParameterSpec:
    name: str
    type: str  # one of TYPES or MEMBERS
    default: Any = None
    required: bool = False  # it has no default, and its type has no natural one; a list's is empty
    choices: tuple[Any, ...] = ()  # the only values that are allowed; empty: all of its type
    at_most: int | None = None  # number of values of a list; None: any
    at_least: int = 0
    adds: bool = False  # values that are asked for later are added to those of the job that the file has already
    task: str = ""  # what its model is for; then auto is a value, and the best one is chosen
    needs: str = ""  # what the movie must have where the value is true: a picture
    description: str = ""


@dataclass(frozen=True)
class DiskUse:
    """How much a stage writes to the disk, estimated before the job runs."""

    per_second: int = 0  # bytes for each second of the input
    of_input: float = 0.0  # 1.0: as much as the input's own size


@dataclass(frozen=True)
class StageUse:
    """One entry under ``stages``: a stage's file, with what it gets from the workflow."""

    id: str
    uses: str  # the name of the stage's file, without .py
    when: tuple[Condition, ...] = ()  # all must hold, or the plan has no such stage
    after: tuple[str, ...] = ()  # ids of entries that must be finished first
    for_each: tuple[Any, ...] = ()  # values and $parameters: one stage for each
    for_each_of: str | None = None  # or STAGE.OUTPUT: a list that is known when that stage is finished
    inputs: Mapping[str, str] = field(default_factory=dict)
    parameters: Mapping[str, Any] = field(default_factory=dict)
    models: Mapping[str, str] = field(default_factory=dict)
    services: Mapping[str, str] = field(default_factory=dict)  # as its stage names them, to ids of entries
    passed: tuple[str, ...] = ()  # names of the caller's variables, beside those that its stage asks for
    policy: Mapping[str, Any] = field(default_factory=dict)
    disk: DiskUse = field(default_factory=DiskUse)


@dataclass(frozen=True)
class Deliverable:
    """An output that goes into the job's output folder."""

    output: str  # STAGE.OUTPUT
    when: tuple[Condition, ...] = ()
    beside: bool = False  # with --beside, it also goes next to the input


@dataclass(frozen=True)
class DecisionSpec:
    """An entry under ``decide``: which engine is used, or which one for each language, is decided for each job."""

    name: str
    kind: str  # recognition or translation
    about: Mapping[str, Any]  # what the decision depends on: $parameters and values


@dataclass(frozen=True)
class WorkflowSpec:
    name: str
    description: str
    takes_media: bool
    parameters: Mapping[str, ParameterSpec]
    stages: Mapping[str, StageUse]
    deliver: tuple[Deliverable, ...]
    timeout_seconds: float | None
    makes_subtitles: bool
    decisions: Mapping[str, DecisionSpec]
    source: ConfigurationSource = field(repr=False)


def names(project: ProjectFolder) -> list[str]:
    """The project's workflows and those that it extends, in alphabetical order."""
    return [path.stem for path in project.files("config/workflows", "*.yaml")]


def load(project: ProjectFolder, name: str) -> WorkflowSpec:
    """Raises ``ConfigurationError`` where there is no workflow of this name, or where its file is wrong."""
    require_name("workflow", name, names(project), "pipeline workflow list")
    source = load_yaml(project.locate("config", "workflows", f"{name}.yaml"), project.root, "workflow")
    if not NAME.fullmatch(name):
        raise source.error((), "a workflow's name is letters, digits and underscores")
    return of_source(source, name)


def of_source(source: ConfigurationSource, name: str) -> WorkflowSpec:
    """The workflow that a source has which keeps to the schema. Raises ``ConfigurationError``."""
    value = source.value
    _check_names(source)
    return WorkflowSpec(
        name=name,
        description=value.get("description", ""),
        takes_media=value.get("input", "media") == "media",
        parameters={name: _parameter(source, name, entry) for name, entry in value.get("parameters", {}).items()},
        stages={id: _stage_use(source, id, entry) for id, entry in value["stages"].items()},
        deliver=tuple(_deliverable(entry) for entry in value.get("deliver", ())),
        timeout_seconds=value.get("timeout_seconds"),
        makes_subtitles=value.get("makes") == "subtitles",
        decisions={
            name: DecisionSpec(name, entry["kind"], {key: each for key, each in entry.items() if key != "kind"})
            for name, entry in value.get("decide", {}).items()
        },
        source=source,
    )


def _check_names(source: ConfigurationSource) -> None:
    """Parameters and decisions are both written ``$name``."""
    for section in ("parameters", "decide"):
        for name in source.value.get(section, {}):
            if name in RESERVED:
                raise source.error((section, name), f"${name} is reserved")
            if section == "decide" and name in source.value.get("parameters", {}):
                raise source.error((section, name), "there is a parameter with this name")


def _deliverable(entry: Any) -> Deliverable:
    if isinstance(entry, str):
        return Deliverable(entry)
    return Deliverable(entry["output"], conditions(entry.get("when")), entry.get("beside", False))


def _parameter(source: ConfigurationSource, name: str, entry: Mapping[str, Any]) -> ParameterSpec:
    spec = ParameterSpec(
        name=name,
        type=entry["type"],
        default=entry.get("default"),
        required="default" not in entry and entry["type"] not in MEMBERS,
        choices=tuple(entry.get("choices", QUALITIES if entry["type"] == "quality" else ())),
        at_most=entry.get("at_most"),
        at_least=entry.get("at_least", 0),
        adds=entry.get("adds", False),
        task=entry.get("task", ""),
        needs=entry.get("needs", ""),
        description=entry.get("description", ""),
    )
    keys = ("parameters", name)
    if spec.default is not None and not _is_of(spec.type, spec.default):
        raise source.error((*keys, "default"), f"{spec.default!r} isn't {KINDS_OF_VALUES[spec.type]}")
    for index, choice in enumerate(spec.choices):
        if not _is_of(MEMBERS.get(spec.type, spec.type), choice):
            raise source.error(
                (*keys, "choices", index), f"{choice!r} isn't {KINDS_OF_VALUES[MEMBERS.get(spec.type, spec.type)]}"
            )
    for key in ("at_most", "at_least"):
        if key in entry and spec.type not in MEMBERS:
            raise source.error((*keys, key), f"only a list has it, and '{name}' is of type {spec.type}")
    if spec.task and spec.type != "model":
        raise source.error((*keys, "task"), f"only a model has it, and '{name}' is of type {spec.type}")
    if spec.adds and spec.type not in (*MEMBERS, "boolean"):
        raise source.error((*keys, "adds"), f"only lists and booleans can add, and '{name}' is of type {spec.type}")
    return spec


def _is_of(kind: str, value: Any) -> bool:
    if kind in MEMBERS:
        return isinstance(value, list) and all(_is_of(MEMBERS[kind], item) for item in value)
    return isinstance(value, TYPES[kind]) and (kind == "boolean" or not isinstance(value, bool))


def _stage_use(source: ConfigurationSource, id: str, entry: Mapping[str, Any]) -> StageUse:
    for_each = entry.get("for_each", ())
    return StageUse(
        id=id,
        uses=entry.get("uses", id),
        when=conditions(entry.get("when")),
        after=tuple(entry.get("after", ())),
        for_each=() if isinstance(for_each, str) else tuple(for_each),
        for_each_of=for_each if isinstance(for_each, str) else None,
        inputs=entry.get("inputs", {}),
        parameters=entry.get("parameters", {}),
        models=entry.get("models", {}),
        services=entry.get("services", {}),
        passed=passed_names(source, ("stages", id)),
        policy=policy.declared(entry),
        disk=_disk(source, id, entry.get("disk", {})),
    )


def _disk(source: ConfigurationSource, id: str, entry: Mapping[str, Any]) -> DiskUse:
    try:
        return DiskUse(parse_size(entry.get("per_second", 0)), float(entry.get("of_input", 0)))
    except ValueError as error:
        raise source.error(("stages", id, "disk", "per_second"), str(error)) from error
