"""``config/engines.yaml``: what can recognise and translate, and what each needs."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pipeline.config.source import ConfigurationSource, load_yaml
from pipeline.envs import uv
from pipeline.errors import did_you_mean
from pipeline.project import ProjectFolder

PLACEHOLDERS = ("pair", "model", "folder", "uv")  # in the texts that say how a person installs something
FILE = "engines.yaml"
ANY = None  # all languages
Languages = tuple[str, ...] | None


@dataclass(frozen=True)
class Pairs:
    """All pairs of a language in ``source`` and one in ``target``."""

    source: Languages
    target: Languages
    model: str | None = None


@dataclass(frozen=True)
class OwnModel:
    """A model for one ability of an engine. A person puts it into ``models/NAME/``."""

    name: str
    files: tuple[str, ...]  # that must be in the folder
    weights: str  # how a person gets it
    catalogued: str = ""  # the defined model that does as well, where it is fetched; empty: none
    allows_code: bool = False  # also of files that run code when they are loaded


@dataclass(frozen=True)
class EngineSpec:
    """One entry of ``config/engines.yaml``; the keys are described in ``pipeline/schemas/engines.json``."""

    name: str
    kind: str  # recognition or translation
    stage: str
    quality: int  # the engine with the higher one is preferred
    note: str = ""
    program: str | None = None
    one_language: bool = False  # it recognises all of the speech in one, also where several are spoken
    aligners: str = ""  # names of the models that align words, with {language} in them; empty: it takes none
    from_audio: bool = False
    speakers: bool = False  # it can label who speaks
    speaker_model: OwnModel | None = None  # that it needs for this
    files: tuple[str, ...] = ()  # that a model's folder must have
    needs_language: tuple[str, ...] = ()  # that models have which must be told the spoken language
    pairs: tuple[Pairs, ...] = ()
    pairs_from: tuple[str, ...] = ()
    pairs_data: str = ""
    packages: tuple[str, ...] = ()
    install: str = ""
    weights: str = ""
    allows_code: bool = False  # of models that a person gets as ``weights`` says: also files that run code


def load(project: ProjectFolder) -> dict[str, EngineSpec]:
    """By name; of two with one name, the project's own. Empty where there is no such file.

    Raises ``ConfigurationError`` with file, line and key.
    """
    files = [layer.config / FILE for layer in reversed(project.layers)]
    sources = [load_yaml(file, project.root, "engines") for file in files if file.is_file()]
    return {name: _engine(source, name, entry) for source in sources for name, entry in source.value.items()}


def _engine(source: ConfigurationSource, name: str, entry: Mapping[str, Any]) -> EngineSpec:
    if entry["kind"] == "translation" and ("pairs" in entry) == ("pairs_from" in entry):
        raise source.error((name,), "a translation has either 'pairs' or 'pairs_from'")
    speakers = entry.get("speakers", False)
    own = _own_model(speakers) if isinstance(speakers, Mapping) else None
    for key, text in {**entry, "speakers": own.weights if own else ""}.items():
        if key in ("install", "weights", "pairs_data", "speakers"):
            _check_placeholders(source, (name, key), text)
    return EngineSpec(
        name=name,
        kind=entry["kind"],
        stage=entry["stage"],
        quality=entry["quality"],
        note=entry.get("note", ""),
        program=entry.get("program"),
        one_language=entry.get("one_language", False),
        aligners=entry.get("aligners", ""),
        from_audio=entry.get("from_audio", False),
        speakers=bool(speakers),
        speaker_model=own,
        files=tuple(entry.get("files", ())),
        needs_language=tuple(entry.get("needs_language", ())),
        pairs=tuple(_pairs(each) for each in entry.get("pairs", ())),
        pairs_from=tuple(entry.get("pairs_from", ())),
        pairs_data=entry.get("pairs_data", ""),
        packages=tuple(entry.get("packages", ())),
        install=entry.get("install", ""),
        weights=_with_uv(entry.get("weights", "")),
        allows_code=entry.get("allow_code", False),
    )


def _check_placeholders(source: ConfigurationSource, keys: tuple[str, ...], text: str) -> None:
    try:
        text.format(**dict.fromkeys(PLACEHOLDERS, ""))
    except KeyError as error:
        unknown = str(error.args[0])
        raise source.error(
            keys, f"unknown placeholder {{{unknown}}}{did_you_mean(unknown, list(PLACEHOLDERS))}"
        ) from error
    except (ValueError, IndexError) as error:
        raise source.error(keys, f"its placeholders can't be read: {error}") from error


def _with_uv(text: str) -> str:
    """With this project's own uv where none is on PATH, so that a command can be typed as it stands."""
    return text.replace("{uv}", uv.command())


def _own_model(entry: Mapping[str, Any]) -> OwnModel:
    return OwnModel(
        name=entry["model"],
        files=tuple(entry["files"]),
        weights=_with_uv(entry["weights"]),
        catalogued=entry.get("catalogued", ""),
        allows_code=entry.get("allow_code", False),
    )


def _pairs(entry: Mapping[str, Any]) -> Pairs:
    return Pairs(_languages(entry["from"]), _languages(entry["to"]), entry.get("model"))


def _languages(value: Any) -> Languages:
    return ANY if value == "any" else tuple(value)
