"""``config/pipeline.yaml``."""

from dataclasses import dataclass

from pipeline.project import MARKER, Project
from pipeline.spec.source import load_yaml


@dataclass(frozen=True)
class Settings:
    default_workflows: tuple[str, ...]
    grace_seconds: float
    build_seconds: float


def load(project: Project) -> Settings:
    value = load_yaml(project.root / MARKER, project.root, "settings").value
    return Settings(
        default_workflows=tuple(value.get("default_workflows", ())),
        grace_seconds=float(value.get("grace_seconds", 5)),
        build_seconds=60 * float(value.get("build_minutes", 30)),
    )
