"""What stands in a build's ready marker."""

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
    """What was found when an environment was proved."""

    manifest: str  # digest of the list of its files
    otherwise: Mapping[str, str | None]  # files that their publisher made otherwise than its RECORD says; their digests


def site_packages(prefix: Path) -> Path:
    return next(prefix.glob("lib/python3*/site-packages"), prefix / "Lib" / "site-packages")


def record(
    definition: Definition,
    key_input: Mapping[str, Any],
    prefix: Path,
    proof: Proof,
    seconds: float,
) -> dict[str, Any]:
    packages = site_packages(prefix)
    base = os.stat(interpreter(prefix))
    return {
        "schema": 1,
        "name": definition.name,
        "key": keys.key_of(dict(key_input)),
        "key_input": key_input,
        "promises": definition.promises(),
        "requirements": requirements.digest(definition.requirements),
        "prefix": str(prefix),
        "interpreter": [base.st_size, base.st_mtime_ns],
        "files": health.files(prefix, provided_programs.files(definition, prefix, packages)),
        "site_packages": str(packages.relative_to(prefix)),
        "fingerprint": health.fingerprint(packages),
        "manifest": proof.manifest,
        "otherwise": proof.otherwise,
        "seconds": round(seconds, 3),  # that the build took
    }
