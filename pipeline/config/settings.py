"""``config/pipeline.yaml``: a project's settings, and what counts where it says nothing."""

from collections.abc import Mapping
from typing import Any

from pipeline.config.source import ConfigurationSource, load_yaml
from pipeline.project import MARKER, ProjectFolder
from pipeline.sizes import parse_size
from pipeline.values import Struct


class Workers(Struct, frozen=True):
    """When a worker, which is kept for later stages, ends."""

    idle_seconds: float  # without a task
    tasks: int  # after so many
    memory: int  # bytes; after a task that leaves it with more


class Settings(Struct, frozen=True):
    """What ``config/pipeline.yaml`` says; the keys are described in ``pipeline/schemas/settings.json``."""

    default_workflows: tuple[str, ...]  # for these ./bootstrap.sh makes everything ready
    grace_seconds: float  # between a request to end and a kill
    build_seconds: float  # that building one environment may take
    cache_limit: int  # bytes
    workers: Workers
    environments_limit: int | None = None  # bytes; None: no limit
    link_mode: str = "auto"  # or hardlink
    accelerator: str | None = None  # for which environments are built; None: the machine's own


def load(project: ProjectFolder) -> Settings:
    """Raises ``ConfigurationError`` with file, line and key."""
    source = load_yaml(project.root / MARKER, project.root, "settings")
    value = source.value
    return Settings(
        default_workflows=tuple(value.get("default_workflows", ())),
        grace_seconds=float(value.get("grace_seconds", 5)),
        build_seconds=60 * float(value.get("build_minutes", 30)),
        cache_limit=_size(source, ("cache_limit",), value.get("cache_limit", "20 GiB")),
        workers=_workers(source, value.get("workers", {})),
        environments_limit=_size_or_none(source, "environments_limit"),
        link_mode=value.get("link_mode", "auto"),
        accelerator=value.get("accelerator"),
    )


def _workers(source: ConfigurationSource, value: Mapping[str, Any]) -> Workers:
    return Workers(
        idle_seconds=float(value.get("idle_seconds", 60)),
        tasks=int(value.get("tasks", 1000)),  # may be 2.0, which is a whole number, too
        memory=_size(source, ("workers", "memory"), value.get("memory", "8 GiB")),
    )


def _size_or_none(source: ConfigurationSource, key: str) -> int | None:
    return _size(source, (key,), source.value[key]) if key in source.value else None


def _size(source: ConfigurationSource, keys: tuple[str, ...], size: str | int) -> int:
    try:
        return parse_size(size)
    except ValueError as error:
        raise source.error(keys, str(error)) from error
