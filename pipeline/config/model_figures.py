"""``config/model-figures.yaml``: what is published of recognition models, each figure with its source."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from pipeline.config.source import ConfigurationSource, Keys, load_yaml
from pipeline.project import ProjectFolder
from pipeline.sizes import parse_size

FILE = "model-figures.yaml"
VALUES = {"errors": "rates", "speeds": "times", "memory": "need", "sizes": "bytes"}  # by section: where its figures are


@dataclass(frozen=True)
class ErrorRate:
    """How much of what was said a model got wrong."""

    percent: float  # of the words, or of the characters
    data: str  # what was recognised: a key of ``FigureTable.data``
    source: str  # a key of ``FigureTable.sources``
    is_of_characters: bool = False


@dataclass(frozen=True)
class PublishedSpeed:
    times: float  # seconds of speech a second
    source: str
    cores: int | None = None  # processor cores that it was measured on; None for one GPU


@dataclass(frozen=True)
class ModelFigures:
    """What is published of one model; what isn't known is empty or ``None``."""

    errors: Mapping[str, tuple[ErrorRate, ...]] = field(default_factory=dict)  # by language code
    cpu_speed: PublishedSpeed | None = None
    gpu_speed: PublishedSpeed | None = None
    memory: int | None = None  # bytes, of the machine or of the GPU where it works there
    size: int | None = None  # bytes of a download
    larger: str | None = None  # the next larger model of the same make
    translates: bool = True  # whether it can write down in English what is said in another language


@dataclass(frozen=True)
class FigureTable:
    models: Mapping[str, ModelFigures] = field(default_factory=dict)  # by name
    data: Mapping[str, str] = field(default_factory=dict)  # what a person calls it, the one to tell first
    sources: Mapping[str, str] = field(default_factory=dict)

    def of(self, name: str) -> ModelFigures:
        return self.models.get(name) or ModelFigures()


def load(project: ProjectFolder) -> FigureTable:
    """Empty where there is no such file. Raises ``ConfigurationError`` with file, line and key."""
    files = [layer.config / FILE for layer in reversed(project.layers)]
    tables = [_table(load_yaml(file, project.root, "model-figures")) for file in files if file.is_file()]
    return FigureTable(
        {name: figures for each in tables for name, figures in each.models.items()},
        {key: text for each in tables for key, text in each.data.items()},
        {key: text for each in tables for key, text in each.sources.items()},
    )


def _table(source: ConfigurationSource) -> FigureTable:
    _check_references(source)
    _check_chains(source)
    models: dict[str, ModelFigures] = {}
    for section, name, group, value in _figures(source):
        models[name] = _with(models.get(name) or ModelFigures(), section, group, value)
    for name, larger in source.value.get("larger", {}).items():
        models[name] = replace(models.get(name) or ModelFigures(), larger=larger)
    for name in source.value.get("without_translation", ()):
        models[name] = replace(models.get(name) or ModelFigures(), translates=False)
    return FigureTable(models, source.value.get("data", {}), source.value.get("sources", {}))


def _figures(source: ConfigurationSource) -> Iterator[tuple[str, str, Mapping[str, Any], Any]]:
    """Section, model, the group that its figure stands in, and the figure itself."""
    for section, key in VALUES.items():
        for index, group in enumerate(source.value.get(section, ())):
            for name, value in group[key].items():
                is_size = section == "memory"
                yield section, name, group, _bytes(source, (section, index, key, name), value) if is_size else value


def _bytes(source: ConfigurationSource, keys: Keys, value: str | int) -> int:
    try:
        return parse_size(value)
    except ValueError as error:
        raise source.error(keys, str(error)) from error


def _with(known: ModelFigures, section: str, group: Mapping[str, Any], value: Any) -> ModelFigures:
    """The figures with one more; of two that say the same thing, the first one in the file counts."""
    match section:
        case "errors":
            return replace(known, errors=_errors(known, group, value))
        case "memory":
            return replace(known, memory=known.memory or value)
        case "sizes":
            return replace(known, size=known.size or value)
    speed = PublishedSpeed(value, group["source"], group.get("cores"))
    if speed.cores:
        return replace(known, cpu_speed=known.cpu_speed or speed)
    return replace(known, gpu_speed=known.gpu_speed or speed)


def _errors(
    known: ModelFigures, group: Mapping[str, Any], rates: Mapping[str, float]
) -> dict[str, tuple[ErrorRate, ...]]:
    errors = dict(known.errors)
    for language, percent in rates.items():
        before = errors.get(language, ())
        if all(each.data != group["data"] for each in before):
            is_of_characters = language in group.get("characters", ())
            errors[language] = (*before, ErrorRate(percent, group["data"], group["source"], is_of_characters))
    return errors


def _check_references(source: ConfigurationSource) -> None:
    """A figure without a source is no figure."""
    for section in VALUES:
        for index, group in enumerate(source.value.get(section, ())):
            for key, declared in (("source", "sources"), ("data", "data")):
                if key in group and group[key] not in source.value.get(declared, {}):
                    raise source.error((section, index, key), f"'{group[key]}' isn't among '{declared}'")


def _check_chains(source: ConfigurationSource) -> None:
    larger = source.value.get("larger", {})
    for name in larger:
        seen, each = {name}, larger[name]
        while each in larger and each not in seen:
            seen.add(each)
            each = larger[each]
        if each in seen:
            raise source.error(("larger", name), "no model is larger than itself")
