"""What the doctor has found out about environments, models and disks, as plain values."""

from dataclasses import dataclass

from pipeline.envs.verification.accelerator import AcceleratorProblem
from pipeline.envs.verification.file_check import FileCheck


@dataclass(frozen=True)
class EnvironmentFindings:
    """A problem is ``None`` where there is none, and where it can't be checked, for example without a build."""

    name: str
    is_needed: bool = True  # asked for by name, or built before
    definition_problem: tuple[str, str | None] | None = None  # what is wrong with the definition, and the next step
    is_external: bool = False  # an external environment (interpreter:), which is used as it is
    external_problem: tuple[str, str] | None = None  # why it can't be used, and what helps
    place_problem: str | None = None  # something else stands where the name of the build belongs
    is_built: bool = False
    moved_from: str | None = None
    interpreter_problem: str | None = None
    python: str = ""  # the version that it was built on
    definition_change: str | None = None  # how the definition has changed since the build
    is_other_variant: bool = False  # it was built for another accelerator than the definition's
    is_lock_changed: bool = False
    lock_problem: tuple[str, str] | None = None  # why nothing can be built from the lock as it is, and what helps
    read_problem: str | None = None
    check: FileCheck | None = None
    accelerator_problem: AcceleratorProblem | None = None
    probe_problem: str | None = None  # why it fails when it is used
    overlap_problem: tuple[str, str] | None = None  # packages that install the same file, and what helps
    python_problem: tuple[str, str] | None = None  # packages that aren't for its Python, and what helps


@dataclass(frozen=True)
class ModelFindings:
    name: str
    problem: str
    is_missing: bool
    is_lock_broken: bool = False
    is_interrupted: bool = False  # its fetch was, and nothing needs it yet
    needed_by: str = ""  # a job that was prepared with it, where it lies in a person's own folder
    repair: str = ""  # the command that prepares that job again


@dataclass(frozen=True)
class DiskFindings:
    folder: str
    free: int  # bytes


@dataclass(frozen=True)
class Findings:
    environments: tuple[EnvironmentFindings, ...] = ()
    models: tuple[ModelFindings, ...] = ()
    disks: tuple[DiskFindings, ...] = ()
    half_built: tuple[str, ...] = ()  # folders that interrupted builds left, of whichever environment
