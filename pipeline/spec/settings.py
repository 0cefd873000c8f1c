"""``config/pipeline.yaml``."""

from dataclasses import dataclass

from pipeline.project import MARKER, Project
from pipeline.sizes import parse_size
from pipeline.spec.source import Source, load_yaml


@dataclass(frozen=True)
class Settings:
    default_workflows: tuple[str, ...]
    grace_seconds: float
    build_seconds: float
    cache_limit: int  # bytes


def load(project: Project) -> Settings:
    source = load_yaml(project.root / MARKER, project.root, "settings")
    value = source.value
    return Settings(
        default_workflows=tuple(value.get("default_workflows", ())),
        grace_seconds=float(value.get("grace_seconds", 5)),
        build_seconds=60 * float(value.get("build_minutes", 30)),
        cache_limit=_size(source, "cache_limit", "20 GiB"),
    )


def _size(source: Source, key: str, default: str) -> int:
    try:
        return parse_size(source.value.get(key, default))
    except ValueError as error:
        raise source.error((key,), str(error)) from error
