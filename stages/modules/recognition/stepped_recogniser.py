"""A Whisper recogniser that goes down to another way of computing where memory or a device fails."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

from recognition.compute import Compute
from recognition.compute_steps import ComputeSteps
from recognition.model_holder import ModelHolder
from recognition.segments import Segment
from recognition.whisper import Recogniser
from recognition.windows import Window

Result = TypeVar("Result")


class SteppedRecogniser:
    """Recognises in the best way that works. What was recognised before a step down isn't recognised again."""

    def __init__(self, models: ModelHolder[Any], steps: ComputeSteps, recogniser: Recogniser) -> None:
        self._models, self._steps, self.recogniser = models, steps, recogniser

    def run(self, work: Callable[[Recogniser], Result]) -> Result:
        """The result of some work with the recogniser, which is done again from its beginning after a step down."""
        return self._steps.once(lambda way: work(self._in(way)))

    def recognise(self, windows: Sequence[Window], careful: bool) -> list[list[Segment]]:
        """As ``Recogniser.recognise``."""

        def rest(way: Compute, left: Sequence[Window]) -> Iterator[list[Segment]]:
            recogniser = self._in(way)
            recogniser.find_language(windows)
            return recogniser.each(left, careful, len(windows))

        return self._steps.each(windows, rest)

    def languages_in(self, windows: Sequence[Window]) -> list[dict[str, float]]:
        """As ``Recogniser.languages_in``."""
        return self.run(lambda recogniser: recogniser.languages_in(windows))

    def in_language(self, language: str, task: str) -> "SteppedRecogniser":
        """The same for another language of the audio. This one lets its model go, so that the memory can be freed."""
        self.recogniser.use(None, 1)
        return SteppedRecogniser(self._models, self._steps, self.recogniser.in_language(language, task))

    def _in(self, way: Compute) -> Recogniser:
        if not self._models.has(way):
            self.recogniser.use(None, way.windows)  # so that the model before can be freed
        self.recogniser.use(self._models.get(way), way.windows)
        return self.recogniser
