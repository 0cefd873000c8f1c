"""What an engine lacks to work now: its program, its environment, its models."""

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from pipeline.config.catalog import Catalog
from pipeline.config.engines import EngineSpec, OwnModel
from pipeline.engines.pairs import Installed, installed
from pipeline.engines.select import Obstacle
from pipeline.envs.external.adoption import Adoption
from pipeline.envs.external.decision import Refuse
from pipeline.errors import ConfigurationError
from pipeline.models.shelf import Shelf
from pipeline.prepare import file_parameters


@dataclass(frozen=True)
class Lacking:
    catalog: Catalog
    adoption: Adoption

    def of(self, engine: EngineSpec, model: str | None, may_be_folder: bool = False) -> Iterator[Obstacle]:
        if engine.program and shutil.which(engine.program) is None:
            install = engine.install.format(pair="").strip()
            yield Obstacle(f"{engine.program} isn't on PATH", install or f"install {engine.program}")
        try:
            definition = self.catalog.environment(self.catalog.stage(engine.stage).environment)
        except ConfigurationError as error:
            yield Obstacle(error.message, error.next_step or "mend the project's configuration")
            return
        choice = self.adoption.choose(definition)
        if isinstance(choice, Refuse):
            what = f"environment '{definition.name}' isn't ready: {choice.reason}"
            yield Obstacle(what, choice.command, told_later=True)
        if model in self.catalog.models:
            yield from self._declared(engine, model)
        elif model and may_be_folder:
            yield from self._folder(
                model,
                f"its model '{model}'",
                f"{engine.weights or 'put it into {folder}'}   or --translation-model FOLDER",
            )

    def own_model(self, own: OwnModel | None) -> Iterator[Obstacle]:
        """What telling speakers apart lacks."""
        if own and own.name not in self.catalog.models:
            yield from self._folder(own.name, f"the model '{own.name}', which tells speakers apart,", own.weights)

    def in_folder(self, files: Sequence[str], model: str) -> str:
        """The name of a model that the project doesn't define, but that somebody put among its models."""
        folder = self.catalog.project.models / model
        if model in self.catalog.models or not folder.is_dir():
            return model
        return file_parameters.model(folder, tuple(files), self.catalog)

    def pairs(self, engine: EngineSpec) -> Installed:
        """Of languages, that are installed for it; asked for once."""
        if engine.name not in self._pairs:
            self._pairs[engine.name] = installed(engine.pairs_from, engine.pairs_data)
        return self._pairs[engine.name]

    def _declared(self, engine: EngineSpec, model: str) -> Iterator[Obstacle]:
        spec = self.catalog.model(model)
        for wanted in engine.files:
            if not spec.files.keys() & set(wanted.split(" | ")):
                yield Obstacle(
                    f"model '{model}' has no {wanted.replace(' | ', ' or ')}", "name another model or its folder"
                )
        if reason := Shelf(self.catalog.project.models).damage(model, spec.digest):
            yield Obstacle(f"model '{model}' isn't ready: {reason}", f"bootstrap --model {model}", told_later=True)

    def _folder(self, model: str, shown: str, weights: str) -> Iterator[Obstacle]:
        folder = self.catalog.project.models / model
        if not folder.is_dir():
            yield Obstacle(f"{shown} isn't here", weights.format(model=model, folder=folder))

    @cached_property
    def _pairs(self) -> dict[str, Installed]:
        return {}
