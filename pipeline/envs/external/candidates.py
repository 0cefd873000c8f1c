"""An environment that isn't ours, looked at: what it is, and whether it can stand for a definition."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from pipeline.digests import tagged_digest
from pipeline.envs.build import Build
from pipeline.envs.definition import Definition
from pipeline.envs.external import identity, inspection
from pipeline.envs.external.environment import Foreign, Unusable, recognise
from pipeline.envs.external.inspection_cache import Note, Notes
from pipeline.envs.variables import OwnVariables, no_variables
from pipeline.envs.verification import accelerator, probes
from pipeline.errors import NotReady
from pipeline.progress import Progress


@dataclass(frozen=True)
class Known:
    foreign: Foreign
    note: Note

    def build(self, name: str) -> Build:
        """As what a stage runs in; it has no record, since it isn't ours."""
        return Build(name, self.foreign.prefix, self.note.key, {}, self.is_conda)

    @property
    def is_conda(self) -> bool:
        return self.foreign.kind == "conda"


def identify(folder: Path, notes: Notes) -> Known:
    """Starts its interpreter only where it isn't as it was when that was done last. Raises ``Unusable``."""
    foreign = recognise(folder)
    note = notes.recall(foreign.prefix)
    if note is None or identity.fingerprint(foreign, note.facts) != note.fingerprint:
        note = _ask(foreign)
        notes.keep(foreign.prefix, note)
    return Known(foreign, note)


def misfit(
    definition: Definition, known: Known, notes: Notes, progress: Progress, own: OwnVariables = no_variables
) -> str | None:
    """Why it can't stand for the definition. Its packages' versions aren't asked for; a proof that held is kept."""
    facts = known.note.facts
    if reason := definition.python_problem(facts.version) or _nothing_provided(definition):
        return reason
    if reason := _wrong_accelerator(definition, facts.folders):
        return reason
    place = probes.Place(
        known.foreign.python, known.foreign.prefix, own(definition, known.foreign.prefix), conda=known.is_conda
    )
    demands = tagged_digest("demands", {**definition.promises(), "variables": dict(place.own)})
    if demands in known.note.proved:
        return None
    progress(f"importing {', '.join(definition.imports) or 'nothing'} in {known.foreign.prefix}")
    if reason := probes.first_problem(definition, place):
        return reason  # not kept: what was wrong may have been mended where no fingerprint shows it
    notes.keep(known.foreign.prefix, known.note.with_proof(demands))
    return None


def _ask(foreign: Foreign) -> Note:
    facts = inspection.inspect(foreign)
    before = identity.fingerprint(foreign, facts)  # first, so that what is installed meanwhile shows as a change
    key = identity.key_of(identity.key_input(foreign, facts))
    return Note(before, facts, key, identity.unrecorded(facts))


def _wrong_accelerator(definition: Definition, folders: Iterable[str]) -> str | None:
    """Only where the definition has variants: without any, it doesn't say what it is for."""
    found = (accelerator.unsuited(accelerator.carried(Path(folder)), definition.variant) for folder in folders)
    return next((f"it {reason}" for reason in found if reason), None)


def _nothing_provided(definition: Definition) -> str | None:
    """The links to such programs would have to be put into it."""
    tools = ", ".join(tool for tool, _ in definition.provides)
    return f"it can't provide {tools} to others, since nothing is written into it" if tools else None


def places(definition: Definition) -> Iterator[Path]:
    """The folders of others that the definition names, the preferred one first."""
    yield from [definition.interpreter] if definition.interpreter else definition.legacy


def checked(definition: Definition, notes: Notes, progress: Progress, own: OwnVariables = no_variables) -> str:
    """What there is to say of an ``interpreter:`` that is used as it is. Raises ``NotReady`` where it can't be."""
    folder = next(places(definition))
    try:
        known = identify(folder, notes)
        reason = misfit(definition, known, notes, progress, own)
    except Unusable as error:
        reason = str(error)
    if reason:
        raise NotReady(
            f"environment '{definition.name}' isn't ready: interpreter {folder}: {reason}", way_out(definition)
        )
    return f"used as it is: {folder}, Python {known.note.facts.version}"


def way_out(definition: Definition) -> str:
    """What helps where an ``interpreter:`` can't be used: nothing that we could do."""
    return f"mend that environment, or name another one in the definition of '{definition.name}'"


def find_again(definition: Definition, place: str, key: str, notes: Notes) -> Build:
    """The environment that a job was prepared for; its path is the definition's, which ``place`` only points into.

    Raises ``Unusable`` where it isn't that one any more.
    """
    folder = next((each for each in places(definition) if str(each) == place), None)
    if folder is None:
        raise Unusable(f"its definition doesn't name {place} any more")
    try:
        known = identify(folder, notes)
    except Unusable as error:
        raise Unusable(f"{place}: {error}") from error
    if known.note.key != key:
        raise Unusable(f"{place} has changed since the job was prepared")
    return known.build(definition.name)
