"""How the packages that clusters need get to where this program runs."""

import shlex
import sys
from importlib import metadata

DISTRIBUTION = "pipeline"


def install_command(extra: str) -> str:
    """For a checkout as for an installed tool. The extra isn't asked for by its name: an index may have another
    project called pipeline.
    """
    words = ["uv", "pip", "install", "--python", sys.executable, *_requirements(extra)]
    return shlex.join(words)


def _requirements(extra: str) -> list[str]:
    found = []
    for line in metadata.requires(DISTRIBUTION) or ():
        requirement, _, marker = line.partition(";")
        if f'"{extra}"' in marker.replace("'", '"'):
            inner = requirement.partition("[")[2].partition("]")[0] if requirement.startswith(DISTRIBUTION) else ""
            found += _requirements(inner) if inner else [requirement.strip()]
    return found
