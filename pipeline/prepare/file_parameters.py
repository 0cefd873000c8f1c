"""Parameters that name a file, a folder or a track: they are read when a job is prepared, and nothing is written.

So a plan names digests, and never depends on what a file may hold later.
"""

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.config.catalog import Catalog
from pipeline.config.workflows import AUTO, WorkflowSpec
from pipeline.errors import NotReady
from pipeline.media import glossary, languages, subtitles, tracks
from pipeline.media.probe import Media
from pipeline.models import local_folder
from pipeline.models.local_folder import FolderModel, ModelNeeds
from pipeline.models.store import ModelStore
from pipeline.text import printable

REPOSITORY = re.compile(r"(?:huggingface:|hf:)?(?P<owner>[A-Za-z0-9][\w.-]*)/(?P<name>[A-Za-z0-9][\w.-]*)", re.ASCII)
PATH_MARKS = tuple(mark for mark in (os.sep, os.altsep) if mark)


@dataclass(frozen=True)
class FileParameters:
    """What was read before the movie is looked at."""

    values: Mapping[str, Any]  # by parameter: the name of a model, or a glossary's entries by language
    models: tuple[FolderModel, ...]


def read(
    workflow: WorkflowSpec, parameters: Mapping[str, str], catalog: Catalog, allows_code: bool = False
) -> FileParameters:
    """``parameters`` are as typed. ``allows_code``: also models that run code when they are loaded.

    Raises ``NotReady`` for a model's folder, ``UsageError`` for a glossary.
    """
    values: dict[str, Any] = {}
    models: list[FolderModel] = []
    for name, text in parameters.items():
        spec = workflow.parameters.get(name)
        kind = spec.type if spec else ""
        if kind == "model" and not (spec and spec.task and text == AUTO) and _is_folder(text, catalog):
            defined, store = catalog.models.values(), ModelStore(catalog.project.model_store)
            _require_place(text)
            folder, task = Path(text).expanduser(), _task_of(workflow, name)
            _require_some_file(folder, task, catalog)
            models.append(local_folder.read(folder, ModelNeeds((), task, allows_code), defined, store))
            values[name] = models[-1].name
        elif kind == "glossary":
            values[name] = glossary.read(Path(text).expanduser()) if text else {}
    return FileParameters(values, tuple(models))


def for_movie(
    workflow: WorkflowSpec, values: Mapping[str, Any], movie: Path, media: Media, earlier: Mapping[str, Any]
) -> dict[str, Any]:
    """The values with those that depend on what is in the movie.

    ``earlier``: those of the job that gets a new plan. Its subtitles stay the same ones, since by now its own results
    may be beside the movie.

    Raises ``InputUnusable`` where the movie has no such track, subtitles or picture.
    """
    found, spoken = dict(values), _spoken(workflow, values)
    for name, spec in workflow.parameters.items():
        if spec.needs == "picture" and values[name]:
            tracks.require_picture(movie, media)
        if spec.type == "audio_track":
            tracks.check_audio_track(values[name] or "", media)
            found[name] = values[name] or tracks.audio_in(spoken, media)
        elif spec.type == "subtitles":
            text = values[name] or ""
            found[name] = earlier[name] if name in earlier else subtitles.source(text, movie, media, spoken)
        elif spec.type == "glossary":
            found[name] = glossary.for_languages(values[name] or {}, _targets(workflow, values))
    return found


def audio_track(workflow: WorkflowSpec, values: Mapping[str, Any]) -> str:
    """The audio track: a number or a language; empty for the main one."""
    return str(_first_of("audio_track", workflow, values))


def subtitle_flags(workflow: WorkflowSpec, values: Mapping[str, Any], movie: Path, media: Media) -> str:
    """What the subtitles are for that are taken: ``forced,sdh``. ``values`` are those of ``for_movie``."""
    return subtitles.flags(_first_of("subtitles", workflow, values) or {}, movie, media)


