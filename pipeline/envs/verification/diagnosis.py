"""From what the doctor has found out to the problems' names and the commands that repair them: a pure function."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from pipeline.envs.package_records import package_of
from pipeline.envs.verification.comparison import DamagedFile
from pipeline.envs.verification.file_check import FileCheck
from pipeline.envs.verification.findings import DiskFindings, EnvironmentFindings, Findings, ModelFindings
from pipeline.sizes import show_size

LOW_DISK = 2 << 30  # bytes; a build with torch takes more than that
NAMED_FILES = 3  # of one package; of further files only the number is shown


class ProblemKind(Enum):
    """The name of a problem; the values stand in ``--json``, too."""

    DEFINITION_BROKEN = "definition broken"  # its file can't be understood
    IN_THE_WAY = "something in its place"  # that bootstrap didn't make
    NEVER_BUILT = "never built"
    UNUSABLE = "can't be used"  # an external environment (interpreter:)
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
    PACKAGES_OVERLAP = "packages overlap"  # several install the same file, and which content it has is chance
    PACKAGE_FOR_OTHER_PYTHON = "package for another Python"
    PACKAGE_DAMAGED = "package damaged"
    LEFTOVERS = "leftovers of an interrupted install"
    FILE_DAMAGED = "file damaged"  # of the environment itself, such as its activation
    FILE_UNEXPECTED = "unexpected file"  # that no package brought; it may hide a package's file
    LIST_LOST = "list of files lost"  # so nothing can be compared with it
    UNREADABLE = "unreadable"
    WRONG_ACCELERATOR = "wrong accelerator"
    FAILS = "fails when used"  # though every file may be as it was
    MODEL_MISSING = "model missing"
    MODEL_ALTERED = "model altered"
    MODEL_LOCK_BROKEN = "model's lock broken"
    FETCH_INTERRUPTED = "fetch interrupted"  # it goes on where it stopped
    DISK_ALMOST_FULL = "disk almost full"


@dataclass(frozen=True)
class ProjectProblem:
    subject: str  # such as "environment whisper"
    kind: ProblemKind
    description: str
    repair: str  # the command, or what to do
    is_grave: bool = True  # something that is used doesn't work, or may not


@dataclass(frozen=True)
class HealthReport:
    problems: tuple[ProjectProblem, ...]

    @property
    def is_healthy(self) -> bool:
        return not any(each.is_grave for each in self.problems)


def diagnose(findings: Findings) -> HealthReport:
    """Environments first, then models, then disks; each in the order in which it was findings."""
    return HealthReport(
        (
            *(problem for each in findings.environments for problem in _of_environment(each)),
            *(_of_half_built(folder) for folder in findings.half_built),
            *(_of_model(each) for each in findings.models),
            *(_of_disk(each) for each in findings.disks if each.free < LOW_DISK),
        )
    )


def _of_half_built(folder: str) -> ProjectProblem:
    """The next build of any environment removes it, too."""
    words = f"an interrupted build left {folder}"
    return ProjectProblem("environments", ProblemKind.HALF_BUILT, words, "pipeline env gc", is_grave=False)


def _of_environment(findings: EnvironmentFindings) -> Iterator[ProjectProblem]:
    """Where one problem is the cause of others, only the cause is given."""
    subject, build = f"environment {findings.name}", f"bootstrap --env {findings.name}"
    if findings.definition_problem:
        message, next_step = findings.definition_problem
        repair = next_step or f"correct config/environments/{findings.name}.yaml"
        yield ProjectProblem(subject, ProblemKind.DEFINITION_BROKEN, message, repair)
    elif findings.external_problem:
        yield ProjectProblem(subject, ProblemKind.UNUSABLE, *findings.external_problem)
    elif findings.place_problem:
        yield ProjectProblem(subject, ProblemKind.IN_THE_WAY, findings.place_problem, "move it away")
    elif not findings.is_built and not findings.is_external:
        yield ProjectProblem(
            subject, ProblemKind.NEVER_BUILT, "there is no finished build of it", build, findings.is_needed
        )
    elif findings.moved_from:
        description = f"it was built as {findings.moved_from}, which its scripts still name"
        yield ProjectProblem(subject, ProblemKind.MOVED, description, build)
    else:
        yield from _of_build(findings, subject, build)


def _of_build(findings: EnvironmentFindings, subject: str, build: str) -> Iterator[ProjectProblem]:
    if findings.definition_change and findings.lock_problem:  # bootstrap would only say the same
        yield ProjectProblem(subject, ProblemKind.LOCK_BROKEN, *findings.lock_problem)
    elif findings.definition_change:
        yield ProjectProblem(subject, _kind_of_change(findings), findings.definition_change, build)
    repair = build if findings.definition_change else f"bootstrap --repair --env {findings.name}"
    if findings.interpreter_problem:
        yield _of_interpreter(findings, findings.interpreter_problem, subject, repair)
    if findings.read_problem:
        yield ProjectProblem(subject, ProblemKind.UNREADABLE, findings.read_problem, repair)
    files = list(_of_files(findings.check, subject, repair)) if findings.check else []
    # Links to an interpreter that is gone are damaged files, too, and say nothing more.
    yield from (each for each in files if not (findings.interpreter_problem and each.kind is ProblemKind.FILE_DAMAGED))
    if findings.overlap_problem:
        yield ProjectProblem(subject, ProblemKind.PACKAGES_OVERLAP, *findings.overlap_problem)
    if findings.python_problem:
        yield ProjectProblem(subject, ProblemKind.PACKAGE_FOR_OTHER_PYTHON, *findings.python_problem)
    if wrong := findings.accelerator_problem:
        yield ProjectProblem(subject, ProblemKind.WRONG_ACCELERATOR, f"it {wrong.reason}", wrong.repair)
    if findings.probe_problem and not (files or findings.interpreter_problem):
        yield ProjectProblem(subject, ProblemKind.FAILS, findings.probe_problem, f"{build} --force")


def _of_interpreter(findings: EnvironmentFindings, problem: str, subject: str, repair: str) -> ProjectProblem:
    if "replaced" not in problem:
        return ProjectProblem(subject, ProblemKind.INTERPRETER_GONE, problem, repair)
    shown = f"{problem} (it was built on {findings.python})"
    return ProjectProblem(subject, ProblemKind.INTERPRETER_REPLACED, shown, repair)


def _kind_of_change(findings: EnvironmentFindings) -> ProblemKind:
    """The variant first: another variant has another lock, too."""
    if findings.is_other_variant:
        return ProblemKind.WRONG_ACCELERATOR
    return ProblemKind.LOCK_CHANGED if findings.is_lock_changed else ProblemKind.DEFINITION_CHANGED


def _of_files(check: FileCheck, subject: str, repair: str) -> Iterator[ProjectProblem]:
    yield from _of_packages(check, subject, repair)
    by_package: dict[str, list[DamagedFile]] = {}
    for each in check.damaged:
        by_package.setdefault(each.package, []).append(each)
    gone = set(map(package_of, check.packages.missing))
    for package, damaged in by_package.items():
        if package not in gone:
            kind = ProblemKind.PACKAGE_DAMAGED if package else ProblemKind.FILE_DAMAGED
            yield ProjectProblem(subject, kind, _first_of([str(each) for each in damaged]), repair)
    if check.strays:
        description = _first_of([f"{file} was added" for file in check.strays])
        yield ProjectProblem(subject, ProblemKind.FILE_UNEXPECTED, description, repair)
    if not check.is_listed:
        description = "the list of its files, with which they are compared, is gone or has changed"
        yield ProjectProblem(subject, ProblemKind.LIST_LOST, description, repair)


def _of_packages(check: FileCheck, subject: str, repair: str) -> Iterator[ProjectProblem]:
    unexpected = {package_of(name): name.rpartition(".")[0] for name in check.packages.unexpected}
    for name in check.packages.missing:
        package, version = package_of(name), name.rpartition(".")[0]
        if package in unexpected:
            description = f"{unexpected.pop(package)} stands where {version} was installed"
            yield ProjectProblem(subject, ProblemKind.PACKAGE_REPLACED, description, repair)
        else:
            yield ProjectProblem(subject, ProblemKind.PACKAGE_MISSING, f"{version} is gone", repair)
    for package in unexpected.values():
        description = f"{package} was added, and its lock doesn't have it"
        yield ProjectProblem(subject, ProblemKind.PACKAGE_UNEXPECTED, description, repair)
    if check.packages.leftovers:
        yield ProjectProblem(subject, ProblemKind.LEFTOVERS, ", ".join(check.packages.leftovers), repair)


def _of_model(findings: ModelFindings) -> ProjectProblem:
    subject = f"model {findings.name}"
    if findings.needed_by:
        job = findings.needed_by
        what = f"{findings.problem}, since {job} was prepared with it"
        repair = f"{findings.repair}\npipeline job cancel {job}   gives that job up"
        return ProjectProblem(subject, ProblemKind.MODEL_ALTERED, what, repair)
    if findings.is_lock_broken:
        repair = f"pipeline model lock {findings.name}"
        return ProjectProblem(subject, ProblemKind.MODEL_LOCK_BROKEN, findings.problem, repair)
    if findings.is_interrupted:
        repair = f"pipeline model fetch {findings.name}"
        return ProjectProblem(subject, ProblemKind.FETCH_INTERRUPTED, findings.problem, repair, is_grave=False)
    kind = ProblemKind.MODEL_MISSING if findings.is_missing else ProblemKind.MODEL_ALTERED
    return ProjectProblem(subject, kind, findings.problem, f"bootstrap --model {findings.name}")


def _of_disk(findings: DiskFindings) -> ProjectProblem:
    description = f"only {show_size(findings.free)} are free for {findings.folder}"
    return ProjectProblem("disk", ProblemKind.DISK_ALMOST_FULL, description, "pipeline cache gc\npipeline env gc")


def _first_of(lines: list[str]) -> str:
    more = len(lines) - NAMED_FILES
    return "\n".join([*lines[:NAMED_FILES], *([f"and {more} more"] if more > 0 else [])])
