"""What an engine lacks on this machine now: its program, its environment, its model."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from pipeline import given
from pipeline.envs.adopting.adoption import Adoption
from pipeline.envs.adopting.decide import Refuse
from pipeline.errors import ConfigurationError
from pipeline.media.engines import Obstacle
from pipeline.media.pairs import Installed, installed
from pipeline.models.shelf import Shelf
from pipeline.spec.catalog import Catalog
from pipeline.spec.engines import EngineSpec


@dataclass(frozen=True)
class Here:
    """This machine and project, as engines need them."""

    catalog: Catalog
    adoption: Adoption

    def lacks(self, engine: EngineSpec, model: str | None, in_folder: bool = False) -> Iterator[Obstacle]:
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
        if model:
            yield from self._lacks_model(engine, model, in_folder)

    def _lacks_model(self, engine: EngineSpec, model: str, in_folder: bool) -> Iterator[Obstacle]:
        folder = self._folder(model)
        if model in self.catalog.models:
            spec = self.catalog.model(model)
            for wanted in engine.files:
                if not spec.files.keys() & set(wanted.split(" | ")):
                    what = f"model '{model}' has no {wanted.replace(' | ', ' or ')}"
                    yield Obstacle(what, "name another model or its folder")
            if reason := Shelf(self.catalog.project.models).damage(model, spec.digest):
                yield Obstacle(f"model '{model}' isn't ready: {reason}", f"bootstrap --model {model}", told_later=True)
        elif in_folder and not folder.is_dir():
            get = engine.weights.format(model=model, folder=folder) or f"put it into {folder}"
            yield Obstacle(f"its model '{model}' isn't here", f"{get}   or --translation-model FOLDER")

    def in_folder(self, engine: EngineSpec, model: str) -> str:
        """A model that the project doesn't define, but that somebody put among its models."""
        folder = self._folder(model)
        if model in self.catalog.models or not folder.is_dir():
            return model
        return given.model(folder, engine.files, self.catalog)

    def _folder(self, model: str) -> Path:
        return self.catalog.project.models / model

    def pairs(self, engine: EngineSpec) -> Installed:
        """Of languages, that are installed for it."""
        if engine.name not in self._pairs:
            self._pairs[engine.name] = installed(engine.pairs_from, engine.pairs_data)
        return self._pairs[engine.name]

    @cached_property
    def _pairs(self) -> dict[str, Installed]:
        return {}
