"""Shell completion of the names that a project has."""

import click
from click.shell_completion import CompletionItem

from pipeline.cli.context import project_or_none


def workflows(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    from pipeline.config.workflows import names

    here = project_or_none()
    return _matching(names(here) if here else [], incomplete)


def environments(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    from pipeline.config.environments import names

    here = project_or_none()
    return _matching(names(here) if here else [], incomplete)


def stages(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    from pipeline.config.stages import names

    here = project_or_none()
    return _matching(names(here) if here else [], incomplete)


def models(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    from pipeline.config.models import load

    here = project_or_none()
    return _matching(list(load(here)) if here else [], incomplete)


def jobs(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    from pipeline.jobs.store import JobStore

    here = project_or_none()
    return _matching(["latest", *JobStore(here.jobs).ids()] if here else [], incomplete)


def clusters(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    from pipeline.cluster.definitions import cluster_file

    here = project_or_none()
    return _matching(list(cluster_file.load(here)) if here else [], incomplete)


def services(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    import os

    from pipeline.executors import runtime_folder
    from pipeline.services.live_services import all_reports

    return _matching([report.name for _, report in all_reports(runtime_folder.locate(os.environ))], incomplete)


def _matching(names: list[str], incomplete: str) -> list[CompletionItem]:
    return [CompletionItem(name) for name in sorted(names) if name.startswith(incomplete)]
