"""``bootstrap --repair``: every byte of each environment is read, and damaged packages are installed again."""

from collections.abc import Sequence

from pipeline.config.catalog import Catalog
from pipeline.environments import builder_for, registry_of
from pipeline.envs.builder.builder import Builder
from pipeline.envs.definition import Definition
from pipeline.envs.registry import Registry
from pipeline.envs.repair.repair import repair
from pipeline.errors import ConfigurationError
from pipeline.progress import Progress
from pipeline.setup.tasks import SetupTask


def tasks(catalog: Catalog, names: Sequence[str], offline: bool = False) -> list[SetupTask]:
    """For the environments of these names, or all that have been built.

    Raises ``ConfigurationError`` for a name that the project doesn't define, and ``NotReady`` where there is no uv.
    """
    registry = registry_of(catalog.project)
    definitions = [catalog.environment(name) for name in names] if names else _built(catalog, registry)
    if not definitions:
        return []
    builder = builder_for(catalog, offline)
    return [_task(builder, definition) for definition in definitions]


def _built(catalog: Catalog, registry: Registry) -> list[Definition]:
    """Those whose name points to a build, whatever its state. One whose definition is broken is left out."""
    definitions = []
    for name in catalog.environment_names:
        if registry.pointer(name).is_symlink():
            try:
                definitions.append(catalog.environment(name))
            except ConfigurationError:
                continue
    return definitions


def _task(builder: Builder, definition: Definition) -> SetupTask:
    def carry_out(progress: Progress) -> str:
        if definition.lock is None:
            return "is an external environment (interpreter:), which is used as it is"
        return repair(builder, definition, progress).summary

    return SetupTask(f"environment {definition.name}", carry_out)
