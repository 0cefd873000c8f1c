"""The fetcher of a project: its installer, and the hub's client in the environment ``model-hub``."""

from pathlib import Path

from pipeline.config.catalog import Catalog
from pipeline.environments import builder_for
from pipeline.models.hub.client import HubClient
from pipeline.models.sources import Fetcher
from pipeline.progress import Progress

ENVIRONMENT = "model-hub"


def fetcher_for(catalog: Catalog, offline: bool = False) -> Fetcher:
    """Raises ``NotReady`` where there is no uv."""
    builder = builder_for(catalog, offline)

    def python(progress: Progress) -> Path:
        """Of the environment, which is built where it isn't there. Raises ``NotReady`` and ``ConfigurationError``."""
        definition = catalog.environment(ENVIRONMENT)
        return builder.ensure(definition, lambda step: progress(f"environment {ENVIRONMENT}: {step}")).python

    return Fetcher(builder.uv, HubClient(python), offline)
