"""Where a job's environments come from, as its record says it; and what follows for its results.

What is made with an environment that isn't healthy, or whose content can change unseen, stays in its own job: so do
the results of every stage that builds on such a result. Their stages say ``cache: false`` in the plan.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pipeline.envs.external.inspection_cache import Notes
from pipeline.envs.external.source import FOREIGN, Source
from pipeline.envs.registry import Registry
from pipeline.project import Project
from pipeline.references import JOB_INPUT, split


@dataclass(frozen=True)
class Origin:
    """One environment's line in the record."""

    environment: str
    source: Source = Source.LIVE
    place: str = ""  # of somebody else's
    migration_target: str | None = None  # what it stands in for
    warning: str | None = None

    @property
    def is_foreign(self) -> bool:
        return self.source in FOREIGN


def notes(project: Project) -> Notes:
    return Notes(project.cache / "adopted")


def origin(document: Mapping[str, Any], environment: str) -> Origin:
    """A plan from before there were others than the live build says nothing."""
    said = document.get("environment_sources", {}).get(environment, {})
    source = Source(said.get("source", "live"))
    return Origin(environment, source, said.get("place", ""), said.get("migration_target"), said.get("warning"))


def origins(document: Mapping[str, Any]) -> list[Origin]:
    return [origin(document, name) for name in document["environments"]]


def unshared(document: Mapping[str, Any]) -> dict[str, str]:
    """The stages whose results are nobody else's, each with the reason."""
    warned = {
        each.environment: f"environment {each.environment}: {each.warning}"
        for each in origins(document)
        if each.warning
    }
    apart: dict[str, str] = {}
    for stage in document["stages"] if warned else ():
        environments = [stage["environment"], *document["tools"].get(stage["environment"], {}).values()]
        reason = next((warned[name] for name in environments if name in warned), None)
        before = next((name for name in _sources_of(stage) if name in apart), None)
        if reason or before:
            apart[stage["name"]] = reason or f"it builds on stage '{before}'; {apart[str(before)]}"
    return apart


def told(document: Mapping[str, Any]) -> Iterator[str]:
    """What a person should know of a job's environments, in lines; nothing where each is the live build."""
    for each in origins(document):
        if each.warning:
            yield f"warning: environment {each.environment} is {each.source} {each.warning}"
        elif each.is_foreign:
            yield f"environment {each.environment} is {each.source} {each.place}"
        if each.migration_target:
            yield f"bootstrap --env {each.environment}   builds {each.migration_target}, which later jobs get"


def replaceable(document: Mapping[str, Any], registry: Registry) -> list[str]:
    """The environments that something stood in for when the job was prepared, and that are built by now."""
    return [each.environment for each in origins(document) if each.migration_target and registry.live(each.environment)]


def _sources_of(stage: Mapping[str, Any]) -> list[str]:
    """The stages that it needs or takes something from."""
    references = [each for listed in stage["inputs"].values() for each in listed if each != JOB_INPUT]
    lists = [stage["for_each"]] if "for_each" in stage else []
    return [*stage["needs"], *(split(each)[0] for each in [*references, *lists])]
