"""From what was found to what it is called and what mends it: a pure function."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from pipeline.envs.package_records import package_of
from pipeline.envs.verification.comparison import DamagedFile
from pipeline.envs.verification.findings import DiskFindings, EnvironmentFindings, Findings, ModelFindings
from pipeline.envs.verification.tiers import Look
from pipeline.sizes import show_size

LOW_DISK = 2 << 30  # bytes; a build with torch takes more than that
NAMED = 3  # files of one package that are named; of more, only their number is told


class Fault(Enum):
    """What a diagnosis is called; the words stand in ``--json``, too."""

    DEFINITION_BROKEN = "definition broken"  # its file can't be understood
    IN_THE_WAY = "something in its place"  # that bootstrap didn't make
    NEVER_BUILT = "never built"
    UNUSABLE = "can't be used"  # an environment that somebody else makes
    HALF_BUILT = "half-built folder"  # nothing uses it; it takes room
    MOVED = "moved"  # its scripts name the old place
    INTERPRETER_GONE = "interpreter gone"
    INTERPRETER_REPLACED = "base Python upgraded underneath"  # its bytecode and compiled parts may not fit
    LOCK_BROKEN = "lock doesn't fit"  # its requirements, or no installer could read it
    LOCK_CHANGED = "lock changed since the build"
    DEFINITION_CHANGED = "definition changed since the build"
    PACKAGE_MISSING = "package missing"
    PACKAGE_REPLACED = "package replaced"  # by another version, past the lock
    PACKAGE_UNEXPECTED = "unexpected package"  # that the lock doesn't have
    PACKAGE_DAMAGED = "package damaged"
    LEFTOVERS = "leftovers of an interrupted install"
    FILE_DAMAGED = "file damaged"  # of the environment itself, such as its activation
    FILE_UNEXPECTED = "unexpected file"  # that no package brought; it may hide one that did
    LIST_LOST = "list of files lost"  # so that nothing can be compared with it
    UNREADABLE = "unreadable"
    WRONG_ACCELERATOR = "wrong accelerator"
    FAILS = "fails when used"  # though every file may be as it was
    MODEL_MISSING = "model missing"
    MODEL_ALTERED = "model altered"
    DISK_ALMOST_FULL = "disk almost full"


@dataclass(frozen=True)
class Diagnosis:
    subject: str  # such as "environment whisper"
    fault: Fault
    what: str
    mend: str  # the command, or what to do
    is_grave: bool = True  # something that is used doesn't work, or may not


@dataclass(frozen=True)
class Report:
    diagnoses: tuple[Diagnosis, ...]

    @property
    def is_healthy(self) -> bool:
        return not any(each.is_grave for each in self.diagnoses)


def diagnose(findings: Findings) -> Report:
    return Report(
        (
            *(found for each in findings.environments for found in _of_environment(each)),
            *(_of_model(each) for each in findings.models),
            *(_of_disk(each) for each in findings.disks if each.free < LOW_DISK),
        )
    )


def _of_environment(found: EnvironmentFindings) -> Iterator[Diagnosis]:
    """In the order in which they explain each other: what follows from a fault isn't told beside it."""
    subject, build = f"environment {found.name}", f"bootstrap --env {found.name}"
    for folder in found.half_built:
        yield Diagnosis(subject, Fault.HALF_BUILT, f"an interrupted build left {folder}", build, is_grave=False)
    if found.broken:
        message, step = found.broken
        yield Diagnosis(
            subject, Fault.DEFINITION_BROKEN, message, step or f"mend config/environments/{found.name}.yaml"
        )
    elif found.unusable:
        yield Diagnosis(subject, Fault.UNUSABLE, *found.unusable)
    elif found.obstacle:
        yield Diagnosis(subject, Fault.IN_THE_WAY, found.obstacle, "move it away")
    elif not found.is_built and not found.is_foreign:
        yield Diagnosis(subject, Fault.NEVER_BUILT, "there is no finished build of it", build, found.is_wanted)
    elif found.moved_from:
        what = f"it was built as {found.moved_from}, which its scripts still name"
        yield Diagnosis(subject, Fault.MOVED, what, build)
    else:
        yield from _of_build(found, subject, build)


