"""What is taken over from another tool's files, and what is left."""

from pipeline.scaffold.new_files import NewFile
from pipeline.values import Struct


class LeftOut(Struct, frozen=True, order=True):
    """A place that isn't taken over, or that a person has to look at."""

    file: str  # as it is shown
    line: int
    reason: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.reason}"


class AdoptedProject(Struct, frozen=True):
    """The files of a project that are made of another tool's."""

    files: tuple[NewFile, ...]
    left_out: tuple[LeftOut, ...]
    environments_to_lock: tuple[str, ...] = ()  # those that have requirements
    workflow: str = ""  # empty where none could be written

    @property
    def next_commands(self) -> list[str]:
        """From the files to a first result."""
        names = " ".join(self.environments_to_lock)
        lock = [f"pipeline env lock {names}"] if names else []
        run = f"pipeline run {self.workflow} FILE --build"
        return [*lock, run if self.workflow else "pipeline workflow new NAME --stage NAME"]
