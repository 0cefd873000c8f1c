"""Fetching packages and models ahead, so that bootstrap needs no network later. Nothing is built."""

from pathlib import Path

from pipeline.bundles.wheels import Wheels
from pipeline.config.catalog import Catalog
from pipeline.environments import ProjectVariables
from pipeline.envs import interpreters, uv
from pipeline.envs.definition import Definition
from pipeline.models.fetcher import fetcher_for
from pipeline.progress import Progress
from pipeline.setup.bootstrap import selected
from pipeline.setup.models import fetch_task
from pipeline.setup.tasks import SetupSelection, SetupTask
from pipeline.text import counted


def tasks(catalog: Catalog, selection: SetupSelection) -> list[SetupTask]:
    """Raises ``ConfigurationError`` for a name that the project doesn't define, before anything is fetched."""
    definitions, models = selected(catalog, selection)
    installer = uv.find()
    wheels = wheels_of(catalog, installer)
    fetcher = fetcher_for(catalog)
    return [_packages(wheels, each) for each in definitions] + [fetch_task(catalog, fetcher, spec) for spec in models]


def wheels_of(catalog: Catalog, installer: Path) -> Wheels:
    return Wheels(
        catalog.project.cache / "wheels", installer, catalog.settings.build_seconds, ProjectVariables(catalog.project)
    )


def _packages(wheels: Wheels, definition: Definition) -> SetupTask:
    def carry_out(progress: Progress) -> str:
        if definition.lock is None:
            return "used as it is"
        progress("choosing Python")
        python = interpreters.find(definition, wheels.uv)
        files = wheels.fetch(definition, python, progress)
        progress("unpacking")
        wheels.warm_cache(definition, python, files)
        return f"{counted(len(files), 'package')} fetched for Python {python.version}"

    return SetupTask(f"environment {definition.name}", carry_out)