def _of_build(found: EnvironmentFindings, subject: str, build: str) -> Iterator[Diagnosis]:
    if found.misfit and found.lock_problem:  # which bootstrap would only repeat
        yield Diagnosis(subject, Fault.LOCK_BROKEN, found.lock_problem, f"pipeline env lock {found.name}")
    elif found.misfit:
        yield Diagnosis(subject, _changed(found), found.misfit, build)
    repair = build if found.misfit else f"bootstrap --repair --env {found.name}"
    if found.interpreter:
        replaced = "replaced" in found.interpreter
        on = f" (it was built on {found.python})" if replaced else ""
        fault = Fault.INTERPRETER_REPLACED if replaced else Fault.INTERPRETER_GONE
        yield Diagnosis(subject, fault, f"{found.interpreter}{on}", repair)
    if found.unreadable:
        yield Diagnosis(subject, Fault.UNREADABLE, found.unreadable, repair)
    files = list(_of_files(found.look, subject, repair)) if found.look else []
    # The links to an interpreter that is gone say nothing more.
    yield from (each for each in files if not (found.interpreter and each.fault is Fault.FILE_DAMAGED))
    if found.accelerator:
        yield Diagnosis(subject, Fault.WRONG_ACCELERATOR, f"it {found.accelerator[0]}", found.accelerator[1])
    if found.probe and not (files or found.interpreter):
        yield Diagnosis(subject, Fault.FAILS, found.probe, f"{build} --force")


def _changed(found: EnvironmentFindings) -> Fault:
    """Another variant has another lock, so that one is told first."""
    if found.variant_changed:
        return Fault.WRONG_ACCELERATOR
    return Fault.LOCK_CHANGED if found.lock_changed else Fault.DEFINITION_CHANGED


def _of_files(look: Look, subject: str, repair: str) -> Iterator[Diagnosis]:
    yield from _of_packages(look, subject, repair)
    by_package: dict[str, list[DamagedFile]] = {}
    for each in look.damaged:
        by_package.setdefault(each.package, []).append(each)
    gone = set(map(package_of, look.packages.missing))
    for package, damaged in by_package.items():
        if package not in gone:
            fault = Fault.PACKAGE_DAMAGED if package else Fault.FILE_DAMAGED
            yield Diagnosis(subject, fault, _first_of([str(each) for each in damaged]), repair)
    if look.strays:
        yield Diagnosis(
            subject, Fault.FILE_UNEXPECTED, _first_of([f"{file} was added" for file in look.strays]), repair
        )
    if not look.is_listed:
        what = "the list of its files, by which they are compared, is gone or has changed"
        yield Diagnosis(subject, Fault.LIST_LOST, what, repair)


def _of_packages(look: Look, subject: str, repair: str) -> Iterator[Diagnosis]:
    there = {package_of(name): name.rpartition(".")[0] for name in look.packages.unexpected}
    for name in look.packages.missing:
        package, version = package_of(name), name.rpartition(".")[0]
        if package in there:
            what = f"{there.pop(package)} stands where {version} was installed"
            yield Diagnosis(subject, Fault.PACKAGE_REPLACED, what, repair)
        else:
            yield Diagnosis(subject, Fault.PACKAGE_MISSING, f"{version} is gone", repair)
    for package in there.values():
        yield Diagnosis(subject, Fault.PACKAGE_UNEXPECTED, f"{package} was added, and its lock doesn't have it", repair)
    if look.packages.leftovers:
        yield Diagnosis(subject, Fault.LEFTOVERS, ", ".join(look.packages.leftovers), repair)


def _of_model(found: ModelFindings) -> Diagnosis:
    fault = Fault.MODEL_MISSING if found.is_missing else Fault.MODEL_ALTERED
    return Diagnosis(f"model {found.name}", fault, found.damage, f"bootstrap --model {found.name}")


def _of_disk(found: DiskFindings) -> Diagnosis:
    what = f"{show_size(found.free)} are left for {found.folder}"
    return Diagnosis("disk", Fault.DISK_ALMOST_FULL, what, "pipeline cache gc   or: pipeline env gc")


def _first_of(lines: list[str]) -> str:
    more = len(lines) - NAMED
    return "\n".join([*lines[:NAMED], *([f"and {more} more"] if more > 0 else [])])
