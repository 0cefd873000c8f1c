"""What a job's stages have made so far, looked up by reference."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING

from pipeline.errors import UsageError
from pipeline.jobs.output_edits import OutputEdit, require_current
from pipeline.jobs.records import Output, Result
from pipeline.references import part, split

if TYPE_CHECKING:
    from pipeline.jobs.directory_entries import DirectoryEntries


class Results:
    """Results by stage. A fan-out over a list that wasn't known before stands for those of its members, in order.

    Where a person has edited an output of the job, the edited one is what everybody gets; the result stays as it is.
    """

    def __init__(self, edits: Mapping[str, OutputEdit] = MappingProxyType({})) -> None:
        """``edits`` by stage."""
        self._edits = edits
        self._results: dict[str, Result] = {}
        self._members: dict[str, Sequence[str]] = {}
        self._items: dict[str, str] = {}  # by member
        self._entries: DirectoryEntries | None = None  # made for the first fan-out over a directory

    def add(self, stage: str, result: Result) -> None:
        """Raises ``EditOutdated`` where the stage's outputs were edited when they were other ones."""
        if edit := self._edits.get(stage):
            require_current(stage, edit, result)
        self._results[stage] = result

    def take_edit(self, stage: str, edit: OutputEdit) -> None:
        """Another edit of the stage's outputs counts from now on."""
        self._edits = {**self._edits, stage: edit}

    def edit(self, stage: str) -> OutputEdit | None:
        """What a person has made of the stage's outputs."""
        return self._edits.get(stage)

    def gather(self, stage: str, members: Sequence[str], items: Sequence[str] = ()) -> None:
        """A fan-out's members, each with its item of the list, in words."""
        self._members[stage] = members
        self._items |= dict(zip(members, items, strict=False))

    def item(self, member: str) -> str | None:
        """What the member of a fan-out over a list was made for; ``None`` of any other stage."""
        return self._items.get(member)

    def of(self, stage: str) -> Mapping[str, Result]:
        """By name: the stage's own result, or those of a fan-out's members."""
        return {name: self._results[name] for name in self._members.get(stage, (stage,))}

    def outputs(self, reference: str) -> Mapping[str, Output]:
        """By the stage that made it: one, or a fan-out's many. Not for ``job.input``. All must be there.

        Of a directory, ``STAGE[NAME].OUTPUT`` is what has this name in it. Raises ``UsageError`` where the list or the
        directory has no item that the reference names, and ``StageError`` where the directory isn't what it was.
        """
        stage, output = split(reference)
        found = {name: self._output(name, result, output) for name, result in self.of(stage).items()}
        if (item := part(reference)) is None:
            return found
        of_item = self._in_directory(stage, found, item) or {
            name: each for name, each in found.items() if self._items.get(name) == item
        }
        if not of_item:
            raise UsageError(f"'{stage}' has no item '{item}', which {reference} names", "pipeline job show latest")
        return of_item

    def _in_directory(self, stage: str, found: Mapping[str, Output], name: str) -> Mapping[str, Output]:
        """What has this name in the directory that a stage has made; nothing where it has made something else."""
        if stage not in found or not found[stage].is_directory:
            return {}
        from pipeline.jobs.directory_entries import DirectoryEntries  # few jobs have a fan-out over a directory

        self._entries = self._entries or DirectoryEntries()
        entry = self._entries.output(found[stage], name)
        return {stage: entry} if entry else {}

    def _output(self, stage: str, result: Result, output: str) -> Output:
        edit = self._edits.get(stage)
        return edit.outputs.get(output, result.outputs[output]) if edit else result.outputs[output]
