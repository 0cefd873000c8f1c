"""Making the ready marker of a build."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pipeline.envs import keys, provided_programs
from pipeline.envs.build import Marker
from pipeline.envs.definition import Definition
from pipeline.envs.keys import KeyInput
from pipeline.envs.lockfiles import requirements
from pipeline.envs.platform.layout import interpreter
from pipeline.envs.verification import health


@dataclass(frozen=True)
class Proof:
    """What the verification of a new build gave."""

    manifest: str  # digest of the list of its files
    corrections: Mapping[str, str | None]  # file to digest (None: missing), where a publisher's RECORD is wrong


def site_packages(prefix: Path) -> Path:
    """The folder of an environment's packages, also where it isn't there yet."""
    return next(prefix.glob("lib/python3*/site-packages"), prefix / "Lib" / "site-packages")


def marker_of(definition: Definition, key_input: KeyInput, prefix: Path, proof: Proof, seconds: float) -> Marker:
    """The marker of the build at ``prefix``. ``seconds``: how long the build took. Raises ``OSError``."""
    packages = site_packages(prefix)
    base = os.stat(interpreter(prefix))
    return Marker(
        name=definition.name,
        key=keys.key_of(key_input),
        key_input=key_input,
        acceptance_criteria=definition.acceptance_criteria(),
        requirements=requirements.digest(definition.requirements),
        prefix=str(prefix),
        interpreter=(base.st_size, base.st_mtime_ns),
        files=health.files(prefix, provided_programs.files(definition, prefix, packages)),
        site_packages=str(packages.relative_to(prefix)),
        fingerprint=health.fingerprint(packages),
        manifest=proof.manifest,
        corrections=proof.corrections,
        seconds=round(seconds, 3),
    )
