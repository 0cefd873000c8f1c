"""``config/engines.yaml``: what can recognise and translate, and what each needs."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pipeline.config.source import Source, load_yaml
from pipeline.project import Project

ANY = None  # of languages: whichever
Languages = tuple[str, ...] | None


@dataclass(frozen=True)
class Pairs:
    """All pairs of a language in ``source`` and one in ``target``."""

    source: Languages
    target: Languages
    model: str | None = None


@dataclass(frozen=True)
class OwnModel:
    """A model that an engine has for one of its abilities: a folder of that name among the models."""

    name: str
    files: tuple[str, ...]
    weights: str  # how a person gets it


@dataclass(frozen=True)
class EngineSpec:
    name: str
    kind: str
    stage: str
    quality: int
    note: str = ""
    program: str | None = None
    from_audio: bool = False
    speakers: bool = False  # it can tell them apart
    speaker_model: OwnModel | None = None  # that it takes for this
    files: tuple[str, ...] = ()  # of a model's folder
    pairs: tuple[Pairs, ...] = ()
    pairs_from: tuple[str, ...] = ()
    pairs_data: str = ""
    packages: tuple[str, ...] = ()
    install: str = ""
    weights: str = ""


def load(project: Project) -> dict[str, EngineSpec]:
    """By name; none where the project has no such file."""
    path = project.config / "engines.yaml"
    if not path.is_file():
        return {}
    source = load_yaml(path, project.root, "engines")
    return {name: _engine(source, name, entry) for name, entry in source.value.items()}


def _engine(source: Source, name: str, entry: Mapping[str, Any]) -> EngineSpec:
    if entry["kind"] == "translation" and ("pairs" in entry) == ("pairs_from" in entry):
        raise source.error((name,), "a translation has either 'pairs' or 'pairs_from'")
    speakers = entry.get("speakers", False)
    own = _own_model(speakers) if isinstance(speakers, Mapping) else None
    for key, text in {**entry, "speakers": own.weights if own else ""}.items():
        if key in ("install", "weights", "pairs_data", "speakers"):
            _check_braces(source, (name, key), text)
    return EngineSpec(
        name=name,
        kind=entry["kind"],
        stage=entry["stage"],
        quality=entry["quality"],
        note=entry.get("note", ""),
        program=entry.get("program"),
        from_audio=entry.get("from_audio", False),
        speakers=bool(speakers),
        speaker_model=own,
        files=tuple(entry.get("files", ())),
        pairs=tuple(_pairs(each) for each in entry.get("pairs", ())),
        pairs_from=tuple(entry.get("pairs_from", ())),
        pairs_data=entry.get("pairs_data", ""),
        packages=tuple(entry.get("packages", ())),
        install=entry.get("install", ""),
        weights=entry.get("weights", ""),
    )


def _check_braces(source: Source, keys: tuple[str, ...], text: str) -> None:
    try:
        text.format(pair="", model="", folder="")
    except (KeyError, ValueError, IndexError) as error:
        raise source.error(keys, f"it has a brace that stands for nothing: {error}") from error


def _own_model(entry: Mapping[str, Any]) -> OwnModel:
    return OwnModel(entry["model"], tuple(entry["files"]), entry["weights"])


def _pairs(entry: Mapping[str, Any]) -> Pairs:
    return Pairs(_languages(entry["from"]), _languages(entry["to"]), entry.get("model"))


def _languages(value: Any) -> Languages:
    return ANY if value == "any" else tuple(value)
