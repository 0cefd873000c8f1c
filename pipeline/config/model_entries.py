"""Entries that a command adds to ``config/models.yaml``, whose lines and comments stay as they are."""

from collections.abc import Mapping
from typing import Any

from pipeline.config import models
from pipeline.config.source import load_yaml
from pipeline.errors import ConfigurationError
from pipeline.files import write_whole
from pipeline.permissions import share
from pipeline.project import ProjectFolder


def read(project: ProjectFolder) -> dict[str, Any]:
    """The entries as people wrote them, by name, with those of the catalogue."""
    found = [load_yaml(file, project.root, "models").value for file in models.files(project)]
    return {name: entry for each in found for name, entry in each.items()}


def append(project: ProjectFolder, entries: Mapping[str, Any]) -> None:
    """Add entries at the end of the file. Raises ``ConfigurationError``, and changes nothing, where that can't be."""
    import yaml

    file = project.config / models.ENTRIES
    before = file.read_text(encoding="utf-8") if file.is_file() else ""
    separator = "" if before.endswith("\n") or not before else "\n"
    added = yaml.safe_dump(dict(entries), allow_unicode=True, sort_keys=False)
    write_whole(file, f"{before}{separator}{added}".encode())
    share(file)
    try:
        models.load(project)
    except ConfigurationError as error:
        # A file that is written in braces can't have lines after them.
        write_whole(file, before.encode()) if before else file.unlink()
        raise ConfigurationError(
            f"models can't be added to config/models.yaml: {error.message}", f"add to it by hand:\n{added}"
        ) from error
