"""Of files that describe many models or engines, those entries that a package needs."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pipeline.config import engines as engine_entries
from pipeline.config import models as model_entries
from pipeline.config.source import load_yaml
from pipeline.project import ProjectFolder


def models(project: ProjectFolder, names: set[str]) -> Iterator[tuple[Path, bytes]]:
    """The files with entries of these models, each with no others in it. Raises ``ConfigurationError``."""
    for file in model_entries.files(project):
        value = load_yaml(file, project.root, "models").value
        if kept := {name: entry for name, entry in value.items() if name in names}:
            yield file, _dump(kept)


def engines(project: ProjectFolder, stages: set[str]) -> Iterator[tuple[Path, bytes]]:
    """As ``models``, with the engines that have one of these stages."""
    for layer in project.layers:
        file = layer.config / engine_entries.FILE
        if file.is_file():
            value = load_yaml(file, project.root, "engines").value
            yield file, _dump({name: entry for name, entry in value.items() if entry["stage"] in stages})


def _dump(value: dict[str, Any]) -> bytes:
    import yaml

    return yaml.safe_dump(value, allow_unicode=True, sort_keys=False).encode()
