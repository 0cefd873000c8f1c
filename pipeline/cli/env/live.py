"""The live build of an environment, for commands that look into it."""

from pipeline.cli.context import project
from pipeline.envs.definition import Build, Definition
from pipeline.envs.registry import Registry
from pipeline.errors import NotReady
from pipeline.spec.catalog import Catalog


def live_build(name: str) -> tuple[Definition, Build]:
    """Raises ``ConfigurationError`` where there is no such environment, and ``NotReady`` where it isn't built."""
    catalog = Catalog(project())
    definition = catalog.environment(name)
    build = Registry(catalog.project.environments).live(name)
    if build is None:
        raise NotReady(f"environment '{name}' isn't built", f"bootstrap --env {name}")
    return definition, build
