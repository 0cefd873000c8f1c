"""What a person named for a job and isn't a plain value: models in folders, a glossary, tracks and subtitles.

All of it is read and frozen when the job is prepared; a plan names digests and never what a file may hold later.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipeline.config.catalog import Catalog
from pipeline.config.workflows import WorkflowSpec
from pipeline.media import glossary, tracks
from pipeline.media.probe import Media
from pipeline.models import local_folder
from pipeline.models.shelf import Shelf

PATH_MARKS = tuple(mark for mark in (os.sep, os.altsep) if mark)


def taken(workflow: WorkflowSpec, given: Mapping[str, str], catalog: Catalog) -> dict[str, Any]:
    """Values of the parameters that name a folder or a file, which need no look at the movie."""
    found: dict[str, Any] = {}
    for name, text in given.items():
        kind = workflow.parameters[name].type if name in workflow.parameters else ""
        if kind == "model" and _is_folder(text, catalog):
            found[name] = model(Path(text).expanduser(), (), catalog)
        elif kind == "glossary":
            found[name] = glossary.read(Path(text).expanduser()) if text else {}
    return found


def model(folder: Path, needed: tuple[str, ...], catalog: Catalog) -> str:
    """The name of the model in a folder, which the catalog has from now on."""
    spec = local_folder.take(folder, needed, catalog.models.values(), Shelf(catalog.project.models))
    catalog.models[spec.name] = spec
    return spec.name


def of_movie(workflow: WorkflowSpec, values: Mapping[str, Any], movie: Path, media: Media) -> dict[str, Any]:
    """Values that depend on what is in the movie. Raises ``InputUnusable`` where it hasn't what is asked for."""
    found: dict[str, Any] = {}
    for name, spec in workflow.parameters.items():
        if spec.needs == "picture" and values[name]:
            tracks.require_picture(movie, media)
        if spec.type == "audio_track":
            tracks.check_audio_track(values[name] or "", media)
        elif spec.type == "subtitles":
            found[name] = tracks.subtitles(values[name] or "", movie, media)
        elif spec.type == "glossary":
            found[name] = glossary.for_languages(values[name] or {}, _targets(workflow, values))
    return found


def _targets(workflow: WorkflowSpec, values: Mapping[str, Any]) -> list[str]:
    return [code for name, spec in workflow.parameters.items() if spec.type == "languages" for code in values[name]]


def tracked(workflow: WorkflowSpec, values: Mapping[str, Any]) -> str:
    """The audio track that is asked for."""
    return next((values[name] or "" for name, spec in workflow.parameters.items() if spec.type == "audio_track"), "")


def _is_folder(text: str, catalog: Catalog) -> bool:
    """A name of a model stays one, even where a folder is called so; ./NAME is the folder."""
    return text not in catalog.models and (any(mark in text for mark in PATH_MARKS) or Path(text).is_dir())
