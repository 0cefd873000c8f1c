"""``config/workflows/NAME.yaml``: which stages, with what, in which order follows from the inputs."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pipeline.project import Project
from pipeline.spec.source import Source, choose, load_yaml


@dataclass(frozen=True)
class ParameterSpec:
    name: str
    type: str
    default: Any = None
    choices: tuple[Any, ...] = ()
    at_most: int | None = None
    description: str = ""


@dataclass(frozen=True)
class StageUse:
    """One entry under ``stages``: a stage file, wired."""

    id: str
    uses: str
    after: tuple[str, ...] = ()
    for_each: tuple[Any, ...] = ()
    inputs: Mapping[str, str] = field(default_factory=dict)
    parameters: Mapping[str, Any] = field(default_factory=dict)
    models: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class WorkflowSpec:
    name: str
    description: str
    takes_media: bool
    parameters: Mapping[str, ParameterSpec]
    stages: Mapping[str, StageUse]
    deliver: tuple[str, ...]
    source: Source = field(repr=False)


def names(project: Project) -> list[str]:
    return sorted(path.stem for path in (project.config / "workflows").glob("*.yaml"))


def load(project: Project, name: str) -> WorkflowSpec:
    """Raises ``ConfigurationError`` where there is no such workflow or its file is wrong."""
    choose("workflow", name, names(project), "pipeline workflow list")
    source = load_yaml(project.config / "workflows" / f"{name}.yaml", project.root, "workflow")
    value = source.value
    return WorkflowSpec(
        name=name,
        description=value.get("description", ""),
        takes_media=value.get("input", "media") == "media",
        parameters={name: _parameter(name, entry) for name, entry in value.get("parameters", {}).items()},
        stages={id: _stage_use(id, entry) for id, entry in value["stages"].items()},
        deliver=tuple(value.get("deliver", ())),
        source=source,
    )


def _parameter(name: str, entry: Mapping[str, Any]) -> ParameterSpec:
    return ParameterSpec(
        name=name,
        type=entry["type"],
        default=entry.get("default"),
        choices=tuple(entry.get("choices", ())),
        at_most=entry.get("at_most"),
        description=entry.get("description", ""),
    )


def _stage_use(id: str, entry: Mapping[str, Any]) -> StageUse:
    return StageUse(
        id=id,
        uses=entry.get("uses", id),
        after=tuple(entry.get("after", ())),
        for_each=tuple(entry.get("for_each", ())),
        inputs=entry.get("inputs", {}),
        parameters=entry.get("parameters", {}),
        models=entry.get("models", {}),
    )
