"""A job's engines: look at what there is, let ``engines/`` decide, then read what the chosen ones work with.

Nothing is written here.
"""

import os
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline import process
from pipeline.config.catalog import Catalog
from pipeline.config.engines import EngineSpec
from pipeline.digests import sha256_of_file
from pipeline.engines import decisions
from pipeline.engines.decisions import Decisions, DecisionTask
from pipeline.engines.engine_selection import Obstacle
from pipeline.engines.pairs import InstalledPairs
from pipeline.engines.requirements import (
    DefinedModel,
    EngineContents,
    EngineInventory,
    EngineQuestions,
    ModelFolder,
    UndefinedModel,
)
from pipeline.envs.choice.decision import Refuse
from pipeline.envs.choice.finder import EnvironmentFinder
from pipeline.envs.variables import which, without_python
from pipeline.errors import ConfigurationError
from pipeline.models import local_folder
from pipeline.models.local_folder import FolderModel, ModelNeeds
from pipeline.models.store import ModelStore

LIST_SECONDS = 30
PROGRAM_NAMES = re.compile(r"(?:^|\|)\s*([\w.+-]+)(?=\s|$)")  # in the same file: those that follow one another
FILE_NAMES = re.compile(r"/[^\s'\"|]+")  # in the own file of a language pair: its dictionaries


@dataclass(frozen=True)
class ChosenEngines:
    decisions: Decisions
    models: tuple[FolderModel, ...]  # what they take of the project's models without a definition


def choose_engines(
    catalog: Catalog,
    finder: EnvironmentFinder,
    tasks: Mapping[str, DecisionTask],
    in_folders: Collection[str] = (),
    allows_code: bool = False,
) -> ChosenEngines:
    """``in_folders``: the catalog's models that the job brings along in folders, so that they aren't in the store yet.

    ``allows_code``: also models in folders whose files run code when they are loaded.

    Raises ``UsageError`` for what no engine can do, ``NotReady`` for what an engine lacks.
    """
    inventory = take_inventory(catalog, finder, decisions.questions(tasks), in_folders)
    choices = decisions.choose(tasks, inventory)
    models = {each: _in_folder(catalog, each, allows_code) for each in decisions.folders(choices)}
    contents = EngineContents(
        {folder: model.name for folder, model in models.items()},
        {files: dictionaries(files) for files in decisions.pair_files(choices)},
    )
    return ChosenEngines(decisions.settle(choices, contents), tuple(models.values()))


def _in_folder(catalog: Catalog, folder: ModelFolder, allows_code: bool) -> FolderModel:
    place, store = catalog.project.models / folder.name, ModelStore(catalog.project.model_store)
    needs = ModelNeeds(folder.files, folder.task, allows_code or folder.allows_code)
    return local_folder.read(place, needs, catalog.models.values(), store)


def take_inventory(
    catalog: Catalog, finder: EnvironmentFinder, questions: EngineQuestions, in_folders: Collection[str]
) -> EngineInventory:
    """What there is of the engines and models in question."""
    programs = {each.program for each in questions.engines if each.program}
    environments = {each.name: _environment_obstacle(catalog, finder, each) for each in questions.engines}
    return EngineInventory(
        frozenset(program for program in programs if which(program, os.environ)),
        {engine: obstacle for engine, obstacle in environments.items() if obstacle},
        {each.name: installed_pairs(each.pairs_from, each.pairs_data) for each in questions.engines if each.pairs_from},
        {name: _model(catalog, name, in_folders) for name in questions.models},
    )


def installed_pairs(command: Sequence[str], data: str = "") -> InstalledPairs:
    """The pairs that ``command`` prints, one in each line; none where it isn't there or doesn't answer.

    ``data`` is the path of a pair's own file, with ``{pair}`` in it, relative to the folder that the program's ``bin``
    is in.
    """
    program = which(command[0], os.environ)
    if program is None:
        return InstalledPairs()
    try:
        done = process.run([program, *command[1:]], without_python(os.environ), LIST_SECONDS)
    except (process.TimedOut, OSError):
        return InstalledPairs()
    names = [line.strip() for line in done.stdout.decode("utf-8", "replace").splitlines() if "-" in line]
    prefix = Path(program).resolve().parent.parent
    return InstalledPairs(tuple(names), str(prefix / data) if data else "")


def dictionaries(files: Iterable[str]) -> dict[str, str]:
    """The SHA-256 of the pairs' own files, and of the files and programs that these name; nothing where one can't be
    read.

    Takes some ten milliseconds for a pair.
    """
    own = [Path(file) for file in files]
    try:
        texts = [file.read_text(encoding="utf-8") for file in own]
        named = {Path(name) for text in texts for name in FILE_NAMES.findall(text)}
        programs = {which(name, os.environ) for text in texts for name in PROGRAM_NAMES.findall(text)}
        files_used = {*own, *named, *(Path(program) for program in programs if program)}
        return {str(file): sha256_of_file(file) for file in sorted(files_used) if file.is_file()}
    except (OSError, UnicodeDecodeError):
        return {}


def _environment_obstacle(catalog: Catalog, finder: EnvironmentFinder, engine: EngineSpec) -> Obstacle | None:
    try:
        definition = catalog.environment(catalog.stage(engine.stage).environment)
    except ConfigurationError as error:
        return Obstacle(error.message, error.next_step or "mend the project's configuration")
    choice = finder.choose(definition)
    if not isinstance(choice, Refuse):
        return None
    what = f"environment '{definition.name}' isn't ready: {choice.reason}"
    return Obstacle(what, choice.command, is_reported_later=True)


def _model(catalog: Catalog, name: str, in_folders: Collection[str]) -> DefinedModel | UndefinedModel:
    if name not in catalog.models:
        folder = catalog.project.models / name
        return UndefinedModel(str(folder), folder.is_dir())
    spec = catalog.models[name]
    problem = None if name in in_folders else ModelStore(catalog.project.model_store).problem_of(spec)
    return DefinedModel(frozenset(spec.files), spec.languages, problem, spec.patterns, spec.size)
