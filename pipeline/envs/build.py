"""A built environment, for a run, which needs nothing of the environment's definition."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipeline.envs.platform.layout import interpreter
from pipeline.values import Struct


class Build(Struct, frozen=True):
    """One built environment, in the folder where it was built and where it stays."""

    name: str
    prefix: Path
    key: str
    record: Mapping[str, Any]  # the ready marker's content; empty for an external environment
    conda: bool = False  # made by conda, which has other folders and variables

    @property
    def is_ours(self) -> bool:
        """Whether we built it, and may repair, lease and remove it."""
        return bool(self.record)

    @property
    def python(self) -> Path:
        return interpreter(self.prefix, self.conda)

    @property
    def site_packages(self) -> Path:
        """Only of a build of ours: an external environment has no record that says where it is."""
        return self.prefix / str(self.record["site_packages"])

    @property
    def python_version(self) -> str:
        """The exact version, only of a build of ours."""
        return str(self.record["key_input"]["python"])

    @property
    def provided_tools(self) -> Path:
        """Folder of the programs that this environment provides to others."""
        return self.prefix / "provides"