def notes(workflow: WorkflowSpec, values: Mapping[str, Any], media: Media) -> tuple[str, ...]:
    """What a person should know of the tracks and subtitles that were taken. ``values`` are those of ``for_movie``."""
    spoken = _spoken(workflow, values)
    if source := _first_of("subtitles", workflow, values):
        return tuple(_subtitle_notes(source, spoken, media))
    return _audio_notes(workflow, values, media, spoken) if spoken else ()


def _subtitle_notes(source: Mapping[str, str], spoken: str, media: Media) -> Iterator[str]:
    if not subtitles.is_whole(source, media):
        yield (
            "these subtitles are for signs, songs or a comment, and don't hold all that is said; "
            "what is made of them is marked so, too"
        )
    stated = source["language"]
    if spoken and languages.base(stated) not in ("", languages.base(spoken)):
        yield f"the subtitles say that they are {languages.name(stated)}; -s takes them as {languages.name(spoken)}"


def _audio_notes(workflow: WorkflowSpec, values: Mapping[str, Any], media: Media, spoken: str) -> tuple[str, ...]:
    wanted = languages.name(spoken)
    has_choice = any(spec.type == "audio_track" for spec in workflow.parameters.values())
    track = tracks.audio_track(audio_track(workflow, values), media) if has_choice else None
    if track is None or not languages.base(track.language):
        return ()
    if languages.base(track.language) == languages.base(spoken):
        is_main = track == tracks.audio_track("", media)
        return () if is_main else (f"audio track {tracks.described(track)} is taken, since -s names its language",)
    return (f"no audio track says that it is {wanted}; track {tracks.described(track)} is taken as {wanted}",)


def _spoken(workflow: WorkflowSpec, values: Mapping[str, Any]) -> str:
    """The language as a person named it; empty where they didn't."""
    code = str(_first_of("language", workflow, values))
    return code if languages.base(code) else ""


def _first_of(kind: str, workflow: WorkflowSpec, values: Mapping[str, Any]) -> Any:
    """The value of the workflow's first parameter of a type; empty where there is none."""
    return next((values[name] or "" for name, spec in workflow.parameters.items() if spec.type == kind), "")


def _targets(workflow: WorkflowSpec, values: Mapping[str, Any]) -> list[str]:
    return [code for name, spec in workflow.parameters.items() if spec.type == "languages" for code in values[name]]


def _require_place(text: str) -> None:
    """Raises ``NotReady`` for a repository of a model hub, which people name like a folder."""
    found = REPOSITORY.fullmatch(text)
    if found and not Path(text).exists():
        name, owned = found["name"].lower(), f"{found['owner']}/{found['name']}"
        what = f"there is no folder {text}; a model of a repository is locked first"
        raise NotReady(what, f"pipeline model add {name} huggingface:{owned}\npipeline model fetch {name}")


def _require_some_file(folder: Path, task: str, catalog: Catalog) -> None:
    """Raises ``NotReady`` for a folder of something else, such as films, before all of it is read."""
    needed = {name for each in catalog.engines.values() if each.kind == task for name in _names(each.files)}
    if needed and folder.is_dir() and not any((folder / name).is_file() for name in needed):
        what = f"the folder {printable(str(folder))} has none of the files that a model for {task} has"
        raise NotReady(f"{what}, such as model.bin or model.safetensors", local_folder.ANOTHER)


def _names(needed: Iterable[str]) -> Iterator[str]:
    """Of files as engines need them: ``a | b`` where one of them will do."""
    return (name for either in needed for name in either.split(" | "))


def _task_of(workflow: WorkflowSpec, parameter: str) -> str:
    """What the model of a parameter is for: that of the decision which takes it; empty where there is none."""
    taken_by = (each.kind for each in workflow.decisions.values() if each.about.get("model") == f"${parameter}")
    return workflow.parameters[parameter].task or next(taken_by, "")


def _is_folder(text: str, catalog: Catalog) -> bool:
    """A model's name stays one, even where a folder has the same name; ./NAME is the folder."""
    return text not in catalog.models and (any(mark in text for mark in PATH_MARKS) or Path(text).is_dir())
