"""Environments on a node: found or built there, each by one thread at a time, and proved before the first use."""

import threading
import time
from collections.abc import Mapping
from pathlib import Path

from pipeline.cluster.content.store import ContentStore
from pipeline.cluster.node.environment_preparation import EnvironmentPreparation
from pipeline.cluster.node.layout import lay_out
from pipeline.cluster.node.node_attempt import NodeAttempt
from pipeline.cluster.node.node_folder import NodeFolder
from pipeline.cluster.node.recipe_definition import definition_of
from pipeline.cluster.wire.attempt_order import EnvironmentRecipe
from pipeline.environments import ProjectVariables, own_variables, registry_of
from pipeline.envs import interpreters, keys, uv
from pipeline.envs.build import Build
from pipeline.envs.builder.builder import Builder
from pipeline.envs.builder.installer import PackageSources
from pipeline.envs.definition import Definition
from pipeline.envs.external.candidates import inspect
from pipeline.envs.external.environment import Unusable
from pipeline.envs.external.inspection_cache import InspectionCache
from pipeline.envs.keys import KeyInput
from pipeline.envs.verification import health, probes
from pipeline.envs.verification.probes import ProbeEnvironment
from pipeline.errors import NotReady, PipelineError
from pipeline.progress import Progress
from pipeline.run.failures.escalation import damage_of

BUILD_SECONDS = 3600.0
BAN_SECONDS = 60.0  # after which an environment that couldn't be made is tried again


class EnvironmentUnavailable(NotReady):
    """It can't be made on this node; on another one it may be."""


class NodeEnvironments:
    def __init__(
        self,
        folder: NodeFolder,
        store: ContentStore,
        variables: Mapping[str, str],
        build_seconds: float = BUILD_SECONDS,
    ) -> None:
        """``variables``: of the agent's process."""
        self._folder = folder
        self._store = store
        self._variables = dict(variables)
        self._build_seconds = build_seconds
        self._registry = registry_of(folder.project)
        self._adopted = InspectionCache(folder.project.cache / "adopted")
        self._lock = threading.Lock()  # over the three below
        self._makings: dict[str, EnvironmentPreparation] = {}  # by key
        self._bans: dict[str, tuple[float, str]] = {}  # by key: until when, and why
        self._proved: dict[str, Build] = {}  # by key

    def ready(self, recipe: EnvironmentRecipe, attempt: NodeAttempt) -> Build:
        """The build with the recipe's key, whole. Who waits for the same one gets the same build, or the same reason.

        Raises ``EnvironmentUnavailable``, and ``AttemptStopped`` where the attempt is to end first.
        """
        build = self._proved.get(recipe.key)
        if build is not None and not recipe.place and health.problem(build) is None:
            return build
        try:
            return self._joined(recipe, attempt).wait(attempt)
        except (PipelineError, OSError, ValueError) as error:
            words = f"environment '{recipe.name}' can't be had on this node: {_words(error)}"
            with self._lock:
                self._bans.setdefault(recipe.key, (time.monotonic() + BAN_SECONDS, words))
            raise EnvironmentUnavailable(words) from error

    def damage(self, recipe: EnvironmentRecipe, prefix: Path) -> str:
        """What is wrong with the files of a build that a stage has run in: it is built again before it is used again.

        Empty where nothing is, and for an external environment, which is never changed. Each file is read.
        """
        if recipe.place:
            return ""
        build = self._registry.with_key(recipe.name, recipe.key)
        if build is None or build.prefix != prefix:
            return f"environment '{recipe.name}' was damaged on this node, and is built again"
        damage = damage_of(build)
        if not damage:
            return ""
        self._proved.pop(recipe.key, None)
        self._registry.retire(prefix)
        return f"environment '{recipe.name}' was damaged on this node ({damage[0]}), and is built again"

    def _joined(self, recipe: EnvironmentRecipe, attempt: NodeAttempt) -> EnvironmentPreparation:
        with self._lock:
            until, reason = self._bans.get(recipe.key, (0.0, ""))
            if time.monotonic() < until:
                raise EnvironmentUnavailable(reason)
            self._bans.pop(recipe.key, None)
            making = self._makings.get(recipe.key)
            if making is None or not making.join(attempt):
                making = EnvironmentPreparation(lambda progress: self._ready(recipe, progress), attempt, making)
                self._makings[recipe.key] = making
            return making

    def _ready(self, recipe: EnvironmentRecipe, progress: Progress) -> Build:
        if recipe.place:
            return self._foreign(recipe)
        build = self._registry.with_key(recipe.name, recipe.key)
        definition = definition_of(recipe, self._folder.definitions, self._store)
        if build is None:
            return self._build(recipe, definition, progress)
        problem = health.problem(build) or self._probe_problem(definition, build)
        if problem is None:
            self._proved[recipe.key] = build
            return build
        progress(f"environment '{recipe.name}' is damaged ({problem}) and is built again")
        self._registry.retire(build.prefix)
        return self._build(recipe, definition, progress)

    def _foreign(self, recipe: EnvironmentRecipe) -> Build:
        """An external environment: it is there, and the one that the run knows. Nothing is ever written into it."""
        try:
            inspection = inspect(Path(recipe.place), self._adopted)
        except Unusable as error:
            raise NotReady(f"{recipe.place}: {error}") from error
        if inspection.record.key != recipe.key:
            raise NotReady(f"{recipe.place} isn't on this node what it is where the job was prepared")
        return inspection.build(recipe.name)

    def _build(self, recipe: EnvironmentRecipe, definition: Definition, progress: Progress) -> Build:
        """The builder proves it by its imports and its smoke script."""
        builder = self._builder(recipe)
        key_input = keys.key_input(definition, interpreters.find(definition, builder.uv), self._variables)
        if keys.key_of(key_input) != recipe.key:
            raise NotReady(f"it would be another one than the run's: {_shown(key_input)}")
        progress(f"building environment '{recipe.name}'")
        build = builder.ensure(definition, progress)
        if build.key != recipe.key:
            raise NotReady(f"another one than the run's was built: {_shown(build.own_marker.key_input)}")
        self._proved[recipe.key] = build
        return build

    def _builder(self, recipe: EnvironmentRecipe) -> Builder:
        project = self._folder.project
        wheels = project.cache / "wheels"
        wheels.mkdir(parents=True, exist_ok=True)
        for each in recipe.packages:
            if not (wheels / each.name).exists():
                lay_out(each, wheels, self._store)
        return Builder(
            registry=self._registry,
            uv=uv.find(),
            logs=project.logs / "environments",
            time_limit=self._build_seconds,
            sources=PackageSources(wheels=wheels),
            own=ProjectVariables(project),
        )

    def _probe_problem(self, definition: Definition, build: Build) -> str | None:
        own = own_variables(self._folder.project, definition.variables, build.prefix)
        return probes.first_problem(definition, ProbeEnvironment(build.python, build.prefix, own, is_ours=True))


def _words(error: Exception) -> str:
    return error.message if isinstance(error, PipelineError) else str(error)


def _shown(key_input: KeyInput) -> str:
    return f"Python {key_input.python} ({key_input.abi}) on {key_input.platform}, for {key_input.accelerator}"
