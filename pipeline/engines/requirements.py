"""What an engine needs to work, compared with what there is on this machine."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from pipeline.config.engines import EngineSpec
from pipeline.engines.engine_selection import Obstacle
from pipeline.engines.pairs import InstalledPairs

PairFiles = tuple[str, ...]  # paths of the own files of those language pairs that serve one translation


@dataclass(frozen=True)
class ModelFolder:
    """A folder among the project's models that no model is defined for."""

    name: str
    files: tuple[str, ...]  # that it must have, relative to the folder; "a | b" where either will do
    task: str = ""  # what it is for
    allows_code: bool = False  # also of files that run code when they are loaded


@dataclass(frozen=True)
class DefinedModel:
    """A model that the project defines, or that the job brings along in a folder."""

    files: frozenset[str]  # empty where it was never fetched, so that nobody knows them
    languages: tuple[str, ...] = ()  # empty where it has none in particular
    problem: str | None = None  # why it can't be used now
    patterns: tuple[str, ...] = ()  # of its files; empty where nobody knows them
    size: str = ""  # how much is fetched, for people; empty where nobody knows

    def has(self, needed: str) -> bool:
        """Whether it is known to have a file, or one of several with `` | `` between them."""
        return not self.files.isdisjoint(needed.split(" | "))

    def may_have(self, needed: str) -> bool:
        """Whether it has a file that an engine needs: its name, or several with `` | `` between them."""
        names = needed.split(" | ")
        if self.files or not self.patterns:
            return not self.files or self.has(needed)
        return any(fnmatchcase(name, pattern) for name in names for pattern in self.patterns)


@dataclass(frozen=True)
class UndefinedModel:
    """A name that no model is defined for. A folder of this name among the models would do."""

    path: str  # of that folder, absolute
    is_there: bool


@dataclass(frozen=True)
class EngineQuestions:
    """What must be looked at before engines can be chosen: nothing else can change the choice."""

    engines: tuple[EngineSpec, ...] = ()
    models: tuple[str, ...] = ()


@dataclass(frozen=True)
class EngineInventory:
    """The answers: what there is of the engines and the models in question."""

    programs: frozenset[str] = frozenset()  # those that are on PATH
    environments: Mapping[str, Obstacle] = field(default_factory=dict)  # by engine, where its environment isn't usable
    pairs: Mapping[str, InstalledPairs] = field(default_factory=dict)  # by engine
    models: Mapping[str, DefinedModel | UndefinedModel] = field(default_factory=dict)  # by name

    def read_first(self, folder: ModelFolder) -> ModelFolder | None:
        """The folder where it has to be read before the model of its name can be used; else ``None``."""
        model = self.models.get(folder.name)
        return folder if isinstance(model, UndefinedModel) and model.is_there else None


@dataclass(frozen=True)
class EngineContents:
    """What the chosen engines work with, as it is on the disk now."""

    models: Mapping[ModelFolder, str] = field(default_factory=dict)  # the name of the model in each folder
    # By the own files of language pairs: the files that their dictionaries are, each with its SHA-256.
    dictionaries: Mapping[PairFiles, Mapping[str, str]] = field(default_factory=dict)


def obstacles(
    engine: EngineSpec, model: str | None, inventory: EngineInventory, instead: str = "", is_own: bool = False
) -> Iterator[Obstacle]:
    """What the engine lacks to work with this model now. A model that the project doesn't define may be missing.

    ``instead``: what a person may do where the model is one for other engines, beside naming another model. ``is_own``:
    it is the engine's own model, which nobody named, so that another engine may do as well.
    """
    if engine.program and engine.program not in inventory.programs:
        install = engine.install.format(pair="").strip()
        yield Obstacle(f"{engine.program} isn't on PATH", install or f"install {engine.program}")
    problem = inventory.environments.get(engine.name)
    if problem:
        yield problem
    found = inventory.models.get(model) if model else None
    if isinstance(found, DefinedModel) and (problem is None or problem.is_reported_later):
        yield from _of_defined(engine, str(model), found, instead, is_own)


def folder_obstacles(name: str, shown: str, weights: str, inventory: EngineInventory) -> Iterator[Obstacle]:
    """The one obstacle where a model is neither defined nor there in a folder.

    ``weights`` says how a person gets it, with ``{model}`` and ``{folder}`` in it.
    """
    found = inventory.models.get(name)
    if isinstance(found, UndefinedModel) and not found.is_there:
        yield Obstacle(f"{shown} isn't here", weights.format(model=name, folder=found.path))


def _of_defined(engine: EngineSpec, name: str, model: DefinedModel, instead: str, is_own: bool) -> Iterator[Obstacle]:
    lacks = [needed for needed in engine.files if not model.may_have(needed)]
    step = f"{instead}name another model or its folder"
    if lacks and instead:
        yield Obstacle(f"model '{name}' is for other engines", step)
    else:
        yield from (Obstacle(f"model '{name}' has no {each.replace(' | ', ' or ')}", step) for each in lacks)
    if model.problem:
        what = f"model '{name}' isn't ready: {model.problem}{f' ({model.size})' if model.size else ''}"
        command = f"bootstrap --model {name}{'   or --translation-model FOLDER' if is_own else ''}"
        yield Obstacle(what, command, is_reported_later=not is_own)
