"""What a job's stages have made so far, looked up by reference."""

from collections.abc import Mapping, Sequence

from pipeline.errors import UsageError
from pipeline.jobs.records import Output, Result
from pipeline.references import part, split


class Results:
    """Results by stage. A fan-out over a list that wasn't known before stands for those of its members, in order."""

    def __init__(self) -> None:
        self._results: dict[str, Result] = {}
        self._members: dict[str, Sequence[str]] = {}
        self._items: dict[str, str] = {}  # by member

    def add(self, stage: str, result: Result) -> None:
        self._results[stage] = result

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

        Raises ``UsageError`` where the list has no item that the reference names.
        """
        stage, output = split(reference)
        found = {name: result.outputs[output] for name, result in self.of(stage).items()}
        if (item := part(reference)) is None:
            return found
        of_item = {name: each for name, each in found.items() if self._items.get(name) == item}
        if not of_item:
            raise UsageError(f"'{stage}' has no item '{item}', which {reference} names", "pipeline job show latest")
        return of_item
