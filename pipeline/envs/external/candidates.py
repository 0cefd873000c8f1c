"""An external environment as a candidate: inspecting it, and whether it fits a definition."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from pipeline.digests import tagged_digest
from pipeline.envs.build import Build
from pipeline.envs.definition import Definition
from pipeline.envs.external import identity, overlaps
from pipeline.envs.external.environment import ExternalEnvironment, Unusable, recognise
from pipeline.envs.external.inspection import ask_interpreter
from pipeline.envs.external.inspection_cache import InspectionCache, InspectionRecord
from pipeline.envs.variables import OwnVariables, no_variables
from pipeline.envs.verification import accelerator, probes
from pipeline.errors import NotReady
from pipeline.progress import Progress

FURTHER_CHECKS = {"overlaps": 1}  # what a proof covers beyond the definition's demands; proofs from before don't count


@dataclass(frozen=True)
class Inspection:
    """An external environment, with what its inspection gave."""

    environment: ExternalEnvironment
    record: InspectionRecord

    def build(self, name: str) -> Build:
        """The environment as a stage runs in it. It has no marker, since we haven't built it."""
        return Build(name, self.environment.prefix, self.record.key, None, self.environment.is_conda)


def inspect(folder: Path, cache: InspectionCache) -> Inspection:
    """Starts the interpreter only where the environment has changed since the last inspection.

    Raises ``Unusable`` where the folder isn't an environment or its interpreter doesn't run.
    """
    environment = recognise(folder)
    record = cache.get(environment.prefix)
    if record is None or identity.fingerprint(environment, record.facts) != record.fingerprint:
        record = _new_record(environment)
        cache.put(environment.prefix, record)
    return Inspection(environment, record)


def external_problem(
    definition: Definition,
    inspection: Inspection,
    cache: InspectionCache,
    progress: Progress,
    own: OwnVariables = no_variables,
) -> str | None:
    """Why an external environment can't be used for a definition; ``None`` where it can.

    The versions of its packages don't matter; its imports are tried, once for the same environment and definition.
    """
    environment, facts = inspection.environment, inspection.record.facts
    if reason := definition.python_problem(facts.version) or _program_problem(definition):
        return reason
    if reason := _accelerator_problem(definition, facts.folders):
        return reason
    variables = own(definition, environment.prefix)
    place = probes.ProbeEnvironment(environment.python, environment.prefix, variables, conda=environment.is_conda)
    criteria = tagged_digest(
        "demands", {**definition.acceptance_criteria(), **FURTHER_CHECKS, "variables": dict(variables)}
    )
    if criteria in inspection.record.proofs:
        return None
    if reason := next(filter(None, (overlaps.problem(Path(each), definition) for each in facts.folders)), None):
        return reason
    progress(f"importing {', '.join(definition.imports) or 'nothing'} in {environment.prefix}")
    if reason := probes.first_problem(definition, place):
        return reason  # not kept: it may be repaired in a way that no fingerprint shows
    cache.put(environment.prefix, inspection.record.with_proof(criteria))
    return None


def _new_record(environment: ExternalEnvironment) -> InspectionRecord:
    facts = ask_interpreter(environment)
    fingerprint = identity.fingerprint(environment, facts)  # first: an installation meanwhile then shows as a change
    key = identity.key_of(identity.key_input(environment, facts))
    return InspectionRecord(fingerprint, facts, key, identity.unrecorded(facts))


def _accelerator_problem(definition: Definition, folders: Iterable[str]) -> str | None:
    """Only where the definition has variants: without any, it doesn't say which accelerator it is for."""
    reasons = (accelerator.mismatch(accelerator.package_facts(Path(each)), definition.variant) for each in folders)
    return next((f"it {reason}" for reason in reasons if reason), None)


def _program_problem(definition: Definition) -> str | None:
    """To provide programs, links to them would have to be put into the environment."""
    tools = ", ".join(tool for tool, _ in definition.provides)
    return f"it can't provide {tools} to others, since nothing is written into it" if tools else None


def external_folders(definition: Definition) -> Iterator[Path]:
    """The external environments that a definition names, the preferred one first."""
    yield from [definition.interpreter] if definition.interpreter else definition.legacy


def check(definition: Definition, cache: InspectionCache, progress: Progress, own: OwnVariables = no_variables) -> str:
    """Check an ``interpreter:``, which is used as it is. Returns a line about it for a person.

    Raises ``NotReady`` where it can't be used.
    """
    folder = next(external_folders(definition))
    try:
        inspection = inspect(folder, cache)
        reason = external_problem(definition, inspection, cache, progress, own)
    except Unusable as error:
        reason = str(error)
    if reason:
        raise NotReady(
            f"environment '{definition.name}' isn't ready: interpreter {folder}: {reason}", next_step(definition)
        )
    return f"used as it is: {folder}, Python {inspection.record.facts.version}"


def next_step(definition: Definition) -> str:
    """What helps where an ``interpreter:`` can't be used: we may not change it."""
    return f"repair that environment, or name another one in the definition of '{definition.name}'"


def find_again(definition: Definition, place: str, key: str, cache: InspectionCache) -> Build:
    """The environment that a job was prepared for. ``place`` is its path as the definition names it.

    Raises ``Unusable`` where the definition doesn't name it any more, or its content has changed.
    """
    folder = next((each for each in external_folders(definition) if str(each) == place), None)
    if folder is None:
        raise Unusable(f"its definition doesn't name {place} any more")
    try:
        inspection = inspect(folder, cache)
    except Unusable as error:
        raise Unusable(f"{place}: {error}") from error
    if inspection.record.key != key:
        raise Unusable(f"{place} has changed since the job was prepared")
    return inspection.build(definition.name)
