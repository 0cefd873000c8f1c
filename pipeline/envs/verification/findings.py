"""What a look at a project's environments, models and disks has shown: plain values, gathered where they arise."""

from dataclasses import dataclass

from pipeline.envs.verification.tiers import Look


@dataclass(frozen=True)
class EnvironmentFindings:
    """``None`` and empty stand for nothing found; what is about a build is so, too, where there is none."""

    name: str
    is_wanted: bool = True  # asked for by name, or built before
    broken: tuple[str, str | None] | None = None  # what is wrong with its definition, and the next step
    is_foreign: bool = False  # an environment of somebody else's, which is used as it is
    unusable: tuple[str, str] | None = None  # why that one can't be, and what helps
    obstacle: str | None = None  # what is in its place
    is_built: bool = False
    moved_from: str | None = None
    interpreter: str | None = None
    python: str = ""  # the version that it was built on
    lock: str = ""  # the name of its lock
    misfit: str | None = None  # how the definition has changed since the build
    variant_changed: bool = False  # what it was built for isn't what the machine has, or what is asked for
    lock_changed: bool = False
    lock_problem: str | None = None  # why nothing can be built from the lock as it stands
    unreadable: str | None = None
    look: Look | None = None
    accelerator: tuple[str, str] | None = None  # why it can't use the machine's, and what helps
    probe: str | None = None  # why it fails when it is used
    half_built: tuple[str, ...] = ()  # folders that an interrupted build left


@dataclass(frozen=True)
class ModelFindings:
    name: str
    damage: str
    is_missing: bool


@dataclass(frozen=True)
class DiskFindings:
    folder: str
    free: int  # bytes


@dataclass(frozen=True)
class Findings:
    environments: tuple[EnvironmentFindings, ...] = ()
    models: tuple[ModelFindings, ...] = ()
    disks: tuple[DiskFindings, ...] = ()
