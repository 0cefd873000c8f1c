"""What travels to a node: one attempt at one stage, as data. It names no place on the machine of the run. Pure.

Files go by their digests; the node asks for those that it doesn't have.
"""

from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any

from pipeline.cluster.wire.ordered_items import (
    OrderedFile,
    OrderedFolder,
    OrderedItem,
    contents,
    require_path,
    require_safe,
)
from pipeline.policy import Start
from pipeline.run.invocation_file import CommandInvocation
from pipeline.values import Struct, field

SCHEMA = 3


class EnvironmentRecipe(Struct, frozen=True, kw_only=True):
    """An environment that we build: its key, and what it takes to build it where it isn't there."""

    name: str
    key: str
    python: str  # a range
    lock: str = ""  # a path from the project's folder, as those below
    requirements: str = ""
    smoke: str = ""
    files: tuple[OrderedFile, ...] = ()  # these three, and what the requirements include
    packages: tuple[OrderedFile, ...] = ()  # package files that the run has, for nodes without an index
    variant: str = ""
    index: str = ""
    imports: tuple[str, ...] = ()
    variables: tuple[tuple[str, str], ...] = ()
    provides: tuple[tuple[str, str], ...] = ()
    tool_variables: tuple[tuple[str, str], ...] = ()
    preferred: tuple[str, ...] = ()
    build_after: tuple[tuple[str, tuple[str, ...]], ...] = ()
    place: str = ""  # of an external environment, which is found there with this key, and never built


class AttemptId(Struct, frozen=True):
    """Which attempt it is. The number is the fence: of one stage of one run, only the highest counts."""

    run: str  # a name of the job's run that stays when its driver dies and comes back: no other job ever has it
    job: str
    stage: str
    number: int

    @property
    def work(self) -> tuple[str, str, str]:
        """What several attempts are at."""
        return self.run, self.job, self.stage


class AttemptOrder(Struct, frozen=True, kw_only=True):
    """One attempt."""

    schema: int = SCHEMA
    id: AttemptId
    environment: EnvironmentRecipe
    tools: tuple[EnvironmentRecipe, ...] = ()  # environments that have programs which the stage starts
    stage_file: OrderedFile
    source_digest: str  # of the stage file and its modules
    modules: tuple[OrderedItem, ...] = ()
    arguments: dict[str, Any]  # as ``invocation.json`` has them; the stage's key is made of them
    inputs: dict[str, tuple[OrderedItem, ...]] = field(default_factory=dict)
    models: dict[str, OrderedFolder] = field(default_factory=dict)
    cpus: int = 1
    cards: tuple[str, ...] = ()  # the node's GPUs that it is to have, by their identities
    gpu_memory: int | None = None  # bytes of each of them, where it needn't have them whole
    command: CommandInvocation | None = None  # of a command stage; its ``files`` are those below
    command_files: dict[str, OrderedFile] = field(default_factory=dict)  # by the names that its placeholders have
    fresh: bool = False  # what an earlier attempt has made won't do
    start: Start = "cold"
    locale: dict[str, str] = field(default_factory=dict)  # a part of the stage's key: the node's own doesn't count
    variables: dict[str, str] = field(default_factory=dict)  # those that the stage asks for by name
    network: bool = True
    read_only: bool = False
    secrets: tuple[tuple[str, str], ...] = ()
    seconds: float | None = None  # after which it is ended
    predecessors: tuple[AttemptId, ...] = ()  # attempts on that node: when one of them ends, its process begins

    @property
    def recipes(self) -> tuple[EnvironmentRecipe, ...]:
        return self.environment, *self.tools

    def items(self) -> Iterator[OrderedItem]:
        """All that the stage sees."""
        yield self.stage_file
        yield from self.modules
        for items in self.inputs.values():
            yield from items
        yield from self.models.values()
        yield from self.command_files.values()

    def contents(self) -> dict[str, int]:
        """All digests that must be on the node before the stage starts, with their sizes."""
        files = (file for recipe in self.recipes for file in (*recipe.files, *recipe.packages))
        return dict(pair for item in (*files, *self.items()) for pair in contents(item))


def require_safe_order(order: AttemptOrder) -> None:
    """Raises ``ValueError`` for names that lead elsewhere, and for digests and numbers that are none."""
    for slot in (*order.inputs, *order.models, *order.command_files):
        require_path(slot)
    for item in order.items():
        require_safe(item)
    for recipe in order.recipes:
        _require_safe_recipe(recipe)
    if order.id.number < 1 or not order.id.run:
        raise ValueError("an attempt has a run and a number from 1 on")


def _require_safe_recipe(recipe: EnvironmentRecipe) -> None:
    require_path(recipe.key)
    if recipe.place and not PurePosixPath(recipe.place).is_absolute():
        raise ValueError(f"{recipe.place!r} isn't the whole path of an environment")
    if not recipe.place and not recipe.lock:
        raise ValueError(f"environment {recipe.name!r} has neither a lock nor a place")
    for path in (recipe.lock, recipe.requirements, recipe.smoke):
        if path:
            require_path(path, is_path=True)
    for file in recipe.files:
        require_safe(file, is_path=True)
    for package in recipe.packages:
        require_safe(package)
