"""Going down from one way of computing to the next where memory or a device fails, and telling each step."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from recognition.compute import Compute
from recognition.compute_errors import Shortage, first_line, shortage

Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass
class ComputeSteps:
    """The ways that are left, the best first. One that failed is never tried again."""

    ways: Sequence[Compute]
    tell: Callable[[str], None]
    taken: list[str] = field(default_factory=list)  # sentences about the steps down

    @property
    def now(self) -> Compute:
        return self.ways[0]

    def once(self, work: Callable[[Compute], Result]) -> Result:
        """The result of the work, in the first way that doesn't fail. Raises what no other way would mend."""
        while True:
            try:
                return work(self.now)
            except Exception as error:  # of libraries, whose errors have no common root
                self._step_down(error)

    def each(self, items: Sequence[Item], work: Callable[[Compute, Sequence[Item]], Iterable[Result]]) -> list[Result]:
        """A result for each item, in order. ``work`` gives them one by one; those that it gave aren't made again."""
        results: list[Result] = []

        def rest(compute: Compute) -> None:
            results.extend(work(compute, items[len(results) :]))

        self.once(rest)
        return results

    def facts(self, card: str) -> dict[str, Any]:
        """What a person should know of the way that was taken at last. ``card``: the name of the GPU."""
        where = f"GPU: {card}" if self.now.is_gpu else "CPU"
        steps = {"steps_down": self.taken} if self.taken else {}
        return {"device": where, "numbers": self.now.kind, "windows_at_a_time": self.now.windows, **steps}

    def _step_down(self, error: Exception) -> None:
        why = shortage(error, self.now.is_gpu)
        left = [each for each in self.ways[1:] if why is Shortage.MEMORY or not each.is_gpu]
        if why is None or not left:
            raise error
        failed = "GPU" if self.now.is_gpu else "CPU"
        message = f"{failed}: {why.value} ({first_line(error)}); going on with {left[0]}"
        self.ways = left
        self.taken.append(message)
        self.tell(message)
