"""The live build of an environment, for commands that read its packages."""

from pipeline.cli.context import project
from pipeline.config.catalog import Catalog
from pipeline.environments import registry_of
from pipeline.envs import shared_builds
from pipeline.envs.build import Build
from pipeline.envs.definition import Definition
from pipeline.envs.platform.layout import interpreter
from pipeline.errors import NotReady, UsageError


def live_build(name: str) -> tuple[Definition, Build]:
    """Raises ``ConfigurationError`` where there is no such environment, and ``NotReady`` where it isn't built.

    Raises ``UsageError`` for an external environment, which has no record of its packages.
    """
    catalog = Catalog(project())
    definition = catalog.environment(name)
    if definition.interpreter:
        raise UsageError(
            f"environment '{name}' is an external environment (interpreter:), so its packages aren't known here",
            f"{interpreter(definition.interpreter)} -m pip list",
        )
    build = shared_builds.live(registry_of(catalog.project), definition)
    if build is None:
        raise NotReady(f"environment '{name}' isn't built", f"bootstrap --env {name}")
    return definition, build
