"""A built environment.

Apart from what one should be: a run uses what is there, and needs no word of the definition.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipeline.envs.platform.layout import interpreter
from pipeline.values import Struct


class Build(Struct, frozen=True):
    """One built environment, at the place where it was built and where it stays."""

    name: str
    prefix: Path
    key: str
    record: Mapping[str, Any]  # the ready marker's content; empty for an environment that isn't ours
    conda: bool = False  # made by conda, which keeps things elsewhere and expects variables of its own

    @property
    def is_ours(self) -> bool:
        """Whether we built it, and may mend, lease and remove it."""
        return bool(self.record)

    @property
    def python(self) -> Path:
        return interpreter(self.prefix, self.conda)

    @property
    def site_packages(self) -> Path:
        """Of a build of ours: nobody else's record says where it is."""
        return self.prefix / str(self.record["site_packages"])

    @property
    def python_version(self) -> str:
        """Of a build of ours, exact."""
        return str(self.record["key_input"]["python"])

    @property
    def provided_tools(self) -> Path:
        """Folder of the programs that this environment provides to others."""
        return self.prefix / "provides"
