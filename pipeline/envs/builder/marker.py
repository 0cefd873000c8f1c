"""The content of a build's ready marker."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.envs import keys, provided_programs
from pipeline.envs.definition import Definition
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


def content(
    definition: Definition,
    key_input: Mapping[str, Any],
    prefix: Path,
    proof: Proof,
    seconds: float,
) -> dict[str, Any]:
    """The marker of the build at ``prefix``, as JSON values. ``seconds``: how long the build took."""
    packages = site_packages(prefix)
    base = os.stat(interpreter(prefix))
    return {
        "schema": 1,
        "name": definition.name,
        "key": keys.key_of(dict(key_input)),
        "key_input": key_input,
        "promises": definition.acceptance_criteria(),
        "requirements": requirements.digest(definition.requirements),
        "prefix": str(prefix),
        "interpreter": [base.st_size, base.st_mtime_ns],
        "files": health.files(prefix, provided_programs.files(definition, prefix, packages)),
        "site_packages": str(packages.relative_to(prefix)),
        "fingerprint": health.fingerprint(packages),
        "manifest": proof.manifest,
        "otherwise": proof.corrections,
        "seconds": round(seconds, 3),
    }
