"""Environments on a node: found or built there, each by one thread at a time, and proved before the first use."""

import threading
import time
from pathlib import Path

from pipeline.cluster.content.errors import ContentUnknown, NoRoom
from pipeline.cluster.content.store import ContentStore
from pipeline.cluster.node.layout import lay_out
from pipeline.cluster.node.node_attempt import NodeAttempt
from pipeline.cluster.node.node_folder import NodeFolder
from pipeline.cluster.wire.attempt_order import EnvironmentRecipe
from pipeline.cluster.wire.ordered_items import OrderedFile
from pipeline.environments import ProjectVariables, own_variables, registry_of
from pipeline.envs import interpreters, keys, uv
from pipeline.envs.build import Build
from pipeline.envs.builder.builder import Builder
from pipeline.envs.builder.installer import PackageSources
from pipeline.envs.definition import Definition
from pipeline.envs.keys import KeyInput
from pipeline.envs.verification import health, probes
from pipeline.envs.verification.probes import ProbeEnvironment
from pipeline.errors import NotReady, PipelineError
from pipeline.files import publish, try_remove_tree
from pipeline.progress import Progress

BUILD_SECONDS = 3600.0
BAN_SECONDS = 60.0  # after which an environment that couldn't be made is tried again


class EnvironmentUnavailable(NotReady):
    """It can't be made on this node; on another one it may be."""


class NodeEnvironments:
    def __init__(self, folder: NodeFolder, store: ContentStore, build_seconds: float = BUILD_SECONDS) -> None:
        self._folder = folder
        self._store = store
        self._build_seconds = build_seconds
        self._registry = registry_of(folder.project)
        self._lock = threading.Lock()
        self._by_key: dict[str, threading.Lock] = {}
        self._bans: dict[str, tuple[float, str]] = {}  # by key: until when, and why
        self._proved: set[Path] = set()

    def ready(self, recipe: EnvironmentRecipe, caller: dict[str, str], attempt: NodeAttempt) -> Build:
        """The build with the recipe's key, whole. ``caller``: this process's variables.

        Raises ``EnvironmentUnavailable``.
        """
        with self._lock:
            lock = self._by_key.setdefault(recipe.key, threading.Lock())
        with lock:  # who waits here gets the same build, or the same reason
            until, reason = self._bans.get(recipe.key, (0.0, ""))
            if time.monotonic() < until:
                raise EnvironmentUnavailable(reason)
            try:
                return self._ready(recipe, caller, attempt.show)
            except (PipelineError, OSError, ValueError) as error:
                words = f"environment '{recipe.name}' can't be had on this node: {error}"
                self._bans[recipe.key] = time.monotonic() + BAN_SECONDS, words
                raise EnvironmentUnavailable(words) from error

    def _ready(self, recipe: EnvironmentRecipe, caller: dict[str, str], progress: Progress) -> Build:
        build = self._registry.with_key(recipe.name, recipe.key)
        if build is not None and build.prefix in self._proved and health.problem(build) is None:
            return build
        definition = self._definition(recipe)
        if build is not None:
            problem = health.problem(build) or self._probe_problem(definition, build)
            if problem is None:
                self._proved.add(build.prefix)
                return build
            progress(f"environment '{recipe.name}' is damaged ({problem}) and is built again")
            self._registry.retire(build.prefix)
        return self._build(recipe, definition, caller, progress)

    def _build(
        self, recipe: EnvironmentRecipe, definition: Definition, caller: dict[str, str], progress: Progress
    ) -> Build:
        """The builder proves it by its imports and its smoke script."""
        builder = self._builder(recipe)
        key_input = keys.key_input(definition, interpreters.find(definition, builder.uv), caller)
        if keys.key_of(key_input) != recipe.key:
            raise NotReady(f"it would be another one than the run's: {_shown(key_input)}")
        progress(f"building environment '{recipe.name}'")
        build = builder.ensure(definition, progress)
        if build.key != recipe.key:
            raise NotReady(f"another one than the run's was built: {_shown(build.own_marker.key_input)}")
        self._proved.add(build.prefix)
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

    def _definition(self, recipe: EnvironmentRecipe) -> Definition:
        """With its files, which lie as they do in a project. Raises ``ContentUnknown``, ``NoRoom`` and ``OSError``."""
        root = self._folder.definitions / recipe.key.removeprefix("sha256:")
        if not root.is_dir():
            self._lay_out(recipe.files, root)
        return Definition(
            name=recipe.name,
            python=recipe.python,
            lock=root / recipe.lock,
            requirements=root / recipe.requirements if recipe.requirements else None,
            variant=recipe.variant,
            index=recipe.index,
            imports=recipe.imports,
            smoke=root / recipe.smoke if recipe.smoke else None,
            variables=recipe.variables,
            provides=recipe.provides,
            tool_variables=recipe.tool_variables,
            preferred=recipe.preferred,
            build_after=recipe.build_after,
        )

    def _lay_out(self, files: tuple[OrderedFile, ...], root: Path) -> None:
        part = root.with_name(f".{root.name}.part")
        try_remove_tree(part)
        part.mkdir(parents=True)
        try:
            for each in files:
                lay_out(each, part, self._store)
        except (ContentUnknown, NoRoom, OSError):
            try_remove_tree(part)
            raise
        publish(part, root)


def _shown(key_input: KeyInput) -> str:
    return f"Python {key_input.python} ({key_input.abi}) on {key_input.platform}, for {key_input.accelerator}"
