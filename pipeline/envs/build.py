"""A built environment and its ready marker, for a run, which needs nothing of the environment's definition."""

from collections.abc import Mapping
from pathlib import Path

from pipeline.envs.keys import KeyInput
from pipeline.envs.platform.layout import interpreter
from pipeline.values import Struct, field

SizeAndTime = tuple[int, int]  # bytes, and when it was written in nanoseconds
FileStatus = tuple[int, int, int]  # as above, and the permissions to execute it, as bits of its mode


class Fingerprint(Struct, frozen=True, kw_only=True):
    """What changes in site-packages whenever a package does."""

    folder: int | None = None  # when the folder itself was written, in nanoseconds
    records: Mapping[str, SizeAndTime]  # of each package's RECORD, by its folder, such as numpy-2.4.6.dist-info


class Marker(Struct, frozen=True, kw_only=True):
    """The content of a build's ready marker: what was built, where, and how its files were then.

    Fields with a default aren't in the markers of older builds. Fields that aren't known are ignored.
    """

    schema: int = 1
    name: str  # of the environment that it was made for; other names with the same key may stand for it, too
    key: str  # the digest of ``key_input``
    key_input: KeyInput
    # Compared as a whole with those of a definition, whatever they consist of.
    acceptance_criteria: Mapping[str, object] = field(name="promises")
    requirements: str | None = None  # digest of the lines that the lock was made of; None where they couldn't be read
    prefix: str  # the folder where it was built
    interpreter: SizeAndTime  # of the Python that it was built on
    files: Mapping[str, FileStatus | None]  # beside its packages, by path in the build; None: the file is missing
    site_packages: str  # from the prefix
    fingerprint: Fingerprint
    manifest: str | None = None  # digest of the list of its files
    # File to digest (None: missing), where a publisher's RECORD is wrong.
    corrections: Mapping[str, str | None] = field(name="otherwise", default_factory=dict)
    seconds: float = 0  # how long the build took


class Build(Struct, frozen=True):
    """One built environment, in the folder where it was built and where it stays."""

    name: str
    prefix: Path
    key: str
    marker: Marker | None  # None for an external environment
    conda: bool = False  # made by conda, which has other folders and variables

    @property
    def is_ours(self) -> bool:
        """Whether we built it, and may repair, lease and remove it."""
        return self.marker is not None

    @property
    def own_marker(self) -> Marker:
        """The marker of a build of ours: an external environment has none."""
        assert self.marker is not None, self.prefix
        return self.marker

    @property
    def python(self) -> Path:
        return interpreter(self.prefix, self.conda)

    @property
    def site_packages(self) -> Path:
        """Only of a build of ours: nothing says where an external environment has them."""
        return self.prefix / self.own_marker.site_packages

    @property
    def python_version(self) -> str:
        """The exact version, only of a build of ours."""
        return self.own_marker.key_input.python

    @property
    def provided_tools(self) -> Path:
        """Folder of the programs that this environment provides to others."""
        return self.prefix / "provides"
